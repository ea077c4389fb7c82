//! Reads the index of a repository: the tracked files and the submodules.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncReadExt as _, BufReader};

use super::command::{self, GitError};
use super::replica::Replica;

/// How many bytes all names together may have.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// How many names there may be.
const MOST_NAMES: usize = 2_000_000;

/// The longest entry: a name is at most as long as a path can be.
const LONGEST_ENTRY: u64 = 8 * 1024;

/// The names of an index, in its order, which is that of their bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Index {
    names: Vec<u8>,
    /// Where each name ends.
    ends: Vec<u32>,
    /// The names that are submodules; each is a path that leads down.
    pub(super) submodules: Vec<PathBuf>,
}

/// Why an index is not read.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Replica(#[from] super::replica::ReplicaError),
    #[error("cannot read the output of `git ls-files`")]
    Unreadable(#[from] std::io::Error),
    /// It lists more than is kept in memory.
    #[error(
        "the index lists more than {MOST_NAMES} files, or more than {MOST_BYTES} bytes of names"
    )]
    TooLong,
}

impl Index {
    pub(super) async fn read(replica: &Replica) -> Result<Self, IndexError> {
        match Self::list(replica, &[]).await {
            // What a sparse index leaves out takes objects to tell, and is not in the tree. Only a git that
            // writes such an index knows the option.
            Err(IndexError::Git(GitError::Failed { .. })) => {
                Self::list(replica, &["--sparse"]).await
            }
            listed => listed,
        }
    }

    async fn list(replica: &Replica, options: &[&str]) -> Result<Self, IndexError> {
        let mut list = command::local(replica.home())?;
        list.env("GIT_DIR", replica.directory())
            .args(["ls-files", "-z", "--stage"])
            .args(options)
            // An index that cannot be read is told by the exit status.
            .stderr(Stdio::null());
        let mut child = command::spawn(&mut list)?;
        let mut index = Self::default();
        if let Some(stdout) = child.stdout.take() {
            let mut entries = BufReader::new(stdout);
            let mut entry = Vec::new();
            loop {
                entry.clear();
                let mut bounded = (&mut entries).take(LONGEST_ENTRY);
                if bounded.read_until(0, &mut entry).await? == 0 {
                    break;
                }
                if entry.pop() != Some(0) {
                    return Err(IndexError::TooLong);
                }
                index.add(&entry)?;
            }
        }
        let status = child.wait().await?;
        if status.success() {
            return Ok(index);
        }
        Err(IndexError::Git(GitError::Failed {
            command: "ls-files".to_owned(),
            complaint: "the index cannot be read".to_owned(),
        }))
    }

    /// Adds `MODE ID STAGE`, a tab and a name.
    fn add(&mut self, entry: &[u8]) -> Result<(), IndexError> {
        let Some(tab) = entry.iter().position(|byte| *byte == b'\t') else {
            return Ok(());
        };
        let name = &entry[tab + 1..];
        if self.ends.len() == MOST_NAMES || self.names.len() + name.len() > MOST_BYTES {
            return Err(IndexError::TooLong);
        }
        let path = Path::new(OsStr::from_bytes(name));
        if entry.starts_with(b"160000 ") && leads_down(path) {
            self.submodules.push(path.to_path_buf());
        }
        self.names.extend_from_slice(name);
        self.ends
            .push(u32::try_from(self.names.len()).map_err(|_| IndexError::TooLong)?);
        Ok(())
    }

    /// Whether a path is tracked, or something below it is.
    pub(super) fn tracks(&self, path: &Path) -> bool {
        let path = path.as_os_str().as_bytes();
        if path.is_empty() {
            return !self.ends.is_empty();
        }
        let has = |wanted: &[u8], is_it: &dyn Fn(&[u8]) -> bool| {
            let position = self.position(wanted);
            position < self.ends.len() && is_it(self.name(position))
        };
        let below = [path, b"/"].concat();
        has(path, &|name| name == path) || has(&below, &|name| name.starts_with(&below))
    }

    /// Where the first name is that is not before `wanted`.
    fn position(&self, wanted: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.ends.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.name(middle) < wanted {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn name(&self, position: usize) -> &[u8] {
        let end = |position: usize| self.ends[position] as usize;
        let start = position.checked_sub(1).map_or(0, end);
        &self.names[start..end(position)]
    }
}

/// Whether a path has none but ordinary names: an index that somebody made may say anything.
fn leads_down(path: &Path) -> bool {
    path.components().count() > 0
        && path
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(entries: &[&str]) -> Index {
        let mut index = Index::default();
        for entry in entries {
            index.add(entry.as_bytes()).unwrap();
        }
        index
    }

    #[test]
    fn what_is_tracked_is_found_with_the_directories_above_it() {
        let index = index(&[
            "100644 x 0\ta",
            "100644 x 0\tb-c",
            "100644 x 0\tb/c/d",
            "160000 x 0\tbb/m",
        ]);
        for path in ["", "a", "b-c", "b", "b/c", "b/c/d", "bb", "bb/m"] {
            assert!(index.tracks(Path::new(path)), "{path}");
        }
        for path in ["aa", "b/c/d/e", "b-", "c", "bb/m/x"] {
            assert!(!index.tracks(Path::new(path)), "{path}");
        }
        assert!(!Index::default().tracks(Path::new("")));
        assert_eq!(index.submodules, [PathBuf::from("bb/m")]);
    }

    #[test]
    fn a_submodule_lies_below_its_tree() {
        let index = index(&[
            "160000 x 0\t../up",
            "160000 x 0\t/etc",
            "160000 x 0\ta/../../b",
            "160000 x 0\t",
        ]);
        assert!(index.submodules.is_empty());
    }
}
