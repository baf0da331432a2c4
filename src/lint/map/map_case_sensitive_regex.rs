//! `map-case-sensitive-regex`: `Upgrade: WebSocket` is a handshake too.

use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::lint::edit::replace;
use crate::lint::{Category, Rule};
use crate::model::{Key, Map, Model, Probe, Proxied, Value, has_upgrade_token};
use crate::source::Span;
use crate::syntax::regex::Regex;
use crate::syntax::{Directive, Word};

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
        let ifs = blocks.filter_map(|line| Condition::read(line.directive));
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

fn condition(it: &Condition<'_>, report: &mut Vec<Diagnostic>) {
    let text = &it.text;
    let not = if it.operator.value(it.line.source).starts_with('!') { "!" } else { "" };
    let is_name = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let (new, pattern) = match it.regex {
        Some(_) => (format!("{not}~*"), None),
        None => (format!("{not}~*"), Some(format!("^{text}$"))),
    };
    let mut edits = vec![replace(it.line, it.operator, new)];
    edits.extend(pattern.map(|text| Edit { place: it.line.source.place(it.value), text }));
    let fix = (it.regex.is_some() || is_name).then(|| Fix::safe("take any letter case", edits));
    report.push(
        RULE.at(it.line.place(), "this `if` tells `Upgrade: websocket` from `Upgrade: WebSocket`")
            .here("`=` and `~` mind letter case, and the names of protocols have none")
            .help(format!("write `if ($http_upgrade {not}~* ^websocket$)`"))
            .fix(fix),
    );
}

/// `if ($http_upgrade … text)`
struct Condition<'p> {
    line: Directive<'p>,
    operator: Word,
    /// Where the text is.
    value: Span,
    text: String,
    /// The text as an expression, behind `~`.
    regex: Option<Regex>,
}

impl<'p> Condition<'p> {
    fn read(line: Directive<'p>) -> Option<Self> {
        let words = line.args();
        let text = |word: &Word| word.value(line.source).into_owned();
        let words = if words.first().map(text)? == "(" { &words[1..] } else { words };
        let [name, operator, value, ..] = words else { return None };
        let name = text(name);
        let is_it = name.trim_start_matches('(').eq_ignore_ascii_case("$http_upgrade");
        if !line.is("if") || !is_it {
            return None;
        }
        let mut span = value.span;
        let mut value = text(value);
        if words.len() == 3 {
            value = value.strip_suffix(')')?.to_owned();
            span = Span::new(span.start, span.end - 1);
        }
        let regex = match &*text(operator) {
            "~" | "!~" => Some(Regex::new(&value, false).ok()?),
            "=" | "!=" if !value.contains('$') => None,
            _ => return None,
        };
        Some(Self { line, operator: *operator, value: span, text: value, regex })
    }

    /// True if the text is that of a request, whatever follows from it; false if nobody knows.
    fn holds(&self, upgrade: &str) -> bool {
        match &self.regex {
            Some(regex) => regex.is_match(upgrade.as_bytes()).unwrap_or(false),
            None => self.text == upgrade,
        }
    }
}
