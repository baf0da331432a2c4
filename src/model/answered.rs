//! What answers before the content handler of a place has its turn.

use crate::catalog::Context;
use crate::syntax::Directive;
use crate::syntax::regex::Regex;
use crate::syntax::value::MatchKind;

use super::{Model, ScopeId};

/// How a rewrite program ends for every request that comes to a place.
enum End<'p> {
    /// With an answer.
    Answer(Directive<'p>),
    /// It may end without one.
    Open,
}

impl<'p> Model<'p> {
    /// The `return`, or the `rewrite` with a redirect, that answers each request before
    /// `scope` does: in the server, in the location, or in the `if` itself.
    pub fn answered_before(&self, scope: ScopeId) -> Option<Directive<'p>> {
        let chain: Vec<ScopeId> = self.ancestors(scope).collect();
        let of = |context| chain.iter().copied().find(|&id| self.scope(id).context == context);
        let location = of(Context::Location)?;
        let matched = self.scope(location).location();
        let path = matched.as_ref().filter(|it| {
            matches!(it.kind, MatchKind::Exact | MatchKind::Prefix | MatchKind::PrefixNoRegex)
        });
        let path = path.map(|it| it.pattern.as_str());
        // What is sent to a named location has left the server's program behind.
        let is_named = matched.as_ref().is_some_and(|it| it.kind == MatchKind::Named);
        let server = of(Context::Server).filter(|_| !is_named);
        let programs = server.into_iter().chain([location]);
        for program in programs {
            if let Some(End::Answer(line)) = self.end_of(program, &chain, path) {
                return Some(line);
            }
        }
        None
    }

    /// The `limit_except` of a location that lets nobody use this method.
    pub fn refused_method(&self, scope: ScopeId, method: &str) -> Option<Directive<'p>> {
        let location =
            self.ancestors(scope).find(|&id| self.scope(id).context == Context::Location)?;
        let mut lines = self.scope(location).lines().iter();
        let limit = lines.find(|line| line.directive.is("limit_except"))?;
        let (directive, block) = (limit.directive, limit.block?);
        let is_free = directive.arg_values().any(|it| it.eq_ignore_ascii_case(method));
        let rules = self.scope(block).all_of(&["allow", "deny"]);
        let denies = rules
            .first()
            .is_some_and(|rule| rule.is("deny") && rule.arg(0).is_some_and(|from| from == "all"));
        let any = self.text_of(block, "satisfy").is_some_and(|satisfy| satisfy == "any");
        (!is_free && denies && !any).then_some(directive)
    }

    fn end_of(&self, program: ScopeId, chain: &[ScopeId], path: Option<&str>) -> Option<End<'p>> {
        let in_server = self.scope(program).context == Context::Server;
        let answers = |&id: &ScopeId| {
            let scope = self.scope(id);
            scope.last("return").is_some() || scope.last("rewrite").is_some()
        };
        if !answers(&program) && (in_server || !chain.iter().any(answers)) {
            return None;
        }
        for line in self.scope(program).lines() {
            let directive = line.directive;
            match (&*directive.name(), line.block) {
                ("return", None) => return Some(End::Answer(directive)),
                ("break", None) => return Some(End::Open),
                ("rewrite", None) if redirects(directive) && takes_all(directive, path) => {
                    return Some(End::Answer(directive));
                }
                ("rewrite", None) if ends(directive, in_server) => return Some(End::Open),
                ("if", Some(block)) if chain.contains(&block) => {
                    if let Some(end) = self.end_of(block, chain, path) {
                        return Some(end);
                    }
                }
                ("if", Some(block)) if self.may_end(block, in_server) => return Some(End::Open),
                _ => {}
            }
        }
        None
    }

    /// True if an `if` may end the program without an answer.
    fn may_end(&self, block: ScopeId, in_server: bool) -> bool {
        self.scope(block).lines().iter().any(|line| match line.block {
            Some(inner) => self.may_end(inner, in_server),
            None => line.directive.is("break") || ends(line.directive, in_server),
        })
    }
}

/// True for a `rewrite` behind which the request goes on where it is: in a server also to its
/// location, while one in a location leaves that.
fn ends(directive: Directive<'_>, in_server: bool) -> bool {
    let flag = directive.arg(2);
    directive.is("rewrite")
        && !redirects(directive)
        && (flag.as_deref() == Some("break") || in_server && flag.as_deref() == Some("last"))
}

fn redirects(rewrite: Directive<'_>) -> bool {
    let is_url =
        |text: &str| ["http://", "https://", "$scheme"].iter().any(|start| text.starts_with(start));
    matches!(rewrite.arg(2).as_deref(), Some("redirect" | "permanent"))
        || rewrite.arg(1).is_some_and(|to| is_url(&to))
}

/// True if a `rewrite` matches every path that comes to the location, by trying some.
fn takes_all(rewrite: Directive<'_>, path: Option<&str>) -> bool {
    let Some(regex) = rewrite.arg(0).and_then(|text| Regex::new(&text, false).ok()) else {
        return false;
    };
    let start = path.unwrap_or("/");
    let tries = ["", "z", "Q/9.x-_", "/a b/\u{e4}~,", "index.html", "/"];
    tries.iter().all(|rest| regex.is_match(format!("{start}{rest}").as_bytes()) == Some(true))
}
