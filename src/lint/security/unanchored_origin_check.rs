//! `unanchored-origin-check`: an expression for the own site's `Origin` takes other sites too.

use std::collections::HashSet;

use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::{Category, Rule};
use crate::model::{Comparison, Fate, Model, Proxied};
use crate::syntax::Directive;
use crate::syntax::regex::Regex;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "unanchored-origin-check",
    category: Category::Security,
    severity: Severity::Warning,
    summary: "a check of Origin lets sites in whose names only contain the right one",
    docs: include_str!("../../../docs/rules/unanchored-origin-check.md"),
    check,
};

/// A site that no check should let in.
const STRANGER: &str = "https://attacker.example";

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    let comparisons = model.comparisons("http_origin");
    let foreign: Vec<(&Comparison<'_>, Vec<String>)> =
        comparisons.iter().map(|it| (it, foreign(it))).filter(|(_, all)| !all.is_empty()).collect();
    if foreign.is_empty() {
        return;
    }
    let checks = model.deciding_by("http_origin");
    let is_checked = |proxied: &&Proxied<'_>| {
        model.ancestors(proxied.scope).any(|id| checks.contains(&id)) && proxied.is_active(model)
    };
    let guarded: Vec<_> = model
        .proxied()
        .iter()
        .filter(is_checked)
        .filter(|proxied| model.fate_of_origin(proxied, STRANGER) == Fate::Refused)
        .collect();
    for (comparison, origins) in foreign {
        if let Some(origin) = origins.first().filter(|_| shares_answers(model, comparison)) {
            let message = format!("scripts of pages from {origin} may read answers");
            finding(comparison, origin, message, report);
            continue;
        }
        let passes = |proxied: &&&Proxied<'_>| {
            origins.iter().any(|origin| model.fate_of_origin(proxied, origin) == Fate::Passed)
        };
        let Some(proxied) = guarded.iter().find(passes) else { continue };
        let origin = origins.iter().find(|it| model.fate_of_origin(proxied, it) == Fate::Passed);
        let origin = origin.unwrap_or(&origins[0]);
        let message =
            format!("`{}` lets handshakes of pages from {origin} in", proxied.title(model));
        finding(comparison, origin, message, report);
    }
}

fn finding(
    comparison: &Comparison<'_>,
    origin: &str,
    message: String,
    report: &mut Vec<Diagnostic>,
) {
    report.push(
        RULE.at(comparison.directive.place(), message)
            .here(format!("this matches {origin}"))
            .help("compare the whole Origin, with a backslash before each dot, as in `~^https://app\\.example\\.com(:[0-9]+)?$`"),
    );
}

/// True if what matches gets its own Origin back as one that may read the answer.
fn shares_answers(model: &Model<'_>, comparison: &Comparison<'_>) -> bool {
    let allows = |line: &Directive<'_>, by: &HashSet<String>| {
        let is_it = |name: &str| name.eq_ignore_ascii_case("Access-Control-Allow-Origin");
        let names =
            |value: &str| by.iter().any(|name| value.eq_ignore_ascii_case(&format!("${name}")));
        line.arg(0).is_some_and(|name| is_it(&name))
            && line.arg(1).is_some_and(|value| names(&value))
    };
    if let Some(inside) = comparison.inside {
        let origin = HashSet::from(["http_origin".to_owned()]);
        return model.scope(inside).all("add_header").iter().any(|line| allows(line, &origin));
    }
    let Some((variable, value)) = &comparison.gives else { return false };
    if !value.eq_ignore_ascii_case("$http_origin") {
        return false;
    }
    let by = HashSet::from([variable.clone()]);
    let mut scopes = model.scope_ids().map(|id| model.scope(id));
    scopes.any(|scope| scope.all("add_header").iter().any(|line| allows(line, &by)))
}

/// Origins of other sites that an expression matches which seems to be for one site.
fn foreign(comparison: &Comparison<'_>) -> Vec<String> {
    let Ok(regex) = Regex::new(&comparison.pattern, comparison.is_caseless) else {
        return Vec::new();
    };
    let matches = |origin: &str| regex.is_match(origin.as_bytes()) == Some(true);
    // What takes all sites does so on purpose.
    if matches(STRANGER) {
        return Vec::new();
    }
    let (hosts, words) = names(&comparison.pattern);
    let mut before = vec![String::new()];
    before.extend(words.iter().take(20).map(|word| format!("{word}.")));
    let mut found = Vec::new();
    for host in hosts.iter().take(20) {
        let mut others = vec![format!("{host}.attacker.example")];
        let dots: Vec<_> = host.match_indices('.').map(|(at, _)| at).collect();
        match dots[..] {
            [_] => {
                others.push(format!("attacker-{host}"));
                // An expression may have words and a dot without a backslash before the name.
                others.extend(words.iter().take(20).map(|word| format!("{word}x{host}")));
            }
            // A name of its own: `wwwxexample.com` for `www.example.com`.
            [.., at, _] => others.push(format!("{}x{}", &host[..at], &host[at + 1..])),
            [] => {}
        }
        let origins = before.iter().flat_map(|before| {
            let of = move |other: &String| {
                ["https", "http"].map(|scheme| format!("{scheme}://{before}{other}"))
            };
            others.iter().flat_map(of).collect::<Vec<_>>()
        });
        found.extend(origins.filter(|origin| matches(origin)));
    }
    found
}

/// The names of hosts in an expression, and the words in it that may stand before them.
fn names(pattern: &str) -> (Vec<String>, Vec<String>) {
    let (mut hosts, mut words) = (Vec::new(), Vec::new());
    let plain = pattern.replace("\\.", ".").replace("\\-", "-").replace("\\/", "/");
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    for run in plain.split(|c: char| !is_of_name(c)) {
        let name = run.trim_matches(['.', '-']).to_ascii_lowercase();
        let last = name.rsplit('.').next().unwrap_or_default();
        let is_host = name.contains('.')
            && !name.contains("..")
            && last.len() > 1
            && last.bytes().all(|byte| byte.is_ascii_lowercase());
        if is_host || name == "localhost" {
            hosts.push(name);
        } else if !name.is_empty() && !name.contains('.') && !name.starts_with("http") {
            words.push(name);
        }
    }
    (hosts, words)
}
