//! Whose groups `$1` to `$9` are: each expression that matches replaces those of the one before
//! (`ngx_http_regex_exec`), also one without groups.
//!
//! Follows the order in which nginx evaluates: the program of the location, `proxy_pass`, and
//! then all headers, each with its variables before its groups.

use std::collections::HashSet;

use crate::catalog::Context;
use crate::runtime::config::{Condition, Part, Template};
use crate::syntax::{Directive, Word};

use super::map::{Key, Map};
use super::settings::template;
use super::{Model, Proxied, ScopeId, variable_name};

/// A `$1` to `$9` that was meant to be of the location's expression.
#[derive(Debug, Clone, Copy)]
pub struct Clobbered<'p> {
    /// Where it stands.
    pub line: Directive<'p>,
    /// In which word.
    pub word: Word,
    /// Its number.
    pub group: u8,
    /// What has the expression that ran in between: a `map`, an `if` or a `rewrite`.
    pub by: Directive<'p>,
}

impl<'p> Model<'p> {
    /// The groups of the location's expression that are used where they are lost.
    pub fn clobbered(&self, proxied: &Proxied<'p>) -> Vec<Clobbered<'p>> {
        let Some(location) = self.location_around(proxied.scope) else { return Vec::new() };
        let is_group = |text: &str| {
            text.as_bytes().windows(2).any(|two| two[0] == b'$' && matches!(two[1], b'1'..=b'9'))
        };
        let own = [proxied.scope, location].map(|id| self.scope(id).all("set"));
        let texts = proxied.headers.iter().chain(own.into_iter().flatten()).map(|line| line.arg(1));
        if !texts.chain([proxied.pass.arg(0)]).flatten().any(|text| is_group(&text)) {
            return Vec::new();
        }
        let mut walk = Walk {
            model: self,
            inner: proxied.scope,
            location,
            known: HashSet::new(),
            knows_server: false,
            last: None,
            found: Vec::new(),
        };
        walk.program(location);
        walk.texts(&[(proxied.pass, 0)]);
        let headers: Vec<_> = proxied.headers.iter().map(|line| (*line, 1)).collect();
        walk.texts(&headers);
        walk.found
    }

    /// The variables that the server's own program has looked up, which are not looked up again.
    fn known_in_server(&self, location: ScopeId) -> HashSet<String> {
        let is_server = |id: &ScopeId| self.scope(*id).context == Context::Server;
        let mut known = HashSet::new();
        if let Some(server) = self.ancestors(location).find(is_server) {
            let inner = self.program_of(server).iter().filter_map(|line| line.block);
            for id in std::iter::once(server).chain(inner) {
                let mut lines: Vec<_> = self.scope(id).all_of(&["set", "rewrite", "return"]);
                lines.extend(self.scope(id).opener.filter(|opener| opener.is("if")));
                for text in lines.iter().flat_map(|line| line.arg_values()) {
                    known.extend(template(&text).variables().map(str::to_owned));
                }
            }
        }
        // What looks them up has looked up what they are made of.
        let mut new: Vec<String> = known.iter().cloned().collect();
        while let Some(name) = new.pop() {
            if let Some(map) = self.maps.get(&name) {
                let inner = template(&map.source);
                let inner = inner.variables().filter(|it| known.insert((*it).to_owned()));
                new.extend(inner.map(str::to_owned));
            }
        }
        known
    }
}

/// An expression that has run since the location was found.
#[derive(Clone, Copy)]
struct Run<'p> {
    by: Directive<'p>,
    /// How many groups it has that may be meant behind it.
    groups: usize,
}

struct Walk<'m, 'p> {
    model: &'m Model<'p>,
    /// The place that passes the request on.
    inner: ScopeId,
    /// The location around it.
    location: ScopeId,
    /// Variables that are not looked up again.
    known: HashSet<String>,
    /// Those of the server are among them.
    knows_server: bool,
    last: Option<Run<'p>>,
    found: Vec<Clobbered<'p>>,
}

impl<'p> Walk<'_, 'p> {
    /// The rewrite directives of a scope, in order.
    fn program(&mut self, scope: ScopeId) {
        let model = self.model;
        for line in model.scope(scope).lines() {
            let directive = line.directive;
            match (&*directive.name(), line.block) {
                ("set", None) => self.texts(&[(directive, 1)]),
                ("break", None) => return,
                ("rewrite", None) if directive.arg(2).is_some_and(|flag| flag == "break") => {
                    let pattern = directive.arg(0).unwrap_or_default();
                    let regex = crate::syntax::regex::Regex::new(&pattern, false);
                    let groups = regex.map_or(0, |regex| regex.groups());
                    self.last = Some(Run { by: directive, groups });
                    return;
                }
                ("if", Some(block)) => self.condition(directive, block),
                _ => {}
            }
        }
    }

    fn condition(&mut self, opener: Directive<'p>, block: ScopeId) {
        let model = self.model;
        let Some(condition) = model.condition(opener) else { return };
        let (variable, text) = match &condition {
            Condition::IsSet { variable } | Condition::Matches { variable, .. } => {
                (Some(variable), None)
            }
            Condition::Equals { variable, value, .. } => (Some(variable), Some(value)),
            Condition::File { path, .. } => (None, Some(path)),
        };
        if let Some(variable) = variable {
            self.look_up(variable);
        }
        self.look_up_all(text);
        let before = self.last;
        let mut behind = before;
        if let Condition::Matches { pattern, negated, .. } = &condition {
            let run = Some(Run { by: opener, groups: pattern.groups() });
            let scope = model.scope(block);
            let leaves = ["return", "rewrite", "break"].iter().any(|it| scope.last(it).is_some());
            if *negated || !leaves || block == self.inner {
                behind = run;
            }
            if !negated {
                self.last = run;
            }
        }
        self.program(block);
        self.last = behind;
    }

    /// Texts that are evaluated one behind the other, twice: how long they are, what they are.
    fn texts(&mut self, all: &[(Directive<'p>, usize)]) {
        let read = |(line, index): &(Directive<'p>, usize)| {
            Some((*line, *line.args().get(*index)?, template(&line.arg(*index)?)))
        };
        let all: Vec<_> = all.iter().filter_map(read).collect();
        self.look_up_all(all.iter().map(|(.., text)| text));
        let Some(run) = self.last else { return };
        for (line, word, text) in &all {
            for part in &text.0 {
                if let Part::Capture(group) = part
                    && usize::from(*group) > run.groups
                {
                    let (line, word, group) = (*line, *word, *group);
                    self.found.push(Clobbered { line, word, group, by: run.by });
                }
            }
        }
    }

    fn look_up_all<'t>(&mut self, texts: impl IntoIterator<Item = &'t Template>) {
        for text in texts {
            text.variables().for_each(|name| self.look_up(name));
        }
    }

    /// Looks a variable up: a map tries its expressions.
    fn look_up(&mut self, name: &str) {
        let model = self.model;
        let name = variable_name(name);
        let Some(map) = model.map(&name) else { return };
        if !std::mem::replace(&mut self.knows_server, true) {
            self.known.extend(model.known_in_server(self.location));
        }
        if !self.known.insert(name) {
            return;
        }
        self.look_up_all([&template(&map.source)]);
        if has_regex(map) {
            self.last = Some(Run { by: map.directive, groups: 0 });
        }
    }
}

fn has_regex(map: &Map<'_>) -> bool {
    map.entries.iter().any(|entry| matches!(entry.key, Key::Regex(_)))
}
