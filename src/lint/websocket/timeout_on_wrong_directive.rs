//! `timeout-on-wrong-directive`: a long timeout, but not the one that ends silent sockets.

use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::insert_after;
use crate::lint::{Category, Rule};
use crate::model::Model;

use super::raised_timeout;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "timeout-on-wrong-directive",
    category: Category::Websocket,
    severity: Severity::Warning,
    summary: "a long timeout is set, but not proxy_read_timeout, which ends silent sockets",
    docs: include_str!("../../../docs/rules/timeout-on-wrong-directive.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let Some(line) = raised_timeout(model, proxied) else { continue };
        let Some(time) = line.args().first().map(|word| line.source.slice(word.span)) else {
            continue;
        };
        let name = line.name();
        let message =
            format!("{name} {time} does not keep sockets open in `{}`", proxied.title(model));
        let seconds = proxied.read_timeout(model).0.unwrap_or_default().div_ceil(1000);
        // Where nginx has a line for it already, a second one is an error.
        let location = model.scope(proxied.settings_scope(model));
        let fix = location.last("proxy_read_timeout").is_none().then(|| {
            let edit = insert_after(line, &format!("proxy_read_timeout {time};"));
            Fix::risky("allow that silence with proxy_read_timeout", vec![edit])
        });
        let mut finding =
            RULE.at(line.place(), message).here("this is not about sockets on which nobody speaks");
        if let Some(read) = proxied.read_timeout(model).1 {
            finding = finding.also(read.place(), "this is");
        }
        report.push(
            finding
                .evidence(proxied.evidence(model))
                .help(format!(
                    "set `proxy_read_timeout {time};`: nginx closes a socket after {seconds} s without a message in either direction"
                ))
                .fix(fix),
        );
    }
}
