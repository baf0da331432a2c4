//! `slash-redirect`: a handshake without the slash at the end of a location is redirected.

use std::collections::HashMap;

use crate::diagnostic::{Diagnostic, Evidence, Severity};
use crate::lint::{Category, Rule};
use crate::model::{Found, Model, Proxied, ScopeId};
use crate::syntax::Directive;
use crate::syntax::regex::Regex;
use crate::syntax::value::MatchKind;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "slash-redirect",
    category: Category::Websocket,
    severity: Severity::Warning,
    summary: "handshakes to the location's path without its last slash get a redirect",
    docs: include_str!("../../../docs/rules/slash-redirect.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    let mut levels = HashMap::new();
    for proxied in model.proxied() {
        let Some(location) = &proxied.location else { continue };
        let Some(path) = location.pattern.strip_suffix('/').filter(|path| !path.is_empty()) else {
            continue;
        };
        let own = proxied.settings_scope(model);
        let Some(server) = model.server_of(own) else { continue };
        if !proxied.is_active(model) || model.find_location(server, path) != Found::Redirect(own) {
            continue;
        }
        let Some(level) = model.scope(own).parent else { continue };
        let expressions = levels.entry(level).or_insert_with(|| expressions(model, level));
        let takes = |regex: &Regex, path: &str| regex.is_match(path.as_bytes()) == Some(true);
        // One that takes other paths too is not for this one.
        let in_vain = expressions
            .iter()
            .find(|(regex, _)| takes(regex, path) && !takes(regex, "/") && !takes(regex, "/x"));
        if in_vain.is_none() && !is_endpoint(proxied) {
            continue;
        }
        let severity = if in_vain.is_some() { Severity::Warning } else { Severity::Info };
        let message = format!("a handshake to {path} is redirected to {path}/");
        let mut finding = RULE
            .with(severity, proxied.head(model).place(), message)
            .here(format!("no WebSocket client follows the 301 for {path}"));
        if let Some((_, regex)) = in_vain {
            finding = finding.also(
                regex.place(),
                format!("this never gets {path}: the redirect goes before expressions"),
            );
        }
        report.push(finding.evidence(Evidence::NoHandshake).help(format!(
            "if clients use {path}, add `location = {path}` with the same content, or name this one `{path}`"
        )));
    }
}

/// The expressions of the locations of a level.
fn expressions<'p>(model: &Model<'p>, level: ScopeId) -> Vec<(Regex, Directive<'p>)> {
    let expression = |id| {
        let scope = model.scope(id);
        let location = scope.location()?;
        let caseless = match location.kind {
            MatchKind::Regex => false,
            MatchKind::RegexCaseless => true,
            _ => return None,
        };
        Some((Regex::new(&location.pattern, caseless).ok()?, scope.opener?))
    };
    model.locations_in(level).filter_map(expression).collect()
}

/// True if a path names one place to connect to, and not a folder of them.
fn is_endpoint(proxied: &Proxied<'_>) -> bool {
    let location = proxied.location.as_ref();
    let pattern = location.map_or("", |location| location.pattern.trim_end_matches('/'));
    let last = pattern.rsplit('/').next().unwrap_or_default();
    matches!(last, "ws" | "wss" | "websocket")
}
