//! `map-close-defeats-keepalive`: `'' close` closes the connections that an upstream keeps.

use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::replace;
use crate::lint::{Category, Rule};
use crate::model::{Model, Probe, Value};
use crate::syntax::value::MatchKind;

use super::connection_maps;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "map-close-defeats-keepalive",
    category: Category::Map,
    severity: Severity::Warning,
    summary: "the map behind Connection says close for plain requests to an upstream that keeps connections alive",
    docs: include_str!("../../../docs/rules/map-close-defeats-keepalive.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let Some(upstream) = proxied.upstream(model).filter(|upstream| model.keeps_alive(upstream))
        else {
            continue;
        };
        let is_exact =
            proxied.location.as_ref().is_some_and(|location| location.kind == MatchKind::Exact);
        if is_exact || proxied.http_version(model).0 != "1.1" {
            continue;
        }
        for (map, line) in connection_maps(model, proxied) {
            let variable = format!("${}", map.variable);
            let value = model.evaluate(&variable, proxied.scope, &Probe::PLAIN);
            if !matches!(value, Value::Known(value) if value.eq_ignore_ascii_case("close")) {
                continue;
            }
            let Some(entry) = model.find_entry(map, "").flatten() else {
                continue;
            };
            report.push(
                RULE.at(
                    entry.directive.place(),
                    format!("{variable} closes connections that the upstream keeps alive"),
                )
                .here("plain requests get `Connection: close`")
                .also(upstream.directive.place(), "this upstream keeps idle connections")
                .also(line.place(), "it counts here")
                .help("write `'' '';`: nginx then sends no Connection header with plain requests")
                .fix(Fix::risky(
                    "send no Connection header with plain requests",
                    vec![replace(entry.directive, entry.value_word(), "''")],
                )),
            );
        }
    }
}
