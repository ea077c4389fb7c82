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
    // A file in the place of `/dev/null` would break the machine, and the reader of a pipe would wait.
    let is_special = |it: std::fs::Metadata| !it.is_file() && !it.is_dir();
    if std::fs::metadata(path).is_ok_and(is_special) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "is a device, a pipe or a socket, which a file would replace; name a file",
        ));
    }
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    tempfile::Builder::new()
        .permissions(PermissionsExt::from_mode(0o644))
        .tempfile_in(directory)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{FileTypeExt, symlink};
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn no_file_takes_the_place_of_what_is_no_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let _socket = UnixListener::bind(path("socket")).unwrap();
        symlink("/dev/null", path("null")).unwrap();
        for name in ["socket", "null"] {
            assert!(create(&path(name)).is_err(), "{name}");
            assert!(replace(&path(name), b"text").is_err(), "{name}");
        }
        let kind = |name| path(name).symlink_metadata().unwrap().file_type();
        assert!(kind("socket").is_socket());
        assert!(kind("null").is_symlink());
        symlink("nowhere", path("new")).unwrap();
        for _ in 0..2 {
            replace(&path("new"), b"text").unwrap();
            assert!(kind("new").is_file());
        }
    }
}
