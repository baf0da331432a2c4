//! `lost-add-header`: one `add_header` in a block drops all inherited ones.

use crate::catalog::Version;
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::lint::edit::{insert_after, is_included};
use crate::lint::{Category, Rule};
use crate::model::{Model, Scope, ScopeId};
use crate::syntax::Directive;
use crate::syntax::regex::Regex;
use crate::syntax::value::MatchKind;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "lost-add-header",
    category: Category::Security,
    severity: Severity::Warning,
    summary: "a block's own add_header drops inherited headers that protect browsers",
    docs: include_str!("../../../docs/rules/lost-add-header.md"),
    check,
};

/// Headers that protect browsers.
const PROTECTS: [&str; 8] = [
    "Strict-Transport-Security",
    "Content-Security-Policy",
    "X-Frame-Options",
    "X-Content-Type-Options",
    "Referrer-Policy",
    "Permissions-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Embedder-Policy",
];

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for id in model.scope_ids() {
        let own = model.scope(id).all("add_header");
        let Some((culprit, last)) = own.first().zip(own.last()) else { continue };
        let lost = lost(model, id, own);
        if lost.is_empty() || is_meant(model, id) || model.has_unknown_settings(id) {
            continue;
        }
        let names: Vec<_> = lost.iter().filter_map(|line| line.arg(0)).collect();
        let title = model.title(id);
        let mut finding = RULE
            .with(
                severity(model.scope(id), &lost),
                culprit.place(),
                format!("`{title}` loses the inherited {}", names.join(", ")),
            )
            .here("this line drops every inherited add_header");
        for line in &lost {
            finding = finding.also(line.place(), "lost: set here, not sent from there");
        }
        let copies: String = lost
            .iter()
            .map(|line| insert_after(*last, line.source.slice(line.span())).text)
            .collect();
        let place = insert_after(*last, "").place;
        let fix = Fix::risky("repeat the lost lines here", vec![Edit { place, text: copies }]);
        let fix = Some(fix).filter(|_| !is_included(model.scope(id), *last));
        let help = if model.target.versions.precede(Version::ADD_HEADER_INHERIT) {
            "add_header lines are inherited all together or not at all: repeat the lost ones here"
        } else {
            "add_header lines are inherited all together or not at all: repeat the lost ones here, or set `add_header_inherit merge;`"
        };
        report.push(finding.help(help).fix(fix));
    }
}

/// The inherited lines that protect browsers and that a scope's own lines drop.
fn lost<'p>(model: &Model<'p>, id: ScopeId, own: &[Directive<'p>]) -> Vec<Directive<'p>> {
    let Some(setting) = model.setting(id, "add_header") else { return Vec::new() };
    let protects = |name: &str| PROTECTS.iter().any(|known| known.eq_ignore_ascii_case(name));
    let is_lost = |line: &Directive<'p>| {
        let name = line.arg(0).unwrap_or_default();
        let is_it =
            |other: &Directive<'p>| other.arg(0).is_some_and(|it| it.eq_ignore_ascii_case(&name));
        protects(&name)
            && line.arg(1).is_some_and(|value| !value.is_empty())
            && !own.iter().any(is_it)
    };
    setting.replaced.into_iter().map(|(_, line)| line).filter(is_lost).collect()
}

/// True if nobody looks at the answer with a browser, or the loss is asked for.
fn is_meant(model: &Model<'_>, id: ScopeId) -> bool {
    let scope = model.scope(id);
    let is_off = model.text_of(id, "add_header_inherit").is_some_and(|value| value == "off");
    is_off || scope.last("return").is_some() || scope.last("stub_status").is_some()
}

/// Advice where little is lost: files that are no pages, answers to monitoring, and
/// `Strict-Transport-Security` alone, which browsers remember from any answer of the site.
fn severity(scope: &Scope<'_>, lost: &[Directive<'_>]) -> Severity {
    const FOLDERS: [&str; 11] = [
        "static", "assets", "dist", "images", "img", "css", "js", "fonts", "media", "_next",
        "build",
    ];
    const MONITORING: [&str; 5] = ["health", "healthz", "ping", "status", "metrics"];
    let Some(location) = scope.location() else { return Severity::Warning };
    let pattern = location.pattern.as_str();
    let words = || pattern.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let is_known = words().any(|word| FOLDERS.contains(&word) || MONITORING.contains(&word));
    let is_of_files = match location.kind {
        MatchKind::Regex => is_of_files(pattern, false),
        MatchKind::RegexCaseless => is_of_files(pattern, true),
        MatchKind::Exact => {
            pattern.rsplit_once('.').is_some_and(|(_, kind)| !kind.starts_with("htm"))
        }
        _ => false,
    };
    let is_remembered = pattern != "/"
        && lost.iter().all(|line| {
            line.arg(0).is_some_and(|name| name.eq_ignore_ascii_case("Strict-Transport-Security"))
        });
    let is_little = is_known || is_of_files || is_remembered;
    if is_little { Severity::Info } else { Severity::Warning }
}

/// True if an expression asks for the end of a file's name, and takes no page.
fn is_of_files(pattern: &str, caseless: bool) -> bool {
    const PAGES: [&str; 6] = ["/", "/page", "/page/", "/index.html", "/index.htm", "/index.php"];
    let Ok(regex) = Regex::new(pattern, caseless) else { return false };
    pattern.contains("\\.")
        && PAGES.iter().all(|path| regex.is_match(path.as_bytes()) == Some(false))
}
