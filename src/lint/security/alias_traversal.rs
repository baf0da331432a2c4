//! `alias-traversal`: a location without a slash at its end lets paths out of its `alias`.

use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::replace;
use crate::lint::{Category, Rule};
use crate::model::{Found, Model, ScopeId};
use crate::syntax::Directive;
use crate::syntax::value::MatchKind;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "alias-traversal",
    category: Category::Security,
    severity: Severity::Error,
    summary: "a location without a slash at its end serves files outside of its alias",
    docs: include_str!("../../../docs/rules/alias-traversal.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for id in model.scope_ids() {
        let scope = model.scope(id);
        let Some((alias, opener)) = scope.last("alias").zip(scope.opener) else { continue };
        let Some(location) = scope.location() else { continue };
        let Some(folder) = alias.arg(0).filter(|folder| folder.ends_with('/') && *folder != "/")
        else {
            continue;
        };
        let is_prefix = matches!(location.kind, MatchKind::Prefix | MatchKind::PrefixNoRegex);
        if !is_prefix || location.pattern.ends_with('/') || answers_otherwise(model, id) {
            continue;
        }
        let path = format!("{}../", location.pattern);
        let Some(server) = model.server_of(id) else { continue };
        if !matches!(model.find_location(server, &path), Found::Location(found) if found == id) {
            continue;
        }
        let word = opener.args().last().copied();
        let slashed = format!("{}/", location.pattern);
        let is_free = model.find_location(server, &slashed) == Found::Location(id);
        let fix = word.filter(|word| is_free && !word.is_quoted()).map(|word| {
            let text = format!("{}/", opener.source.slice(word.inner()));
            Fix::risky("end the location with a slash", vec![replace(opener, word, text)])
        });
        report.push(
            RULE.at(
                opener.place(),
                format!("`{}` serves files outside of {folder}", model.title(id)),
            )
            .here(format!("`GET {path}x` is for it too"))
            .also(alias.place(), format!("and its file is {folder}../x"))
            .help(format!("end the location with a slash as the alias does: `{slashed}`"))
            .fix(fix),
        );
    }
}

/// True if no client gets a file from there.
fn answers_otherwise(model: &Model<'_>, id: ScopeId) -> bool {
    let scope = model.scope(id);
    let is_closed = |line: &Directive<'_>| line.arg(0).is_some_and(|it| it == "all");
    scope.last("return").is_some()
        || scope.last("internal").is_some()
        || scope.last("proxy_pass").is_some()
        || scope.all("deny").iter().any(is_closed) && scope.last("allow").is_none()
}
