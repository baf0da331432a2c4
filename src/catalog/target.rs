//! The nginx that a configuration is for.

use std::fmt;
use std::str::FromStr;

use super::context::Context;
use super::version::{Version, Versions};

/// A module that the catalogue does not have, with the directives that it brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Its name, for people.
    pub name: String,
    /// Names of directives; one that ends in `*` stands for all that begin with the rest.
    pub directives: Vec<String>,
}

impl Module {
    /// A module and its directives; an error if one has no name, or is all there are.
    pub fn new(name: &str, directives: Vec<String>) -> Result<Self, ParseModuleError> {
        let is_all = |name: &String| name.trim_end_matches('*').is_empty();
        if name.is_empty() || directives.is_empty() || directives.iter().any(is_all) {
            return Err(ParseModuleError);
        }
        Ok(Self { name: name.to_owned(), directives })
    }

    /// True if it brings a directive.
    pub fn brings(&self, directive: &str) -> bool {
        self.directives.iter().any(|name| match name.strip_suffix('*') {
            Some(start) => directive.starts_with(start),
            None => name == directive,
        })
    }
}

/// A text does not declare a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseModuleError;

impl fmt::Display for ParseModuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a module is its name and its directives, as in mine=my_cache,my_auth_*")
    }
}

impl std::error::Error for ParseModuleError {}

impl FromStr for Module {
    type Err = ParseModuleError;

    /// Reads `name=directive,directive`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, directives) = text.split_once('=').ok_or(ParseModuleError)?;
        Self::new(name, directives.split(',').map(str::to_owned).collect())
    }
}

/// The nginx that a configuration is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its version, or those that it may have. Rules take the defaults of the oldest.
    pub versions: Versions,
    /// Modules of its own.
    pub modules: Vec<Module>,
    /// Where the directives of a file stand that nothing includes and that is no main
    /// configuration; guessed if nobody says so.
    pub snippets: Option<Context>,
    /// Files, users and hosts that the configuration names have to be here.
    pub check_files: bool,
}

impl Default for Target {
    fn default() -> Self {
        Self { versions: Versions::COMMON, modules: Vec::new(), snippets: None, check_files: false }
    }
}

impl From<Version> for Target {
    fn from(version: Version) -> Self {
        Self { versions: version.into(), modules: Vec::new(), snippets: None, check_files: false }
    }
}

impl Target {
    /// The module of its own that brings a directive.
    pub fn module_of(&self, directive: &str) -> Option<&Module> {
        self.modules.iter().find(|module| module.brings(directive))
    }
}
