//! Effective settings as values: what counts in a scope, or nginx's default.
//!
//! A value that nginx would not take is the default here; `validate` says what is wrong with
//! it. Nothing here knows what a setting is for.

use crate::runtime::config::{Place, Template};
use crate::syntax::Directive;
use crate::syntax::value::{length, milliseconds, number, seconds, size};

use super::{Model, ScopeId};

impl<'p> Model<'p> {
    /// Where a directive stands, as a runtime configuration says it.
    pub fn runtime_place(&self, directive: Directive<'_>) -> Place {
        let source = directive.source;
        Place { file: source.id.0, line: source.line(directive.span().start) }
    }

    /// The effective value of a directive that has one argument.
    pub fn text_of(&self, scope: ScopeId, name: &str) -> Option<String> {
        Some(self.effective_one(scope, name)?.arg(0)?.into_owned())
    }

    /// An effective flag.
    pub fn flag_of(&self, scope: ScopeId, name: &str, default: bool) -> bool {
        match self.text_of(scope, name) {
            Some(text) if text.eq_ignore_ascii_case("on") => true,
            Some(text) if text.eq_ignore_ascii_case("off") => false,
            _ => default,
        }
    }

    /// An effective number.
    pub fn number_of(&self, scope: ScopeId, name: &str, default: u64) -> u64 {
        self.value_of(scope, name, default, |text| u64::try_from(number(text)?).ok())
    }

    /// An effective time, counted in milliseconds by nginx.
    pub fn milliseconds_of(&self, scope: ScopeId, name: &str, default: u64) -> u64 {
        self.value_of(scope, name, default, milliseconds)
    }

    /// An effective time in milliseconds, counted in seconds by nginx.
    pub fn seconds_of(&self, scope: ScopeId, name: &str, default: u64) -> u64 {
        self.value_of(scope, name, default, |text| seconds(text)?.checked_mul(1000))
    }

    /// An effective size in bytes.
    pub fn size_of(&self, scope: ScopeId, name: &str, default: u64) -> u64 {
        self.value_of(scope, name, default, size)
    }

    /// An effective length in bytes.
    pub fn length_of(&self, scope: ScopeId, name: &str, default: u64) -> u64 {
        self.value_of(scope, name, default, length)
    }

    fn value_of(
        &self,
        scope: ScopeId,
        name: &str,
        default: u64,
        read: impl FnOnce(&str) -> Option<u64>,
    ) -> u64 {
        self.text_of(scope, name).and_then(|text| read(&text)).unwrap_or(default)
    }

    /// An effective text with variables.
    pub fn template_of(&self, scope: ScopeId, name: &str) -> Option<Template> {
        self.text_of(scope, name).map(|text| template(&text))
    }

    /// The words of all effective lines of a directive whose lines add up, each once and in
    /// lower case; none if there is no such line.
    pub fn words_of(&self, scope: ScopeId, name: &str) -> Option<Vec<String>> {
        let (_, lines) = self.effective(scope, name)?;
        let mut words: Vec<String> = Vec::new();
        for word in lines.iter().flat_map(|line| line.arg_values()) {
            if !words.iter().any(|known| known.eq_ignore_ascii_case(&word)) {
                words.push(word.into_owned());
            }
        }
        Some(words)
    }

    /// The nearest scope from `scope` outwards that has any directive of these names, and all
    /// of them there in order: what nginx replaces as a whole.
    pub fn effective_of(
        &self,
        scope: ScopeId,
        names: &[&str],
    ) -> Option<(ScopeId, Vec<Directive<'p>>)> {
        self.ancestors(scope).find_map(|id| {
            let found = self.scope(id).all_of(names);
            (!found.is_empty()).then_some((id, found))
        })
    }
}

/// A text with variables; as it stands if nginx could not read it.
pub(super) fn template(text: &str) -> Template {
    Template::parse(text).unwrap_or_else(|_| Template::literal(text))
}
