//! Writing files: all of them, or none.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use crate::render;

use super::{Failure, terminal};

/// New bytes for a file, and the bytes that it is expected to have.
pub(super) struct Replacement<'a> {
    pub(super) path: &'a Path,
    pub(super) before: &'a [u8],
    pub(super) after: &'a [u8],
}

/// Replaces the files' contents. Everything is written beside the files first, then
/// renamed; where a rename fails, those before it are taken back.
///
/// Links stay links, permissions stay. A file that is no longer what was read is a failure. Of
/// several hard links, the others keep the old text, which is said.
pub(super) fn all(replacements: &[Replacement<'_>]) -> Result<(), Failure> {
    let mut ready: Vec<(PathBuf, TempPath, &[u8])> = Vec::new();
    let mut parted: Vec<&Path> = Vec::new();
    for replacement in replacements {
        let failed = |error| format!("{}: {error}", replacement.path.display());
        let target = fs::canonicalize(replacement.path).map_err(failed)?;
        if fs::read(&target).map_err(failed)? != replacement.before {
            return Err(format!("{}: changed since it was read", replacement.path.display()).into());
        }
        if fs::metadata(&target).map_err(failed)?.permissions().readonly() {
            return Err(format!("{}: is read-only", replacement.path.display()).into());
        }
        if has_other_names(&fs::metadata(&target).map_err(failed)?) {
            parted.push(replacement.path);
        }
        let new = beside(&target, replacement.after).map_err(failed)?;
        ready.push((target, new, replacement.before));
    }
    let mut done: Vec<(PathBuf, &[u8])> = Vec::new();
    for (target, new, before) in ready {
        if let Err(error) = new.persist(&target) {
            for (path, before) in done {
                beside(&path, before)?.persist(&path)?;
            }
            return Err(format!("{}: {}", target.display(), error.error).into());
        }
        done.push((target, before));
    }
    for path in parted {
        let path = path.display().to_string();
        let fact = "has other names (hard links), and these keep the old text";
        terminal::remark(&format!("ngxc: {}: {fact}", render::visible(&path)));
    }
    Ok(())
}

/// A temporary file in the target's directory with its permissions and owner.
fn beside(target: &Path, bytes: &[u8]) -> std::io::Result<TempPath> {
    let directory = target.parent().unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    let metadata = fs::metadata(target)?;
    keep_owner(file.as_file(), &metadata)?;
    file.as_file().set_permissions(metadata.permissions())?;
    file.as_file().sync_all()?;
    Ok(file.into_temp_path())
}

#[cfg(unix)]
fn has_other_names(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.nlink() > 1
}

#[cfg(not(unix))]
fn has_other_names(_: &fs::Metadata) -> bool {
    false
}

/// Gives the file its old owner, or fails where that is another and may not be given.
#[cfg(unix)]
fn keep_owner(file: &File, metadata: &fs::Metadata) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let own = file.metadata()?;
    if (own.uid(), own.gid()) == (metadata.uid(), metadata.gid()) {
        return Ok(());
    }
    fchown(file, Some(metadata.uid()), Some(metadata.gid()))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature on all systems")]
fn keep_owner(_: &File, _: &fs::Metadata) -> std::io::Result<()> {
    Ok(())
}
