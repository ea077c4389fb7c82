//! The secret key with which this user's cobuild recognizes its objects.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit as _};
use sha2::Sha256;

use crate::host::directory::{self, DirectoryError};
use crate::host::file::{self, FileError};

/// The length in bytes.
const LENGTH: usize = 32;

/// The permissions of others.
const OF_OTHERS: u32 = 0o077;

/// The name of its file.
const FILE: &str = "key";

/// A secret of this user's cobuild. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; LENGTH]);

/// Why the key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error("cannot use `{}`", path.display())]
    Unusable {
        path: PathBuf,
        #[source]
        source: FileError,
    },
    #[error("`{}` is not a valid key file that only this user can read", .0.display())]
    NoKey(PathBuf),
}

impl KeyError {
    /// Whether another user may control the file, rather than that an operation failed.
    pub fn is_unsafe(&self) -> bool {
        match self {
            Self::Directory(error) => error.is_unsafe(),
            Self::Unusable { source, .. } => !matches!(source, FileError::Io(_)),
            Self::NoKey(_) => true,
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").finish_non_exhaustive()
    }
}

impl Key {
    /// Reads the key in a directory of cobuild, and creates both when missing. Concurrent processes
    /// get the same key.
    pub fn kept_in(directory: &Path) -> Result<Self, KeyError> {
        directory::make_own(directory)?;
        let path = directory.join(FILE);
        match Self::read(&path) {
            Err(KeyError::Unusable { source, .. }) if source.is_not_found() => {}
            read => return read,
        }
        let unusable = |source: io::Error| KeyError::Unusable {
            path: path.clone(),
            source: source.into(),
        };
        let mut bytes = [0; LENGTH];
        getrandom::fill(&mut bytes).map_err(|error| unusable(error.into()))?;
        let mut draft = tempfile::NamedTempFile::new_in(directory).map_err(unusable)?;
        draft.write_all(&bytes).map_err(unusable)?;
        match fs::hard_link(draft.path(), &path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(unusable(error)),
            Ok(()) | Err(_) => Self::read(&path),
        }
    }

    /// Returns a key for this process only: later processes do not recognize its objects.
    pub fn of_one_run() -> Self {
        let mut bytes = [0; LENGTH];
        let random = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()];
        for (part, uuid) in bytes.chunks_mut(16).zip(random) {
            part.copy_from_slice(uuid.as_bytes());
        }
        Self(bytes)
    }

    fn read(path: &Path) -> Result<Self, KeyError> {
        let unusable = |source: FileError| KeyError::Unusable {
            path: path.to_path_buf(),
            source,
        };
        let file = file::open_own(path).map_err(unusable)?;
        let mode = file.metadata().map_err(|error| unusable(error.into()))?;
        let bytes = match file::read_whole(file, LENGTH as u64) {
            Ok(bytes) => bytes,
            Err(FileError::TooLong(_)) => Vec::new(),
            Err(error) => return Err(unusable(error)),
        };
        match bytes.try_into() {
            Ok(bytes) if mode.mode() & OF_OTHERS == 0 => Ok(Self(bytes)),
            Ok(_) | Err(_) => Err(KeyError::NoKey(path.to_path_buf())),
        }
    }

    pub(super) fn mac(&self) -> Hmac<Sha256> {
        Hmac::<Sha256>::new_from_slice(&self.0).expect("a key may have any length")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn it_is_made_once_and_nobody_else_can_read_it() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("state");
        let keys: Vec<Key> = std::thread::scope(|scope| {
            let making: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| Key::kept_in(&directory).unwrap()))
                .collect();
            making.into_iter().map(|it| it.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        assert_ne!(keys[0], Key::of_one_run());
        let path = directory.join(FILE);
        let set_mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode));
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o606] {
            set_mode(mode).unwrap();
            let read = Key::kept_in(&directory);
            assert!(read.is_err_and(|error| error.is_unsafe()), "{mode:o}");
        }
        set_mode(0o600).unwrap();
        for text in ["", "short", &"long".repeat(100)] {
            fs::write(&path, text).unwrap();
            assert!(matches!(Key::kept_in(&directory), Err(KeyError::NoKey(_))));
        }
    }
}
