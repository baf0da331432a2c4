//! What a text may come to: its variables replaced by what the configuration gives them, as far
//! as that is written in it.

use crate::catalog::Context;
use crate::runtime::config::{Condition, Part, Template};
use crate::syntax::Directive;

use super::settings::template;
use super::{Model, ScopeId, compile};

/// No more texts than these; what may come to more stays as it is.
const MOST: usize = 32;
/// A variable may be set to another so many times.
const DEPTH: usize = 4;

impl Model<'_> {
    /// What an `if` asks; none if nginx would not take it.
    pub fn condition(&self, line: Directive<'_>) -> Option<Condition> {
        compile::condition(self, line)
    }

    /// All that a text may come to for requests that `scope` handles, by `set` and `map`.
    /// Variables that others give a value stay what they are.
    ///
    /// A group of an expression that a `set` or `map` uses is a variable without a name then:
    /// it is none of the expression that counts where the text stands.
    pub fn expand(&self, text: &str, scope: ScopeId) -> Vec<Template> {
        let text = template(text);
        self.expanded(&text, scope, DEPTH).unwrap_or_else(|| vec![text])
    }

    fn expanded(&self, text: &Template, scope: ScopeId, depth: usize) -> Option<Vec<Template>> {
        let mut all: Vec<Vec<Part>> = vec![Vec::new()];
        for part in &text.0 {
            let mut choices: Vec<Vec<Part>> = Vec::new();
            match part {
                Part::Variable(name) if depth > 0 => match self.choices(name, scope) {
                    Some(values) => {
                        for value in values {
                            let values = self.expanded(&value, scope, depth - 1)?;
                            choices.extend(values.into_iter().map(|value| value.0));
                        }
                    }
                    None => choices.push(vec![part.clone()]),
                },
                _ => choices.push(vec![part.clone()]),
            }
            if all.len() * choices.len() > MOST {
                return None;
            }
            let both = |before: &Vec<Part>| {
                let before = before.clone();
                choices.iter().map(move |behind| [&before[..], behind].concat()).collect::<Vec<_>>()
            };
            all = all.iter().flat_map(both).collect();
        }
        Some(all.into_iter().map(joined).collect())
    }

    /// The values that the configuration may have given a variable when `scope` handles a
    /// request; none if something else gives it one.
    fn choices(&self, name: &str, scope: ScopeId) -> Option<Vec<Template>> {
        let of_map = || {
            let map = self.maps.get(name).filter(|map| !map.is_partial)?;
            let mut values: Vec<_> =
                map.entries.iter().map(|entry| foreign(&template(&entry.value))).collect();
            if map.default_entry().is_none() {
                values.push(Template::default());
            }
            Some(values)
        };
        if !self.definitions.contains_key(name) {
            return of_map();
        }
        if self.set_by_others.contains(name) {
            return None;
        }
        let mut chain: Vec<ScopeId> = self.ancestors(scope).collect();
        chain.reverse();
        let location = chain.iter().rposition(|&id| self.is_location(id));
        let mut found = Sets { values: Vec::new(), is_certain: false };
        for (index, &id) in chain.iter().enumerate() {
            // Of locations in each other, only the innermost rewrites.
            let runs = match self.scope(id).context {
                Context::Server => true,
                Context::Location => Some(index) == location,
                _ => false,
            };
            if runs {
                self.run_sets(id, name, &chain, true, &mut found);
            }
        }
        if found.values.is_empty() {
            return None;
        }
        if !found.is_certain {
            found.values.extend(of_map().unwrap_or_else(|| vec![Template::default()]));
        }
        Some(found.values)
    }

    /// The `set` lines of a scope in their order. One in an `if` may have run, or has if that
    /// is around the place that asks.
    fn run_sets(
        &self,
        scope: ScopeId,
        name: &str,
        chain: &[ScopeId],
        is_certain: bool,
        found: &mut Sets,
    ) {
        for line in self.program_of(scope) {
            let directive = line.directive;
            match line.block {
                Some(block) => {
                    let is_certain = is_certain && chain.contains(&block);
                    self.run_sets(block, name, chain, is_certain, found);
                }
                None if directive.arg(0).is_some_and(|it| super::variable_name(&it) == name) => {
                    if is_certain {
                        found.values.clear();
                        found.is_certain = true;
                    }
                    let value = directive.arg(1).unwrap_or_default();
                    found.values.push(foreign(&template(&value)));
                }
                _ => {}
            }
        }
    }
}

/// What `set` lines may have left in a variable.
struct Sets {
    values: Vec<Template>,
    /// At least one of them has run.
    is_certain: bool,
}

/// A text whose groups are of another expression.
fn foreign(text: &Template) -> Template {
    let part = |part: &Part| match part {
        Part::Capture(_) => Part::Variable(String::new()),
        part => part.clone(),
    };
    Template(text.0.iter().map(part).collect())
}

/// Makes one part of texts that are next to each other.
fn joined(parts: Vec<Part>) -> Template {
    let mut all: Vec<Part> = Vec::new();
    for part in parts {
        match (all.last_mut(), part) {
            (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
            (_, part) => all.push(part),
        }
    }
    Template(all)
}
