//! `ngxc.toml`: what a project says once, so that nobody has to type it.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;

use crate::catalog::{Module, Target, Version, Versions};
use crate::emit::Indent;

use super::{Failure, args};

/// The name of the file.
const NAME: &str = "ngxc.toml";

/// What the file says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Config {
    nginx_version: Option<String>,
    #[serde(default)]
    fmt: Fmt,
    #[serde(default)]
    modules: BTreeMap<String, Vec<String>>,
}

/// What it says of the layout of files.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Fmt {
    /// As `--indent` takes it: a number, `tab` or `keep`.
    indent: Option<Width>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Width {
    Spaces(usize),
    Word(String),
}

impl Config {
    /// Reads the file of the working directory or the nearest directory above it; says
    /// nothing if there is none.
    pub(super) fn find() -> Result<Self, Failure> {
        let Ok(current) = std::env::current_dir() else { return Ok(Self::default()) };
        for directory in current.ancestors() {
            let path = directory.join(NAME);
            match fs::read_to_string(&path) {
                Ok(text) => return Self::parse(&text, &path),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(format!("{}: {error}", path.display()).into()),
            }
        }
        Ok(Self::default())
    }

    fn parse(text: &str, path: &Path) -> Result<Self, Failure> {
        let wrong = |reason: String| format!("{}: {reason}", path.display());
        let config: Self = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        config.version().map_err(wrong)?;
        config.indent().map_err(wrong)?;
        Ok(config)
    }

    /// The nginx that an option names or, without it, that the project is for.
    pub(super) fn target(self, named: Option<Version>) -> Result<Target, String> {
        let version = named.map_or_else(|| self.version(), |version| Ok(Some(version)))?;
        Ok(Target {
            versions: version.map_or(Versions::COMMON, Versions::from),
            modules: self.modules()?,
            ..Target::default()
        })
    }

    /// The nginx that the project is for.
    pub(super) fn version(&self) -> Result<Option<Version>, String> {
        let parse = |text: &String| text.parse().map_err(|error| format!("nginx-version: {error}"));
        self.nginx_version.as_ref().map(parse).transpose()
    }

    /// How a level of blocks is indented.
    pub(super) fn indent(&self) -> Result<Option<Indent>, String> {
        let parse = |width: &Width| {
            let text = match width {
                Width::Spaces(count) => count.to_string(),
                Width::Word(word) => word.clone(),
            };
            args::indent(&text).map_err(|takes| format!("[fmt]: indent takes {takes}"))
        };
        self.fmt.indent.as_ref().map(parse).transpose()
    }

    /// Modules that ngxc does not know.
    pub(super) fn modules(self) -> Result<Vec<Module>, String> {
        let module = |(name, directives): (String, _)| {
            Module::new(&name, directives).map_err(|error| format!("{NAME}: [modules]: {error}"))
        };
        self.modules.into_iter().map(module).collect()
    }
}
