//! `map-defined-twice`: of two maps of one variable, nginx takes the last without a word.

use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::remove;
use crate::lint::{Category, Rule};
use crate::model::{Entry, Map, Model};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "map-defined-twice",
    category: Category::Map,
    severity: Severity::Warning,
    summary: "two maps define one variable, and the last counts for the whole configuration",
    docs: include_str!("../../../docs/rules/map-defined-twice.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for (map, last) in model.replaced_maps() {
        // A second `http {}` is no second map, and a file that is included twice is one.
        if map.level != last.level || map.directive.place() == last.directive.place() {
            continue;
        }
        let are_same = say_the_same(map, last) && !map.is_partial && !last.is_partial;
        let severity = if are_same { Severity::Info } else { Severity::Warning };
        let fix = are_same
            .then(|| Fix::safe("remove the map without effect", vec![remove(map.directive)]));
        report.push(
            RULE.with(
                severity,
                map.directive.place(),
                format!("this map of ${} is without effect", map.variable),
            )
            .here("it never counts, not even for what stands above the other one")
            .also(last.directive.place(), "this one counts everywhere")
            .help("keep one of the maps, or give one of them another name")
            .fix(fix),
        );
    }
}

fn say_the_same(map: &Map<'_>, other: &Map<'_>) -> bool {
    let said = |entry: &Entry<'_>| (entry.directive.name().into_owned(), entry.value.clone());
    // An include in one of them has its entries in the same list.
    let entries = |map: &Map<'_>| map.entries.iter().map(said).collect::<Vec<_>>();
    let words =
        |map: &Map<'_>| map.directive.directives().filter(|it| it.args().is_empty()).count();
    map.source == other.source && entries(map) == entries(other) && words(map) == words(other)
}
