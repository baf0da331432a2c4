//! `intercepted-handshake-errors`: an error page hides why a handshake fails.

use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::{Category, Rule};
use crate::model::Model;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "intercepted-handshake-errors",
    category: Category::Robustness,
    severity: Severity::Info,
    summary: "an error page takes the place of what the backend says of a failed handshake",
    docs: include_str!("../../../docs/rules/intercepted-handshake-errors.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    const OF_HANDSHAKES: [&str; 5] = ["400", "401", "403", "404", "426"];
    for proxied in model.proxied() {
        let Some(intercept) = model.effective_one(proxied.scope, "proxy_intercept_errors") else {
            continue;
        };
        if intercept.arg(0).is_none_or(|value| value != "on") || !proxied.is_active(model) {
            continue;
        }
        let Some((_, pages)) = model.effective(proxied.scope, "error_page") else { continue };
        let hides = |page: &&crate::syntax::Directive<'_>| {
            page.arg_values().any(|status| OF_HANDSHAKES.contains(&&*status))
        };
        let Some(page) = pages.iter().find(hides) else { continue };
        let message = format!("an error page answers handshakes in `{}`", proxied.title(model));
        report.push(
            RULE.at(page.place(), message)
                .here("this hides what the backend says of a failed handshake")
                .also(intercept.place(), "because of this")
                .help("add `proxy_intercept_errors off;` to the location of the sockets"),
        );
    }
}
