//! Files that take the place of others: no link that somebody put there is followed.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::NamedTempFile;

/// Writes a file beside its place first, so that there is never half of it. An error names the file.
pub(super) fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let write = || {
        let mut file = beside(path)?;
        file.write_all(text)?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error: io::Error| named(path, &error))
}

/// Makes a file that is empty and can be written on. An error names the file.
pub(super) fn create(path: &Path) -> io::Result<File> {
    let persisted = beside(path).and_then(|file| file.persist(path).map_err(|error| error.error));
    persisted.map_err(|error| named(path, &error))
}

/// An error that names the file.
pub(super) fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("`{}`: {error}", path.display()))
}

fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    tempfile::Builder::new()
        .permissions(PermissionsExt::from_mode(0o644))
        .tempfile_in(directory)
}
