//! Finds out before a build whether its results can be written.

use std::io;
use std::path::{Path, PathBuf};

use crate::host::file::is_stream;

/// Why nothing can be written to a place.
#[derive(Debug, thiserror::Error)]
pub enum UnwritableError {
    #[error("it is a directory")]
    Directory,
    #[error("`{}` is not a directory", .0.display())]
    NoDirectory(PathBuf),
    #[error("there is no directory `{}`", .0.display())]
    MissingDirectory(PathBuf),
    #[error("it is a device, a pipe or a socket, which a file would replace")]
    Stream,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Makes a directory that is not there, tries to write into it, and returns its full path.
pub fn writable_directory(directory: &Path) -> Result<PathBuf, UnwritableError> {
    above_is_directory(directory)?;
    std::fs::create_dir_all(directory)?;
    tempfile::tempfile_in(directory)?;
    Ok(directory.canonicalize()?)
}

/// Tries to write beside a file that is to be written, which is how it will be written.
pub fn writable_file(path: &Path) -> Result<(), UnwritableError> {
    if path.is_dir() {
        return Err(UnwritableError::Directory);
    }
    if is_stream(path) {
        return Err(UnwritableError::Stream);
    }
    let directory = directory_of(path);
    above_is_directory(directory)?;
    if !directory.try_exists()? {
        return Err(UnwritableError::MissingDirectory(directory.to_owned()));
    }
    tempfile::tempfile_in(directory)?;
    Ok(())
}

/// Makes sure that what is there of a directory's path is a directory.
fn above_is_directory(directory: &Path) -> Result<(), UnwritableError> {
    let nearest = directory.ancestors().find(|above| above.exists());
    match nearest {
        Some(other) if !other.is_dir() => Err(UnwritableError::NoDirectory(other.to_owned())),
        _ => Ok(()),
    }
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
