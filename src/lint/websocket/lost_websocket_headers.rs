//! `lost-websocket-headers`: one `proxy_set_header` in a location drops all inherited ones.

use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::lint::edit::insert_after;
use crate::lint::{Category, Rule};
use crate::model::{Intent, Model, Proxied};
use crate::syntax::Directive;

use super::lost_lines;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "lost-websocket-headers",
    category: Category::Websocket,
    severity: Severity::Error,
    summary: "a location's own proxy_set_header drops the inherited Upgrade and Connection lines",
    docs: include_str!("../../../docs/rules/lost-websocket-headers.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let lost = lost_lines(model, proxied);
        let Some((culprit, last)) = proxied.headers.first().zip(proxied.headers.last()) else {
            continue;
        };
        if lost.is_empty() || proxied.is_uncertain(model) {
            continue;
        }
        let mut names: Vec<_> = lost.iter().filter_map(|line| line.arg(0)).collect();
        names.dedup();
        let message =
            format!("`{}` loses the inherited {}", proxied.title(model), names.join(" and "));
        let mut finding = RULE
            .with(severity(model, proxied, &lost), culprit.place(), message)
            .here("this line drops every inherited proxy_set_header");
        for line in &lost {
            finding = finding.also(line.place(), "lost: set here, not sent from there");
        }
        let copies: String = lost
            .iter()
            .map(|line| insert_after(*last, line.source.slice(line.span())).text)
            .collect();
        let place = insert_after(*last, "").place;
        report.push(
            finding
                .help("proxy_set_header lines are inherited all together or not at all: repeat the lost ones here")
                .fix(Fix::safe("repeat the lost lines here", vec![Edit { place, text: copies }])),
        );
    }
}

/// An error where a loss cannot be meant: the location is for sockets, or repeats one of
/// the inherited lines, or the lines reach no location at all. Else it may be a reset, as
/// it is in an internal location that answers `auth_request`.
fn severity(model: &Model<'_>, proxied: &Proxied<'_>, lost: &[Directive<'_>]) -> Severity {
    if proxied.intent == Intent::None && model.scope(proxied.scope).last("internal").is_some() {
        return Severity::Info;
    }
    let owner = model.scope_ids().find(|&id| {
        let lines = model.scope(id).all("proxy_set_header");
        lines.iter().any(|line| line.place() == lost[0].place())
    });
    let outer = owner.map_or(&[][..], |owner| model.scope(owner).all("proxy_set_header"));
    let repeats = outer.iter().any(|line| {
        let same = |own: &Directive<'_>| own.arg_values().eq(line.arg_values());
        proxied.headers.iter().any(same)
    });
    let reaches_none = !model.proxied().iter().any(|other| other.headers_scope == owner);
    if proxied.intent != Intent::None || repeats || reaches_none {
        Severity::Error
    } else {
        Severity::Info
    }
}
