//! `map-empty-regex`: an expression for an empty value, which expressions never see.

use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::replace;
use crate::lint::{Category, Rule};
use crate::model::{Key, Model};

use super::is_for_empty;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "map-empty-regex",
    category: Category::Map,
    severity: Severity::Warning,
    summary: "a map has an entry ~^$, which never matches: an empty value is not held against expressions",
    docs: include_str!("../../../docs/rules/map-empty-regex.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for map in model.all_maps().filter(|map| !map.is_partial) {
        let is_empty = Key::Exact(String::new());
        let empty = map.entries.iter().find(|entry| entry.key == is_empty);
        for entry in map.entries.iter().filter(|entry| is_for_empty(&entry.key)) {
            let instead = empty.or_else(|| map.default_entry());
            let value = instead.map_or("", |entry| entry.value.as_str());
            if value == entry.value {
                continue;
            }
            let word = entry.directive.words()[0];
            let fix = empty.is_none().then(|| {
                Fix::safe(
                    "write the key for an empty value",
                    vec![replace(entry.directive, word, "''")],
                )
            });
            let message = format!("an entry of ${} that nothing comes to", map.variable);
            let mut finding = RULE
                .at(entry.directive.place(), message)
                .here("nginx holds no empty value against an expression");
            if let Some(instead) = instead {
                finding = finding.also(instead.directive.place(), "an empty value comes to this");
            }
            report.push(finding.help("write the key `''`: it is for an empty value").fix(fix));
        }
    }
}
