//! What `nginx -T` prints: all files of a configuration, each behind a line with its name.

use std::path::PathBuf;

/// What stands before a name (`main` of nginx.c), and a `:` behind it.
const HEADER: &[u8] = b"# configuration file ";

/// The files of a dump in its order, the main configuration first; `None` for anything else.
///
/// What `nginx -T` says on standard error may stand before the first file.
pub fn dumped(bytes: &[u8]) -> Option<Vec<(PathBuf, Vec<u8>)>> {
    let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for line in bytes.split_inclusive(|&b| b == b'\n') {
        match (name(line), files.last_mut()) {
            (Some(path), _) => files.push((path, Vec::new())),
            (None, Some((_, text))) => text.extend_from_slice(line),
            (None, None) if line.starts_with(b"nginx: ") || line.trim_ascii().is_empty() => {}
            (None, None) => return None,
        }
    }
    // nginx puts a line end behind each file.
    for (_, text) in &mut files {
        if text.ends_with(b"\n") {
            text.pop();
        }
    }
    Some(files).filter(|files| !files.is_empty())
}

/// The name in the line before a file: a path from the root.
fn name(line: &[u8]) -> Option<PathBuf> {
    let line = line.trim_ascii_end();
    let name = line.strip_prefix(HEADER)?.strip_suffix(b":")?;
    let name = std::str::from_utf8(name).ok()?;
    name.starts_with('/').then(|| PathBuf::from(name))
}
