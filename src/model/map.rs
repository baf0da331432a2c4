//! `map` blocks and what they give (`ngx_http_map_module.c`, `ngx_http_map_find`).

use crate::syntax::{Directive, Word};

use super::scope::{Scope, ScopeId};

/// What an entry of a map matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// What nothing else matches.
    Default,
    /// This text in any letter case; kept in lower case.
    Exact(String),
    /// A host name with `*` at one end, or a leading dot, where `hostnames` is on.
    Wildcard(String),
    /// What is behind the `~`.
    Regex(String),
}

/// An entry of a map.
#[derive(Debug, Clone)]
pub struct Entry<'p> {
    /// What it matches.
    pub key: Key,
    /// Its value, with variables.
    pub value: String,
    /// The entry.
    pub directive: Directive<'p>,
}

impl Entry<'_> {
    /// The word of its value.
    pub fn value_word(&self) -> Word {
        self.directive.args()[0]
    }
}

/// A `map` block.
#[derive(Debug)]
pub struct Map<'p> {
    /// What is looked up: a text with variables.
    pub source: String,
    /// The variable that it defines, lower case and without `$`.
    pub variable: String,
    /// Its entries, in order.
    pub entries: Vec<Entry<'p>>,
    /// The `map` directive.
    pub directive: Directive<'p>,
    /// The scope that it stands in; of http or, in a snippet, of what that is taken for.
    pub level: Option<ScopeId>,
    /// Some of its entries could not be read.
    pub is_partial: bool,
    /// `hostnames` is on.
    hostnames: bool,
}

impl<'p> Map<'p> {
    pub(super) fn new(directive: Directive<'p>, scope: &Scope<'p>) -> Option<Self> {
        let source = directive.arg(0)?.into_owned();
        let variable = super::variable_name(&directive.arg(1)?);
        let mut map = Self {
            source,
            variable,
            entries: Vec::new(),
            directive,
            level: scope.parent,
            is_partial: scope.has_unknown_include,
            hostnames: false,
        };
        for entry in scope.directives() {
            let name = entry.name();
            match entry.args().len() {
                1 if name == "include" => {}
                0 => map.hostnames |= name == "hostnames",
                1 => map.push(entry, &name),
                _ => {}
            }
        }
        Some(map)
    }

    fn push(&mut self, directive: Directive<'p>, name: &str) {
        let key = match name.strip_prefix('\\') {
            Some(rest) => Key::Exact(rest.to_lowercase()),
            None if name == "default" => Key::Default,
            None if name.starts_with('~') => Key::Regex(name[1..].to_owned()),
            None if self.hostnames && is_wildcard(name) => Key::Wildcard(name.to_lowercase()),
            None => Key::Exact(name.to_lowercase()),
        };
        let value = directive.arg(0).unwrap_or_default().into_owned();
        self.entries.push(Entry { key, value, directive });
    }

    /// The entry for what nothing else matches.
    pub fn default_entry(&self) -> Option<&Entry<'p>> {
        self.entries.iter().find(|entry| entry.key == Key::Default)
    }
}

fn is_wildcard(name: &str) -> bool {
    name.starts_with("*.") || name.starts_with('.') || name.ends_with(".*")
}
