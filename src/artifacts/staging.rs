//! Directories in which files are collected, so that no file is incomplete under its final name.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use uuid::Uuid;

use super::DownloadError;
use crate::host::directory;
use crate::ownership::Owner;

/// How their names begin.
const PREFIX: &str = ".cobuild-staging-";

/// A temporary directory that is locked while this value lives and removed with it.
///
/// The lock ends with the process, so an unlocked directory was left by a killed run, and the next
/// run that collects files there removes it. Its name has a seal, so that a similar directory of a
/// repository is never removed.
#[derive(Debug)]
pub struct Staging {
    directory: PathBuf,
    owner: Owner,
    _lock: File,
}

impl Staging {
    /// Creates one in `parent`, and removes those that killed runs of this user left there.
    pub fn create(parent: &Path, owner: &Owner) -> Result<Self, DownloadError> {
        let made = || {
            fs::create_dir_all(parent)?;
            sweep(parent, owner)?;
            loop {
                let directory = parent.join(name(owner));
                DirBuilder::new().mode(0o700).create(&directory)?;
                let lock = File::open(&directory)?;
                flock(&lock, FlockOperation::LockExclusive)?;
                // Another run may have swept it away before it was locked.
                if is_same(&lock, &directory) {
                    return Ok(Self {
                        directory,
                        owner: owner.clone(),
                        _lock: lock,
                    });
                }
            }
        };
        made().map_err(|source| DownloadError::Write {
            path: parent.to_path_buf(),
            source,
        })
    }

    /// Makes another one elsewhere.
    pub(super) fn another(&self, parent: &Path) -> Result<Self, DownloadError> {
        Self::create(parent, &self.owner)
    }

    pub fn path(&self) -> &Path {
        &self.directory
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if let Err(error) = directory::remove(&self.directory) {
            tracing::info!(%error, path = %self.directory.display(), "cannot remove");
        }
    }
}

/// A name that only this user's cobuild can create.
fn name(owner: &Owner) -> String {
    let number = Uuid::new_v4().simple().to_string();
    let seal = owner.seal(&["staging", &number]);
    format!("{PREFIX}{number}-{seal}")
}

fn is_ours(name: &str, owner: &Owner) -> bool {
    let parts = name.strip_prefix(PREFIX).and_then(|it| it.split_once('-'));
    parts.is_some_and(|(number, seal)| owner.seal(&["staging", number]) == seal)
}

/// Removes unlocked directories.
fn sweep(parent: &Path, owner: &Owner) -> io::Result<()> {
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        if !is_ours(&entry.file_name().to_string_lossy(), owner) || !entry.file_type()?.is_dir() {
            continue;
        }
        let Ok(lock) = File::open(entry.path()) else {
            continue;
        };
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok()
            && is_same(&lock, &entry.path())
            && let Err(error) = directory::remove(&entry.path())
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
    use crate::ownership::Key;

    #[test]
    fn what_a_killed_run_left_goes_and_what_is_in_use_or_another_s_stays() {
        let owner = Owner::this_process(Key::of_one_run());
        let parent = tempfile::tempdir().unwrap();
        let left = parent.path().join(name(&owner));
        fs::create_dir_all(left.join("deep")).unwrap();
        fs::write(left.join("deep/file"), "half").unwrap();
        // As a repository can have it.
        let stranger = Owner::this_process(Key::of_one_run());
        let foreign = [name(&stranger), format!("{PREFIX}planted")];
        for name in &foreign {
            fs::create_dir(parent.path().join(name)).unwrap();
        }
        let link = parent.path().join(name(&owner));
        std::os::unix::fs::symlink(parent.path().join(&foreign[0]), &link).unwrap();
        let living = Staging::create(parent.path(), &owner).unwrap();
        let other = living.another(parent.path()).unwrap();
        assert!(living.path().exists() && other.path().exists());
        assert!(!left.exists());
        drop((living, other));
        let mut expected = foreign.map(std::ffi::OsString::from).to_vec();
        expected.push(link.file_name().unwrap().to_owned());
        expected.sort();
        let mut names: Vec<_> = fs::read_dir(parent.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, expected);
    }
}
