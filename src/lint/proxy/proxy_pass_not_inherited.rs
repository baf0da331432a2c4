//! `proxy-pass-not-inherited`: settings of a proxy without a proxy.

use crate::catalog::Context;
use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::insert_before;
use crate::lint::{Category, Rule};
use crate::model::{Model, Proxied, ScopeId};
use crate::syntax::Directive;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "proxy-pass-not-inherited",
    category: Category::Proxy,
    severity: Severity::Error,
    summary: "a location in a proxied one has settings of a proxy, but no proxy_pass",
    docs: include_str!("../../../docs/rules/proxy-pass-not-inherited.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for id in model.scope_ids() {
        let scope = model.scope(id);
        let (Context::Location, Some(opener), Some(parent)) =
            (scope.context, scope.opener, scope.parent)
        else {
            continue;
        };
        let Ok(outer) = model.proxied().binary_search_by_key(&parent, |proxied| proxied.scope)
        else {
            continue;
        };
        let outer = &model.proxied()[outer];
        let Some(first) = only_proxy_settings(model, id) else { continue };
        let title = model.title(id);
        let message = format!("`{title}` passes nothing on: it looks for files");
        report.push(
            RULE.at(opener.place(), message)
                .here("no proxy_pass here")
                .also(outer.pass.place(), "a location inside does not inherit this")
                .help("repeat the proxy_pass in the inner location")
                .fix(fix(model, outer, first)),
        );
    }
}

/// The first of the directives of a location, if all are about a proxy that it does not have.
fn only_proxy_settings<'p>(model: &Model<'p>, id: ScopeId) -> Option<Directive<'p>> {
    const OTHERS: [&str; 14] = [
        "include",
        "add_header",
        "access_log",
        "error_log",
        "client_max_body_size",
        "client_body_buffer_size",
        "client_body_timeout",
        "send_timeout",
        "keepalive_timeout",
        "tcp_nodelay",
        "gzip",
        "limit_req",
        "limit_conn",
        "limit_rate",
    ];
    let scope = model.scope(id);
    let fits = |line: Directive<'_>| {
        let name = line.name();
        name.starts_with("proxy_") && name != "proxy_pass" || OTHERS.contains(&&*name)
    };
    let all_fit = scope.lines().iter().all(|line| line.block.is_none() && fits(line.directive));
    let falls_back = model.effective(id, "error_page").is_some();
    let mut settings = scope.directives().filter(|line| line.name().starts_with("proxy_"));
    let first = settings.next()?;
    (all_fit && !falls_back && !scope.has_unknown_include).then_some(first)
}

/// A URI would have to be another one for the inner path.
fn fix(model: &Model<'_>, outer: &Proxied<'_>, first: Directive<'_>) -> Option<Fix> {
    let urls = model.pass_urls(outer);
    let has_no_uri = !urls.is_empty() && urls.iter().all(|url| url.uri.is_empty());
    let line = outer.pass.source.slice(outer.pass.span());
    has_no_uri.then(|| Fix::safe("repeat the proxy_pass", vec![insert_before(first, line)]))
}
