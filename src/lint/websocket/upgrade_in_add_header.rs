//! `upgrade-in-add-header`: handshake headers in directives about responses.

use crate::catalog::Context;
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix, Severity};
use crate::lint::edit::{remove, replace};
use crate::lint::{Category, Rule};
use crate::model::{Model, Proxied, ScopeId};
use crate::source::Span;
use crate::syntax::Directive;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "upgrade-in-add-header",
    category: Category::Websocket,
    severity: Severity::Error,
    summary: "Upgrade or Connection is set on responses (add_header, proxy_pass_header) instead of requests",
    docs: include_str!("../../../docs/rules/upgrade-in-add-header.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for id in model.scope_ids() {
        let scope = model.scope(id);
        let lines: Vec<_> = ["add_header", "proxy_pass_header"]
            .iter()
            .flat_map(|name| scope.all(name))
            .filter(|line| line.arg(0).is_some_and(|name| is_handshake_header(&name)))
            .filter(|line| !unhides(model, id, **line))
            .collect();
        if lines.is_empty() {
            continue;
        }
        let Some(proxied) = model.first_proxied_in(id) else { continue };
        for line in lines {
            finding(model, *line, proxied, id, report);
        }
    }
}

/// True for a `proxy_pass_header` that undoes a `proxy_hide_header` of the same header.
fn unhides(model: &Model<'_>, scope: ScopeId, line: Directive<'_>) -> bool {
    let same = |hidden: &Directive<'_>| {
        hidden.arg(0).zip(line.arg(0)).is_some_and(|(a, b)| a.eq_ignore_ascii_case(&b))
    };
    let mut hides = model.ancestors(scope).flat_map(|id| model.scope(id).all("proxy_hide_header"));
    line.is("proxy_pass_header") && hides.any(same)
}

fn is_handshake_header(name: &str) -> bool {
    name.eq_ignore_ascii_case("upgrade") || name.eq_ignore_ascii_case("connection")
}

fn finding(
    model: &Model<'_>,
    line: Directive<'_>,
    proxied: &Proxied<'_>,
    scope: ScopeId,
    report: &mut Vec<Diagnostic>,
) {
    let header = line.arg(0).unwrap_or_default();
    let name = line.name();
    let message = format!("{name} {header} sets nothing that the backend sees");
    let here = if name == "add_header" {
        "add_header is about the response to the client"
    } else {
        "proxy_pass_header is about the response of the backend"
    };
    report.push(
        RULE.at(line.place(), message)
            .here(here)
            .also(proxied.pass.place(), format!("the request that goes out here has no {header} from it"))
            .evidence(proxied.evidence(model))
            .help(format!(
                "use `proxy_set_header {header}`; nginx itself writes the {header} header of a 101 response"
            ))
            .fix(fix(model, line, proxied, scope).map(|fix| {
                // The last add_header of a block keeps the inherited ones away.
                let applicability =
                    if frees_inherited(model, scope) { Applicability::Unsafe } else { fix.applicability };
                Fix { applicability, ..fix }
            })),
    );
}

/// True if the block has no other `add_header`, and one around it has some.
fn frees_inherited(model: &Model<'_>, scope: ScopeId) -> bool {
    let is_other =
        |line: &Directive<'_>| !line.arg(0).is_some_and(|name| is_handshake_header(&name));
    let parent = model.scope(scope).parent;
    !model.scope(scope).all("add_header").iter().any(is_other)
        && parent.and_then(|parent| model.effective(parent, "add_header")).is_some()
}

/// Turns the line into the request header that was meant, unless that is set already.
fn fix(
    model: &Model<'_>,
    line: Directive<'_>,
    proxied: &Proxied<'_>,
    scope: ScopeId,
) -> Option<Fix> {
    let header = line.arg(0)?;
    if proxied.lines(&header).next().is_some() || !line.is("add_header") {
        return Some(Fix::safe("remove the line", vec![remove(line)]));
    }
    // An `if` takes no proxy_set_header, and one here would drop inherited lines.
    let takes_it = model.scope(scope).context != Context::IfInLocation;
    if !takes_it || proxied.headers_scope.is_some_and(|owner| owner != scope) {
        return None;
    }
    let mut edits = vec![replace(line, line.words()[0], "proxy_set_header")];
    if let [_, value, always] = line.args() {
        let gap = Span::new(value.span.end, always.span.end);
        edits.push(Edit { place: line.source.place(gap), text: String::new() });
    }
    Some(Fix::safe("set the request header instead", edits))
}
