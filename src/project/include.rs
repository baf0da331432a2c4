//! What an `include` names, what is said of one that leads nowhere, and what a file says of where
//! it is included.

use std::io;
use std::path::{Path, PathBuf};

use crate::catalog::Context;
use crate::diagnostic::{Diagnostic, Kind, Severity};
use crate::source::Place;
use crate::syntax::{Directive, Item};

use super::File;

/// Files that packages of nginx bring, so that a checkout of a configuration lacks them.
/// Only Debian's `proxy_params` sets what a proxied location inherits.
const SHIPPED: [&str; 10] = [
    "mime.types",
    "fastcgi_params",
    "fastcgi.conf",
    "proxy_params",
    "uwsgi_params",
    "scgi_params",
    "grpc_params",
    "koi-utf",
    "koi-win",
    "win-utf",
];

/// The path that an include names, as the bytes that stand in the file; none if a part of it is
/// still to come.
pub(super) fn target(include: Directive<'_>) -> Option<PathBuf> {
    let path = include.arg(0).filter(|_| !include.has_placeholder())?;
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        let bytes = include.source.encode(&path)?.into_owned();
        Some(std::ffi::OsString::from_vec(bytes).into())
    }
    #[cfg(not(unix))]
    Some(PathBuf::from(path.into_owned()))
}

pub(super) fn invalid_include(place: Place, message: String) -> Diagnostic {
    Diagnostic::new(Kind::Validate, "invalid-include", Severity::Error, place, message)
}

pub(super) fn is_shipped(path: &Path) -> bool {
    SHIPPED.iter().any(|name| path.ends_with(name))
}

/// What is included may be on the machine that the configuration is for: a warning where
/// nginx would start with this include, and advice in a snippet.
pub(super) fn not_opened(
    place: Place,
    path: &Path,
    error: &io::Error,
    is_main: bool,
) -> Diagnostic {
    let reason = match error.raw_os_error() {
        Some(2) => "2: No such file or directory".to_owned(),
        Some(13) => "13: Permission denied".to_owned(),
        Some(21) => "21: Is a directory".to_owned(),
        _ => error.to_string(),
    };
    let message = format!("open() \"{}\" failed ({reason})", path.display());
    let missing = error.kind() == io::ErrorKind::NotFound;
    if missing && is_shipped(path) {
        return Diagnostic::new(Kind::Validate, "missing-include", Severity::Info, place, message)
            .here("not read")
            .help("packages of nginx bring this file; what it sets is not known here");
    }
    if missing && !is_main {
        return Diagnostic::new(Kind::Validate, "missing-include", Severity::Info, place, message)
            .here("not read")
            .help("if it is here, say with --prefix where relative includes start; what it sets is not known");
    }
    let help = if missing {
        "relative paths start from the main configuration's directory, or from --prefix"
    } else {
        "make the file readable; what it sets is not known here"
    };
    Diagnostic::new(Kind::Validate, "missing-include", Severity::Warning, place, message)
        .here("nothing of it could be checked")
        .help(help)
}

/// The context that a comment of the file names, as in `# ngxc: context=server`; the place of
/// the comment if there is no such context.
pub(super) fn named_context(file: &File) -> Result<Option<Context>, (Place, &str)> {
    for item in file.tree.items(&file.source) {
        let Item::Comment(comment) = item else { continue };
        let words = comment.text().trim_start_matches('#').trim();
        let named = words.strip_prefix("ngxc:").and_then(|it| it.trim().strip_prefix("context="));
        if let Some(name) = named {
            let place = file.source.place(comment.span);
            return Context::of_snippet(name.trim()).map(Some).ok_or((place, name.trim()));
        }
    }
    Ok(None)
}

/// A comment that says where a file is included, and names no context.
pub(super) fn unknown_context(place: Place, name: &str) -> Diagnostic {
    let contexts: Vec<&str> =
        Context::names().filter(|name| Context::of_snippet(name).is_some()).collect();
    let message = format!("no context is named \"{name}\"");
    Diagnostic::new(Kind::Validate, "unknown-context", Severity::Warning, place, message)
        .here("this comment has no effect")
        .help(format!("contexts are {}", contexts.join(", ")))
}
