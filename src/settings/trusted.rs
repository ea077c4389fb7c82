//! Which files of settings the user trusts: each by its path and its content.

use std::fs;
use std::io::{self, Seek as _, Write as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::ConfigFile;
use crate::host::{directory, file};

/// How many bytes a record has at the most: a hash and a path.
const LONGEST: u64 = 8 * 1024;

/// The files that the user trusts.
#[derive(Debug, Clone)]
pub struct TrustedFiles {
    directory: PathBuf,
}

impl TrustedFiles {
    /// Remembers in this directory of cobuild's own.
    pub fn new(state_directory: &Path) -> Self {
        Self {
            directory: state_directory.join("trusted"),
        }
    }

    /// Whether the user trusts this file as it is.
    pub fn has(&self, file: &ConfigFile) -> io::Result<bool> {
        if !directory::is_own(&self.directory)? {
            return Ok(false);
        }
        match read(&self.record(&file.path)) {
            Ok((hash, path)) => Ok(path == file.path && hash == hexadecimal(&file.content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Remembers that the user trusts this file as it is.
    pub fn add(&self, file: &ConfigFile) -> io::Result<()> {
        directory::make_own(&self.directory)?;
        let mut record = file::make_own(&self.record(&file.path))?;
        let mut content = hexadecimal(&file.content).into_bytes();
        content.push(b'\n');
        content.extend_from_slice(file.path.as_os_str().as_bytes());
        record.rewind()?;
        record.set_len(0)?;
        record.write_all(&content)
    }

    /// Forgets a file; whether it was trusted.
    pub fn remove(&self, path: &Path) -> io::Result<bool> {
        if !directory::is_own(&self.directory)? {
            return Ok(false);
        }
        match fs::remove_file(self.record(path)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The paths of all files that the user trusts, in order.
    pub fn paths(&self) -> io::Result<Vec<PathBuf>> {
        if !directory::is_own(&self.directory)? {
            return Ok(Vec::new());
        }
        let mut paths = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            // What is no record is none of ours.
            paths.extend(read(&entry?.path()).ok().map(|(_, path)| path));
        }
        paths.sort();
        Ok(paths)
    }

    fn record(&self, path: &Path) -> PathBuf {
        self.directory
            .join(hexadecimal(path.as_os_str().as_bytes()))
    }
}

/// The hash and the path of a record.
fn read(record: &Path) -> io::Result<(String, PathBuf)> {
    let content = file::open_own(record).and_then(|it| file::read_whole(it, LONGEST))?;
    let end = content.iter().position(|byte| *byte == b'\n');
    let end = end.ok_or(io::ErrorKind::InvalidData)?;
    let hash = String::from_utf8_lossy(&content[..end]).into_owned();
    let path = std::ffi::OsString::from_vec(content[end + 1..].to_vec());
    Ok((hash, path.into()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, content: &str) -> ConfigFile {
        ConfigFile {
            path: path.into(),
            content: content.into(),
        }
    }

    #[test]
    fn a_file_is_trusted_at_its_place_as_it_is() {
        let state = tempfile::tempdir().unwrap();
        let trusted = TrustedFiles::new(&state.path().join("cobuild"));
        let one = file("/a b/cobuild.toml", "x");
        assert!(!trusted.has(&one).unwrap());
        assert!(!trusted.remove(&one.path).unwrap());
        assert_eq!(trusted.paths().unwrap(), Vec::<PathBuf>::new());
        trusted.add(&one).unwrap();
        assert!(trusted.has(&one).unwrap());
        assert!(!trusted.has(&file("/a b/cobuild.toml", "y")).unwrap());
        assert!(!trusted.has(&file("/c/cobuild.toml", "x")).unwrap());
        trusted.add(&file("/a b/cobuild.toml", "")).unwrap();
        assert!(!trusted.has(&one).unwrap(), "the last word counts");
        trusted.add(&file("/c/cobuild.toml", "x")).unwrap();
        let paths = [PathBuf::from("/a b/cobuild.toml"), "/c/cobuild.toml".into()];
        assert_eq!(trusted.paths().unwrap(), paths);
        assert!(trusted.remove(&one.path).unwrap());
        assert_eq!(trusted.paths().unwrap(), paths[1..]);
    }

    #[test]
    fn what_another_could_have_written_is_not_believed() {
        use std::os::unix::fs::PermissionsExt as _;
        let state = tempfile::tempdir().unwrap();
        let trusted = TrustedFiles::new(state.path());
        let one = file("/cobuild.toml", "x");
        trusted.add(&one).unwrap();
        let open = fs::Permissions::from_mode(0o666);
        fs::set_permissions(trusted.record(&one.path), open).unwrap();
        assert!(trusted.has(&one).is_err());
    }
}
