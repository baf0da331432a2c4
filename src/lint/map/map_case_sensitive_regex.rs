//! `map-case-sensitive-regex`: `Upgrade: WebSocket` is a handshake too.

use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::lint::edit::replace;
use crate::lint::{Category, Rule};
use crate::model::{Key, Map, Model, Probe, Proxied, UpgradeTest, Value, has_upgrade_token};
use crate::source::Span;
use crate::syntax::Directive;

use super::named_map;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "map-case-sensitive-regex",
    category: Category::Map,
    severity: Severity::Warning,
    summary: "a map or an if takes Upgrade: websocket for a handshake and Upgrade: WebSocket for none",
    docs: include_str!("../../../docs/rules/map-case-sensitive-regex.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        for line in proxied.lines("Connection").chain(proxied.lines("Upgrade")) {
            let map = line.arg(1).and_then(|value| named_map(model, &value));
            if let Some(map) = map.filter(|map| minds_case(model, proxied, map)) {
                entry(model, map, line, report);
            }
        }
    }
    for id in model.scope_ids() {
        let blocks = model.scope(id).lines().iter().filter(|line| line.block.is_some());
        let ifs = blocks.filter_map(|line| UpgradeTest::read(line.directive));
        let minding: Vec<_> =
            ifs.filter(|it| it.holds("websocket") != it.holds("WebSocket")).collect();
        // Where another one takes the other letter case, nothing is missing.
        if minding.iter().any(|it| it.holds("websocket") != minding[0].holds("websocket")) {
            continue;
        }
        for it in &minding {
            condition(it, report);
        }
    }
}

/// True if a map tells the handshake from one in other letter case.
fn minds_case<'p>(model: &Model<'p>, proxied: &Proxied<'p>, map: &Map<'p>) -> bool {
    let variable = format!("${}", map.variable);
    let lets = |probe| match model.evaluate(&variable, proxied.scope, probe) {
        Value::Known(value) => {
            Some(has_upgrade_token(&value) || value.eq_ignore_ascii_case("websocket"))
        }
        Value::Unknown => None,
    };
    lets(&Probe::HANDSHAKE) == Some(true) && lets(&Probe::MIXED_CASE) == Some(false)
}

fn entry<'p>(model: &Model<'p>, map: &Map<'p>, line: Directive<'p>, report: &mut Vec<Diagnostic>) {
    let Some(found) = model.find_entry(map, "websocket").flatten() else { return };
    let Key::Regex(regex) = &found.key else { return };
    let word = found.directive.words()[0];
    let inner = word.inner();
    let tilde = found.directive.source.place(Span::new(inner.start, inner.start + 1));
    let edit = Edit { place: tilde, text: "~*".to_owned() };
    let header = line.arg(0).unwrap_or_default();
    report.push(
        RULE.at(
            found.directive.place(),
            format!("${} is not for `Upgrade: WebSocket`", map.variable),
        )
        .here("`~` minds letter case, and the names of protocols have none")
        .also(line.place(), format!("so such a handshake gets another {header} here"))
        .help(format!(
            "write `~*{regex}`, or the key `websocket` without `~`: it fits in any letter case"
        ))
        .fix(Fix::safe("take any letter case", vec![edit])),
    );
}

fn condition(it: &UpgradeTest<'_>, report: &mut Vec<Diagnostic>) {
    let not = if it.operator.value(it.line.source).starts_with('!') { "!" } else { "" };
    let operator = replace(it.line, it.operator, format!("{not}~*"));
    let is_name = it.text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let title = "take any letter case";
    let fix = match it.regex {
        Some(_) => Some(Fix::safe(title, vec![operator])),
        // An expression forgets what the one before it captured.
        None => is_name.then(|| {
            let place = it.line.source.place(it.value);
            let text = Edit { place, text: format!("^{}$", it.text) };
            Fix::risky(title, vec![operator, text])
        }),
    };
    report.push(
        RULE.at(it.line.place(), "this `if` tells `Upgrade: websocket` from `Upgrade: WebSocket`")
            .here("`=` and `~` mind letter case, and the names of protocols have none")
            .help(format!("write `if ($http_upgrade {not}~* ^websocket$)`"))
            .fix(fix),
    );
}
