//! Finds out before a build whether its results can be written.

use std::io;
use std::path::{Path, PathBuf};

/// Makes a directory that is not there, tries to write into it, and returns its full path.
pub fn writable_directory(directory: &Path) -> io::Result<PathBuf> {
    std::fs::create_dir_all(directory)?;
    tempfile::tempfile_in(directory)?;
    directory.canonicalize()
}

/// Tries to write beside a file that is to be written, which is how it will be written.
pub fn writable_file(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    tempfile::tempfile_in(directory_of(path))?;
    Ok(())
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
