//! Which scopes decide by a variable what becomes of a request.

use std::collections::{HashMap, HashSet};

use crate::catalog::Context;
use crate::syntax::Directive;
use crate::syntax::value::{Part, template};

use super::compile::condition_words;
use super::{Key, Model, ScopeId, variable_name};

/// What decides on the way of a request.
const DECIDES: [&str; 6] = ["if", "rewrite", "return", "set", "auth_request", "proxy_pass"];

/// An expression that a variable is compared with, in an `if` or as a key of a `map`.
#[derive(Debug)]
pub struct Comparison<'p> {
    /// The `if`, or the entry of the map.
    pub directive: Directive<'p>,
    /// The expression.
    pub pattern: String,
    /// Letter case does not matter.
    pub is_caseless: bool,
    /// What is inside the `if`, which is for what matches; none if it is for what does not, or
    /// if a map compares.
    pub inside: Option<ScopeId>,
    /// The variable that the map defines, and its value for what matches.
    pub gives: Option<(String, String)>,
}

impl<'p> Model<'p> {
    /// The expressions that a variable is compared with, in the order of the configuration.
    pub fn comparisons(&self, variable: &str) -> Vec<Comparison<'p>> {
        let is_it = |text: &str| text.starts_with('$') && variable_name(text) == variable;
        let mut found = Vec::new();
        for id in self.scope_ids() {
            let scope = self.scope(id);
            let Some(opener) = scope.opener else { continue };
            if matches!(scope.context, Context::IfInLocation | Context::IfInServer) {
                let words = condition_words(opener).unwrap_or_default();
                let [name, operator, pattern] = &words[..] else { continue };
                let is_caseless = operator.ends_with('*');
                let plain = operator.trim_end_matches('*');
                if is_it(name) && matches!(plain, "~" | "!~") {
                    let inside = (plain == "~").then_some(id);
                    let pattern = pattern.clone();
                    found.push(Comparison {
                        directive: opener,
                        pattern,
                        is_caseless,
                        inside,
                        gives: None,
                    });
                }
            } else if opener.is("map") {
                let defined = opener.arg(1).and_then(|name| self.map(&name));
                let Some(map) = defined.filter(|map| map.directive.place() == opener.place())
                else {
                    continue;
                };
                if !is_it(&map.source) {
                    continue;
                }
                for entry in &map.entries {
                    let Key::Regex(regex) = &entry.key else { continue };
                    let caseless = regex.strip_prefix('*');
                    found.push(Comparison {
                        directive: entry.directive,
                        pattern: caseless.unwrap_or(regex).to_owned(),
                        is_caseless: caseless.is_some(),
                        inside: None,
                        gives: Some((map.variable.clone(), entry.value.clone())),
                    });
                }
            }
        }
        found
    }

    /// The scopes that look at a variable, named in lower case and without `$`, by themselves
    /// or through what is defined by it, when they decide what becomes of a request.
    pub fn deciding_by(&self, variable: &str) -> HashSet<ScopeId> {
        let names = self.defined_by(variable);
        let decides = |line: &Directive<'_>| {
            DECIDES.iter().any(|name| line.is(name)) && {
                let args: Vec<_> = line.arg_values().collect();
                args.iter().flat_map(|text| variables(text)).any(|name| names.contains(&name))
            }
        };
        let mut scopes = HashSet::new();
        for id in self.scope_ids() {
            let scope = self.scope(id);
            if scope.lines().iter().any(|line| decides(&line.directive)) {
                scopes.insert(id);
                let is_nameless =
                    matches!(scope.context, Context::IfInLocation | Context::IfInServer);
                scopes.extend(scope.parent.filter(|_| is_nameless));
            }
        }
        scopes
    }

    /// A variable, and those whose values depend on it.
    pub fn defined_by(&self, variable: &str) -> HashSet<String> {
        let mut uses: HashMap<String, Vec<&str>> = HashMap::new();
        for (name, map) in &self.maps {
            let values = map.entries.iter().map(|entry| entry.value.as_str());
            for used in values.chain([map.source.as_str()]).flat_map(variables) {
                uses.entry(used).or_default().push(name);
            }
        }
        for (name, lines) in &self.definitions {
            for text in lines.iter().flat_map(|(_, line)| line.arg_values()) {
                for used in variables(&text) {
                    uses.entry(used).or_default().push(name);
                }
            }
        }
        let mut found = HashSet::from([variable.to_owned()]);
        let mut next = vec![variable.to_owned()];
        while let Some(name) = next.pop() {
            for user in uses.get(&name).into_iter().flatten() {
                if found.insert((*user).to_owned()) {
                    next.push((*user).to_owned());
                }
            }
        }
        found
    }
}

/// The names of the variables of a text, or of a part of a condition.
fn variables(text: &str) -> Vec<String> {
    let text = text.trim_start_matches('(').trim_end_matches(')');
    let parts = template(text).unwrap_or_default();
    let name = |part| match part {
        Part::Variable(name) => Some(variable_name(name)),
        _ => None,
    };
    parts.into_iter().filter_map(name).collect()
}
