//! Where files come from: the disk, or memory laid over it. The only file that reads.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::source::Templating;

use super::glob;

/// The files that a project is read from.
#[derive(Debug, Clone, Default)]
pub struct Files {
    memory: BTreeMap<PathBuf, Vec<u8>>,
    disk: bool,
    /// Which placeholders they may have.
    pub(super) templating: Templating,
    /// What is not here is nowhere.
    is_complete: bool,
}

impl Files {
    /// The files of the disk.
    pub fn disk() -> Self {
        Self { disk: true, ..Self::default() }
    }

    /// No files but those that are set.
    pub fn memory() -> Self {
        Self::default()
    }

    /// The same files, which may have these placeholders.
    #[must_use]
    pub fn with(self, templating: Templating) -> Self {
        Self { templating, ..self }
    }

    /// All files that there are, as a dump of `nginx -T` has them: a mask that matches none
    /// of those that are set matches nothing.
    pub fn complete() -> Self {
        Self { is_complete: true, ..Self::default() }
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
        if self.disk { read(path) } else { Err(io::ErrorKind::NotFound.into()) }
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

    /// The files that an include mask matches, in byte order.
    pub(super) fn glob(&self, mask: &Path) -> Vec<PathBuf> {
        let mut paths = glob::expand(mask, &|directory| self.entries(directory));
        let wants_directory = mask.as_os_str().as_encoded_bytes().ends_with(b"/");
        paths.retain(|path| self.is_there(path) && (!wants_directory || path.is_dir()));
        paths
    }

    /// True for what a directory lists, a link that leads nowhere too.
    fn is_there(&self, path: &Path) -> bool {
        self.memory.contains_key(path) || self.disk && path.symlink_metadata().is_ok()
    }

    /// The path from the root of the disk; none in memory.
    pub(super) fn absolute(&self, path: &Path) -> Option<PathBuf> {
        if self.disk { std::path::absolute(path).ok() } else { None }
    }

    /// The names in a directory.
    fn entries(&self, directory: &Path) -> Vec<PathBuf> {
        let below = self.memory.keys().filter_map(|path| path.strip_prefix(directory).ok());
        let mut names: Vec<PathBuf> =
            below.filter_map(|rest| Some(rest.components().next()?.as_os_str().into())).collect();
        let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
        if self.disk
            && let Ok(entries) = std::fs::read_dir(directory)
        {
            names.extend(entries.flatten().map(|entry| PathBuf::from(entry.file_name())));
        }
        names.sort();
        names.dedup();
        names
    }

    /// True when the directory that a mask looks into is there.
    pub(super) fn has_directory_of(&self, mask: &Path) -> bool {
        let fixed: PathBuf = mask
            .components()
            .take_while(|part| !glob::is_mask(part.as_os_str().as_encoded_bytes()))
            .collect();
        let in_memory = self.memory.keys().any(|path| path.starts_with(&fixed));
        let is_current = fixed.as_os_str().is_empty();
        in_memory || self.is_complete || self.disk && (is_current || fixed.is_dir())
    }
}

/// Reads a file of the disk. A device holds no configuration: nginx reads as many bytes as
/// its size says, which is none.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if std::fs::metadata(path)?.file_type().is_char_device() {
            return Ok(Vec::new());
        }
    }
    std::fs::read(path)
}
