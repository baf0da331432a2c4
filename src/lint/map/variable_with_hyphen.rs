//! `variable-with-hyphen`: the name of a variable ends before a hyphen.

use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::lint::edit::replace;
use crate::lint::{Category, Rule};
use crate::model::{Map, Model};
use crate::syntax::Directive;
use crate::syntax::value::{Part, template};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "variable-with-hyphen",
    category: Category::Map,
    severity: Severity::Error,
    summary: "$connection-upgrade is the variable $connection and the text -upgrade",
    docs: include_str!("../../../docs/rules/variable-with-hyphen.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for id in model.scope_ids() {
        for &line in model.scope(id).all("proxy_set_header") {
            let value = line.arg(1).unwrap_or_default().into_owned();
            let parts = template(&value).unwrap_or_default();
            for pair in parts.windows(2) {
                let [Part::Variable(name), Part::Text(text)] = pair else { continue };
                if let Some(tail) = tail(text)
                    && value
                        .to_ascii_lowercase()
                        .contains(&format!("${name}{tail}").to_ascii_lowercase())
                {
                    finding(model, line, name, tail, report);
                }
            }
        }
    }
}

/// What looks like the rest of a name: a hyphen, letters, and so on.
fn tail(text: &str) -> Option<&str> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let end = text.find(|c| !is_of_name(c)).unwrap_or(text.len());
    let tail = text[..end].trim_end_matches('-');
    let begins = tail.strip_prefix('-')?.starts_with(|c: char| c.is_ascii_alphabetic());
    begins.then_some(tail)
}

fn finding(
    model: &Model<'_>,
    line: Directive<'_>,
    name: &str,
    tail: &str,
    report: &mut Vec<Diagnostic>,
) {
    let written = format!("{name}{tail}");
    let meant = written.replace('-', "_");
    let map = model.map(&written);
    let header = line.arg(0).unwrap_or_default();
    let is_handshake = ["upgrade", "connection"].iter().any(|it| header.eq_ignore_ascii_case(it));
    let is_defined = !model.is_undefined(&meant);
    if map.is_none()
        && !(is_handshake && (is_defined || tail.to_ascii_lowercase().contains("upgrade")))
    {
        return;
    }
    let mut finding = RULE
        .at(line.place(), format!("${written} is the variable ${name} and the text {tail}"))
        .here(format!("{header} gets the value of ${name} with {tail} behind it"))
        .help(format!("a name has letters, digits and `_`: write `${meant}`"));
    if let Some(map) = map {
        finding = finding.also(map.directive.place(), "no value can name this variable");
    }
    report.push(finding.fix(fix(line, &written, &meant, map, is_defined)));
}

/// Writes the name with `_`, in the map too if that has the hyphen.
fn fix(
    line: Directive<'_>,
    written: &str,
    meant: &str,
    map: Option<&Map<'_>>,
    is_defined: bool,
) -> Option<Fix> {
    let renamed = |line: Directive<'_>, index: usize| -> Option<Edit> {
        let word = *line.args().get(index)?;
        let text = line.source.slice(word.span);
        let at = text.to_ascii_lowercase().find(&written.to_ascii_lowercase())?;
        let text = format!("{}{meant}{}", &text[..at], &text[at + written.len()..]);
        Some(replace(line, word, text))
    };
    let mut edits = vec![renamed(line, 1)?];
    match map {
        Some(map) if !is_defined => edits.push(renamed(map.directive, 1)?),
        _ if is_defined => {}
        _ => return None,
    }
    Some(Fix::safe("write the name with _", edits))
}
