//! `lost-websocket-headers`: one `proxy_set_header` in a location drops all inherited ones.

use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::lint::edit::insert_after;
use crate::lint::{Category, Rule};
use crate::model::{Intent, Model, Proxied, ScopeId};
use crate::syntax::Directive;

use super::{in_own_file, lost_lines};

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
        let Some((owner, lost)) = lost_lines(model, proxied) else { continue };
        let ends = proxied.headers.first().zip(proxied.headers.last());
        let Some((culprit, end)) = ends.filter(|_| !proxied.is_uncertain(model)) else { continue };
        let mut names: Vec<_> = lost.iter().filter_map(|line| line.arg(0)).collect();
        names.dedup();
        let message =
            format!("`{}` loses the inherited {}", proxied.title(model), names.join(" and "));
        let mut finding = RULE
            .with(severity(model, proxied, owner), culprit.place(), message)
            .here("this line drops every inherited proxy_set_header");
        for line in &lost {
            finding = finding.also(line.place(), "lost: set here, not sent from there");
        }
        let copies: String = lost
            .iter()
            .map(|line| insert_after(*end, line.source.slice(line.span())).text)
            .collect();
        let place = insert_after(*end, "").place;
        report.push(
            finding
                .evidence(proxied.evidence(model))
                .help("proxy_set_header lines are inherited all together or not at all: repeat the lost ones here")
                .fix(in_own_file(
                    model,
                    proxied,
                    *end,
                    Fix::safe("repeat the lost lines here", vec![Edit { place, text: copies }]),
                )),
        );
    }
}

/// An error where a loss cannot be meant: the location is for sockets, or repeats one of
/// the inherited lines, or the lines reach no location at all. Else it may be a reset, as
/// it is in an internal location that answers `auth_request`.
fn severity(model: &Model<'_>, proxied: &Proxied<'_>, owner: ScopeId) -> Severity {
    if proxied.intent == Intent::None && model.scope(proxied.scope).last("internal").is_some() {
        return Severity::Info;
    }
    let repeats = model.scope(owner).all("proxy_set_header").iter().any(|line| {
        let same = |own: &Directive<'_>| own.arg_values().eq(line.arg_values());
        proxied.headers.iter().any(same)
    });
    let reaches_none = model.users_of_headers(owner).next().is_none();
    if proxied.intent != Intent::None || repeats || reaches_none {
        Severity::Error
    } else {
        Severity::Info
    }
}
