//! What `nginx -T` prints: all files of a configuration, each behind a line with its name.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::source::{Source, SourceId};
use crate::syntax;

use super::{glob, include};

/// What stands before a name (`main` of nginx.c), and a `:` behind it.
const HEADER: &[u8] = b"# configuration file ";

/// A dump, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dump {
    /// What `nginx -T` says on standard error, where that stands before the first file.
    preamble: Vec<u8>,
    /// The files with their bytes in the order of the dump, the main configuration first.
    pub files: Vec<(PathBuf, Vec<u8>)>,
}

impl Dump {
    /// Takes a dump apart; `None` for anything else.
    ///
    /// A comment in a file may look like the line before one. It is none where no file before
    /// it includes that one, or where that one was printed already.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut pieces: Vec<(PathBuf, &[u8], Vec<u8>)> = Vec::new();
        let mut preamble = Vec::new();
        for line in bytes.split_inclusive(|&b| b == b'\n') {
            match (name(line), pieces.last_mut()) {
                (Some(path), _) => pieces.push((path, line, Vec::new())),
                (None, Some((.., text))) => text.extend_from_slice(line),
                (None, None) if line.starts_with(b"nginx: ") || line.trim_ascii().is_empty() => {
                    preamble.extend_from_slice(line);
                }
                (None, None) => return None,
            }
        }
        let mut included = Included::default();
        let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
        for (path, line, mut text) in pieces {
            let main = files.first().map_or_else(|| path.clone(), |(main, _)| main.clone());
            let is_file = files.is_empty() || included.has(&path);
            included.add(&text, &main);
            match files.last_mut().filter(|_| !is_file) {
                Some((_, before)) => before.extend([line, &text].concat()),
                None => files.push((path, std::mem::take(&mut text))),
            }
        }
        // nginx puts a line end behind each file.
        for (_, text) in &mut files {
            if text.ends_with(b"\n") {
                text.pop();
            }
        }
        Some(Self { preamble, files }).filter(|dump| !dump.files.is_empty())
    }

    /// True for what may as well be a file that begins with such a line.
    pub fn is_one_file(&self) -> bool {
        self.preamble.is_empty() && self.files.len() == 1
    }

    /// The bytes of the dump, as nginx prints them.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.preamble.clone();
        for (path, text) in &self.files {
            let name = path.as_os_str().as_encoded_bytes();
            bytes.extend([HEADER, name, b":\n", text, b"\n"].concat());
        }
        bytes
    }
}

/// The files of a dump in its order, the main configuration first; `None` for anything else.
pub fn dumped(bytes: &[u8]) -> Option<Vec<(PathBuf, Vec<u8>)>> {
    Dump::read(bytes).map(|dump| dump.files)
}

/// The name in the line before a file.
fn name(line: &[u8]) -> Option<PathBuf> {
    let line = line.trim_ascii_end();
    let name = line.strip_prefix(HEADER)?.strip_suffix(b":")?;
    std::str::from_utf8(name).ok().filter(|name| name.contains('/')).map(PathBuf::from)
}

/// The files that may still come. nginx compares their names as texts: `./a` is another than `a`.
#[derive(Default)]
struct Included {
    names: HashSet<OsString>,
    masks: HashSet<PathBuf>,
    printed: HashSet<OsString>,
}

impl Included {
    /// Adds what a text includes; relative names start beside the main configuration.
    fn add(&mut self, text: &[u8], main: &Path) {
        let prefix = main.parent().unwrap_or(Path::new(""));
        self.printed.insert(main.into());
        let source = Source::new(SourceId(0), "", text.to_vec());
        let (tree, _) = syntax::parse(&source);
        for include in tree.all_directives(&source).filter(|it| it.is("include")) {
            let Some(target) = include::target(include) else { continue };
            let path = prefix.join(&target);
            if glob::is_mask(target.as_os_str().as_encoded_bytes()) {
                self.masks.insert(path);
            } else {
                self.names.insert(path.into());
            }
        }
    }

    /// True if a file is included, for the first time that this is asked.
    fn has(&mut self, path: &Path) -> bool {
        let mut masks = self.masks.iter();
        let is_included =
            self.names.contains(path.as_os_str()) || masks.any(|mask| glob::covers(mask, path));
        is_included && self.printed.insert(path.into())
    }
}
