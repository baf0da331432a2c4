//! Which files the arguments name: files as they are, directories by what is in them.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::project::{self, Dump, Files};
use crate::source::Templating;

use super::Failure;

/// The path that stands for standard input.
pub(super) const STDIN: &str = "<stdin>";

/// Directories of Debian's layout, whose files have no ending of their own.
const LAYOUT: [&str; 3] = ["sites-available", "sites-enabled", "modules-enabled"];

/// The files that the arguments name; an empty directory is a failure.
pub(super) fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path == Path::new("-") {
            files.push(STDIN.into());
        } else if path.is_dir() {
            let before = files.len();
            walk(path, &mut files)?;
            if files.len() == before {
                return Err(
                    format!("{}: no configuration in this directory", path.display()).into()
                );
            }
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

/// Adds `*.conf`, its templates and the files of Debian's layout, sorted; hidden ones are left out.
fn walk(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let of_layout =
        directory.file_name().is_some_and(|name| LAYOUT.iter().any(|known| name == *known));
    let entries = fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut paths: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    for path in paths {
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if hidden {
            continue;
        }
        if path.is_dir() && !path.is_symlink() {
            walk(&path, files)?;
        } else if path.is_file() && (of_layout || is_conf(&path)) {
            files.push(path);
        }
    }
    Ok(())
}

/// True for `*.conf`, and for a template of one, as `*.conf.j2`.
fn is_conf(path: &Path) -> bool {
    const TEMPLATES: [&str; 7] = ["j2", "jinja", "jinja2", "erb", "epp", "tmpl", "template"];
    let is_template =
        path.extension().is_some_and(|ending| TEMPLATES.iter().any(|it| ending == *it));
    let name = if is_template { path.file_stem().map(Path::new) } else { Some(path) };
    name.and_then(Path::extension).is_some_and(|ending| ending == "conf")
}

/// All of standard input.
pub(super) fn read_stdin() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| format!("standard input: {error}"))?;
    Ok(bytes)
}

/// Puts the files of a dump, which `nginx -T` prints, in the place of all others, and gives the
/// path of the first; the same path if it is no dump. Files that cannot be read are left to
/// who reads them.
pub(super) fn undumped(files: &mut Files, path: &Path) -> PathBuf {
    let Some(dumped) = dumped(files, path) else { return path.to_owned() };
    let first = dumped.first().map_or_else(|| path.to_owned(), |(first, _)| first.clone());
    // nginx has read what it prints: nothing stands for anything else.
    *files = Files::complete().with(Templating::None);
    for (path, bytes) in dumped {
        files.set(&path, bytes);
    }
    first
}

/// The file of a dump that is to be printed alone, the first one without a name, and the names
/// of all others; `None` if it is no dump.
pub(super) fn part(
    files: &mut Files,
    dump: &Path,
    name: Option<&str>,
) -> Result<Option<(PathBuf, Vec<String>)>, Failure> {
    let Some(dumped) = dumped(files, dump) else { return Ok(None) };
    let mut names: Vec<String> =
        dumped.iter().map(|(path, _)| path.to_string_lossy().into_owned()).collect();
    let index = name.map_or(Some(0), |name| names.iter().position(|it| it == name));
    let Some(index) = index else {
        let (dump, names) = (dump.display(), names.join(", "));
        return Err(format!("{dump}: no file of that name is in it; there are {names}").into());
    };
    names.remove(index);
    Ok(Some((dumped[index].0.clone(), names)))
}

/// True for a file that is what `nginx -T` prints.
pub(super) fn is_dump(files: &mut Files, path: &Path) -> bool {
    dumped(files, path).is_some()
}

/// True for what may be a dump of one file, or a file that begins like one.
pub(super) fn is_single(files: &mut Files, path: &Path) -> bool {
    dumped(files, path).is_some()
        && files
            .read(path)
            .ok()
            .and_then(|bytes| Dump::read(&bytes))
            .is_some_and(|it| it.is_one_file())
}

fn dumped(files: &mut Files, path: &Path) -> Option<Vec<(PathBuf, Vec<u8>)>> {
    let bytes = files.read(path).ok()?;
    let dumped = project::dumped(&bytes);
    // What was read may not be there to be read again, as from a pipe.
    if !path.is_file() {
        files.set(path, bytes);
    }
    dumped
}

/// Fixes belong into the files that a dump is of: it has the text of others' includes too.
pub(super) fn refuse_dump(path: &Path) -> Failure {
    let name = path.display();
    format!("{name}: left alone: it is what `nginx -T` prints; change the files that it names")
        .into()
}

/// A prefix that is no directory would make every include a missing one.
pub(super) fn check_prefix(prefix: Option<&Path>) -> Result<(), Failure> {
    match prefix.filter(|prefix| !prefix.is_dir()) {
        Some(prefix) => Err(format!("--prefix {}: no such directory", prefix.display()).into()),
        None => Ok(()),
    }
}
