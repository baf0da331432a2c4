//! Where files come from: the disk, or memory laid over it. The only file that reads.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};

/// A wildcard matches neither a leading `.` nor a `/`, as in glob(3), which nginx calls.
const GLOB: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// The files that a project is read from.
#[derive(Debug, Clone, Default)]
pub struct Files {
    memory: BTreeMap<PathBuf, Vec<u8>>,
    disk: bool,
}

impl Files {
    /// The files of the disk.
    pub fn disk() -> Self {
        Self { memory: BTreeMap::new(), disk: true }
    }

    /// No files but those that are set.
    pub fn memory() -> Self {
        Self::default()
    }

    /// Puts a file in memory, in front of the same file on the disk.
    pub fn set(&mut self, path: &Path, bytes: Vec<u8>) {
        self.memory.insert(self.identity(path), bytes);
    }

    /// The bytes of a file.
    pub fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        if let Some(bytes) = self.memory.get(&self.identity(path)) {
            return Ok(bytes.clone());
        }
        if self.disk { std::fs::read(path) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    /// True if there is something at the path.
    pub(super) fn exists(&self, path: &Path) -> bool {
        self.memory.contains_key(path) || self.disk && path.exists()
    }

    /// One path for all the ways to name a file.
    pub(super) fn identity(&self, path: &Path) -> PathBuf {
        let real = if self.disk { std::fs::canonicalize(path).ok() } else { None };
        real.unwrap_or_else(|| path.to_owned())
    }

    /// The files that an include mask matches, in byte order (`ngx_open_glob`).
    ///
    /// `Err` says why the mask is no mask.
    pub(super) fn glob(&self, mask: &str) -> Result<Vec<PathBuf>, String> {
        let pattern = Pattern::new(mask).map_err(|error| error.to_string())?;
        let in_memory = self.memory.keys().filter(|path| pattern.matches_path_with(path, GLOB));
        let mut paths: Vec<PathBuf> = in_memory.cloned().collect();
        if self.disk {
            let found = glob::glob_with(mask, GLOB).map_err(|error| error.to_string())?;
            paths.extend(found.map(|path| match path {
                Ok(path) => path,
                // What cannot be looked into is named, and reading it will say why.
                Err(error) => error.path().to_owned(),
            }));
        }
        paths.sort();
        paths.dedup();
        Ok(paths)
    }

    /// True when the directory that a mask looks into is there.
    pub(super) fn has_directory_of(&self, mask: &str) -> bool {
        let fixed = mask.split(['*', '?', '[']).next().unwrap_or_default();
        let directory = &fixed[..fixed.rfind('/').map_or(0, |slash| slash + 1)];
        let in_memory = self.memory.keys().any(|path| path.starts_with(directory));
        in_memory || self.disk && (directory.is_empty() || Path::new(directory).is_dir())
    }
}
