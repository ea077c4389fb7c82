//! Finds the files of a source tree that are excluded from the build.

mod error;
mod rules;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::DirEntry;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::git::Ignores;
use crate::plan::{Excludes, GitMetadata, SourcePlan};
use error::{MOST_BYTES, MOST_LEFT_OUT};
use rules::Rules;

pub use error::ExcludeError;
pub use rules::IGNORE_FILE;

/// The excluded paths of a tree, relative to its root; a directory stands for its content too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOut {
    paths: BTreeSet<PathBuf>,
    bytes: usize,
}

impl LeftOut {
    /// Finds the excluded paths of a source. Walks the tree only when a pattern can match.
    ///
    /// - `--exclude` takes precedence over files; a deeper file takes precedence over an upper one.
    /// - `.cobuildignore` files below the root count only when the root has one too.
    /// - Files that git tracks are included whatever `.gitignore` says, as in a clone.
    /// - `.git` is included, unless the plan leaves it out or a pattern names it exactly.
    /// - `ignores` is the answer of git when `.gitignore` files count.
    pub fn find(
        source: &SourcePlan,
        excludes: &Excludes,
        ignores: Option<Ignores>,
    ) -> Result<Self, ExcludeError> {
        let mut left_out = Self::default();
        if source.git != GitMetadata::Kept && source.host.join(".git").symlink_metadata().is_ok() {
            left_out.paths.insert(PathBuf::from(".git"));
        }
        if let Some(mut rules) = Rules::read(&source.host, excludes, ignores)? {
            left_out.walk(&source.host, &mut rules)?;
        }
        Ok(left_out)
    }

    /// Adds a path of the tree.
    pub fn insert(&mut self, path: PathBuf) {
        self.paths.insert(path);
    }

    /// Whether nothing stays behind.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// The paths, those of a directory next to each other.
    pub fn iter(&self) -> impl Iterator<Item = &Path> {
        self.paths.iter().map(PathBuf::as_path)
    }

    /// Whether this very path is left out.
    pub fn contains(&self, path: &Path) -> bool {
        self.paths.contains(path)
    }

    /// Whether a path, or a directory above it, is left out.
    pub fn covers(&self, path: &Path) -> bool {
        !self.paths.is_empty() && path.ancestors().any(|path| self.paths.contains(path))
    }

    /// Walks the tree, without recursion: it may be thousands of levels deep.
    fn walk(&mut self, root: &Path, rules: &mut Rules) -> Result<(), ExcludeError> {
        let mut steps = vec![Step::Enter {
            below: PathBuf::new(),
            untracked: false,
        }];
        while let Some(step) = steps.pop() {
            let Step::Enter { below, untracked } = step else {
                rules.leave();
                continue;
            };
            let directory = root.join(&below);
            let Some(entries) = entries(&directory)? else {
                continue;
            };
            rules.enter(&directory)?;
            steps.push(Step::Leave);
            for entry in entries {
                let path = below.join(entry.file_name());
                if self.paths.contains(&path) {
                    continue;
                }
                let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
                let verdict = rules.judge(&path, is_directory, untracked);
                if verdict.left_out {
                    self.bytes += path.as_os_str().len();
                    if self.paths.len() >= MOST_LEFT_OUT || self.bytes > MOST_BYTES {
                        return Err(ExcludeError::TooMuch(root.to_path_buf()));
                    }
                    self.paths.insert(path);
                } else if is_directory && entry.file_name() != OsStr::new(".git") {
                    steps.push(Step::Enter {
                        below: path,
                        untracked: verdict.untracked,
                    });
                }
            }
        }
        Ok(())
    }
}

/// A step of a walk.
enum Step {
    /// Into a directory; `untracked` when git ignores it, and only what is tracked stays in.
    Enter { below: PathBuf, untracked: bool },
    /// Out of the directory that was entered last.
    Leave,
}

/// Returns the entries of a directory, `None` when it disappeared. Reads all at once: a deep tree
/// would need a descriptor for each level.
fn entries(directory: &Path) -> Result<Option<Vec<DirEntry>>, ExcludeError> {
    match std::fs::read_dir(directory).and_then(Iterator::collect) {
        Ok(entries) => Ok(Some(entries)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ExcludeError::Unreadable {
            path: directory.to_path_buf(),
            source,
        }),
    }
}

/// Checks a pattern of `--exclude`.
pub fn check_pattern(pattern: &str) -> Result<(), ignore::Error> {
    ignore::gitignore::GitignoreBuilder::new("/")
        .add_line(None, pattern)
        .map(|_| ())
}

#[cfg(test)]
mod tests;
