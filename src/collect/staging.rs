//! Directories in which files are gathered, so that none is half there under its own name.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

use super::CollectError;

/// How their names begin.
const PREFIX: &str = ".cobuild-staging-";

/// A directory that goes with this, and is locked as long as this lives.
///
/// The lock goes with the process, so a directory whose lock is free was left by a killed run, and goes
/// with the next that gathers files beside it.
#[derive(Debug)]
pub struct Staging {
    directory: TempDir,
    _lock: File,
}

impl Staging {
    /// Makes one in `parent`, and removes what killed runs left there.
    pub fn create(parent: &Path) -> Result<Self, CollectError> {
        let made = || {
            fs::create_dir_all(parent)?;
            sweep(parent)?;
            loop {
                let directory = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
                let lock = File::open(directory.path())?;
                flock(&lock, FlockOperation::LockExclusive)?;
                // Another run may have swept it away before it was locked.
                if is_same(&lock, directory.path()) {
                    return Ok(Self {
                        directory,
                        _lock: lock,
                    });
                }
            }
        };
        made().map_err(|source| CollectError::Write {
            path: parent.to_path_buf(),
            source,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Removes what nobody holds.
fn sweep(parent: &Path) -> io::Result<()> {
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if !is_ours || !entry.file_type()?.is_dir() {
            continue;
        }
        let Ok(lock) = File::open(entry.path()) else {
            continue;
        };
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok()
            && is_same(&lock, &entry.path())
            && let Err(error) = fs::remove_dir_all(entry.path())
        {
            tracing::info!(%error, path = %entry.path().display(), "cannot remove what a killed run left");
        }
    }
    Ok(())
}

fn is_same(open: &File, path: &Path) -> bool {
    match (open.metadata(), fs::symlink_metadata(path)) {
        (Ok(open), Ok(named)) => open.ino() == named.ino() && open.dev() == named.dev(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_left_goes_and_what_is_in_use_stays() {
        let parent = tempfile::tempdir().unwrap();
        let left = parent.path().join(".cobuild-staging-killed");
        fs::create_dir_all(left.join("deep")).unwrap();
        fs::write(left.join("deep/file"), "half").unwrap();
        fs::write(parent.path().join(".cobuild-staging-file"), "mine").unwrap();
        fs::create_dir(parent.path().join(".cobuild-mine")).unwrap();
        let living = Staging::create(parent.path()).unwrap();
        let other = Staging::create(parent.path()).unwrap();
        assert!(living.path().exists() && other.path().exists());
        drop((living, other));
        let mut names: Vec<_> = fs::read_dir(parent.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, [".cobuild-mine", ".cobuild-staging-file"]);
    }
}
