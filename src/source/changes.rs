//! Lists what a build changed in a source tree: the tree at the end is compared with a snapshot from
//! before the first command.
//!
//! Programs of the build's image tell what is there at the end, and its processes may still run: so
//! the list is bounded, and the caller can stop at any time.

mod shown;
mod snapshot;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::event::{Change, ChangeKind};
use shown::shown;
pub use snapshot::{DIRECTORY, FileFacts, LINK, REGULAR, Snapshot};

/// How many changes are listed, and how many bytes their paths may have together.
const MOST_CHANGES: usize = 50_000;
const MOST_BYTES: usize = 4 << 20;

/// How many bytes the paths may have of files whose content is asked for one by one.
const MOST_ASKED: usize = 1 << 20;

/// The longest path, as the kernel has it, and the longest name.
const LONGEST_PATH: usize = 4096;
const LONGEST_NAME: usize = 256;

/// What changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Sorted by path. A new or removed directory is one change; so is everything in `.git`.
    pub list: Vec<Change>,
    /// Why there may be others.
    pub incomplete: Option<Incomplete>,
}

/// Why a list of changes is not complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Incomplete {
    #[error("the list is limited to {MOST_CHANGES} changes")]
    Many,
    #[error("the search ended early because the build was cut short")]
    Stopped,
    #[error("the search ended early because the tree is endless, or the container answers no more")]
    Endless,
    #[error("paths longer than {LONGEST_PATH} bytes are skipped")]
    Deep,
}

/// What became of a file of the snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Unseen,
    Same,
    /// Its times are others. Its content may be the same.
    Touched,
    Modified,
    /// A directory became something else, or the other way round.
    Replaced,
}

/// The files whose content has to be looked at.
#[derive(Debug, PartialEq, Eq)]
pub enum Touched {
    /// Relative to the tree.
    These(Vec<PathBuf>),
    /// More than can be named.
    Many,
}

/// Compares a tree with its snapshot.
///
/// Contents, types and permissions count, but not owners and times. Git's index does not count
/// either: every `git status` writes it.
#[derive(Debug)]
pub struct Comparison<'a> {
    before: &'a Snapshot,
    fates: Vec<Fate>,
    touched: Vec<PathBuf>,
    /// How long the paths of the touched files are together.
    touched_length: usize,
    touched_many: bool,
    is_there: bool,
    changes: ChangeCollector,
}

impl<'a> Comparison<'a> {
    /// `before` is complete.
    pub fn new(before: &'a Snapshot) -> Self {
        Self {
            before,
            fates: vec![Fate::Unseen; before.len()],
            touched: Vec::new(),
            touched_length: 0,
            touched_many: false,
            is_there: false,
            changes: ChangeCollector::default(),
        }
    }

    /// Takes a file of the tree as it is now, a directory before what is in it. Returns whether more
    /// can be taken.
    pub fn see(&mut self, path: &Path, facts: FileFacts<'_>) -> bool {
        self.is_there |= path.as_os_str().is_empty();
        let is_directory = facts.is_directory();
        if is_directory && path.as_os_str().len() + LONGEST_NAME > LONGEST_PATH {
            self.changes.incomplete.get_or_insert(Incomplete::Deep);
        }
        let fate = match self.before.find(path) {
            Some(index) => {
                let fate = self.fate(path, index, facts);
                if let Some(slot) = self.fates.get_mut(index) {
                    *slot = fate;
                }
                fate
            }
            None => Fate::Unseen,
        };
        match fate {
            Fate::Unseen if self.had_parent(path) => {
                self.changes.add(path, is_directory, ChangeKind::Added);
            }
            Fate::Replaced => self.changes.add(path, is_directory, ChangeKind::Added),
            Fate::Touched => self.ask(path),
            Fate::Unseen | Fate::Same | Fate::Modified => {}
        }
        self.changes.has_room()
    }

    /// Whether the tree itself was seen.
    pub fn has_tree(&self) -> bool {
        self.is_there
    }

    /// Returns the files whose checksums are to be taken next.
    pub fn touched(&mut self) -> Touched {
        if self.touched_many {
            Touched::Many
        } else {
            Touched::These(std::mem::take(&mut self.touched))
        }
    }

    /// Takes the checksum of a file as it is now.
    pub fn see_checksum(&mut self, path: &Path, checksum: &[u8]) {
        let Some(index) = self.before.find(path) else {
            return;
        };
        let known = self.before.get(index).map(|record| record.checksum);
        if self.fates.get(index) == Some(&Fate::Touched)
            && known == Some(self.before.checksum(checksum))
        {
            self.fates[index] = Fate::Same;
        }
    }

    /// Returns the changes. What was not seen counts as gone, unless the search was stopped.
    pub fn finish(mut self, stopped: Option<Incomplete>) -> Changes {
        let incomplete = &mut self.changes.incomplete;
        if *incomplete != Some(Incomplete::Many) {
            *incomplete = stopped.or(*incomplete);
        }
        let is_whole = matches!(self.changes.incomplete, None | Some(Incomplete::Deep));
        let mut changes = std::mem::take(&mut self.changes);
        self.before.paths(|path| {
            let Some(index) = self.before.find(path) else {
                return true;
            };
            let was_directory = self.was_directory(index);
            match self.fates.get(index) {
                Some(Fate::Modified | Fate::Touched) => {
                    changes.add(path, was_directory, ChangeKind::Modified);
                }
                Some(Fate::Replaced) => changes.add(path, was_directory, ChangeKind::Deleted),
                Some(Fate::Unseen) if is_whole && self.has_parent(path) => {
                    changes.add(path, was_directory, ChangeKind::Deleted);
                }
                Some(Fate::Unseen | Fate::Same) | None => {}
            }
            changes.has_room()
        });
        changes.sorted()
    }

    /// Compares a file with its record.
    fn fate(&self, path: &Path, index: usize, facts: FileFacts<'_>) -> Fate {
        let Some(before) = self.before.get(index) else {
            return Fate::Same;
        };
        let now = self.before.record(path, facts);
        if now.is_directory != before.is_directory {
            Fate::Replaced
        } else if is_git(path) && now.is_directory {
            Fate::Same
        } else if now.shape != before.shape {
            Fate::Modified
        } else if now.stamp == before.stamp || !facts.is_regular() {
            Fate::Same
        } else {
            Fate::Touched
        }
    }

    /// Remembers a file whose content may have changed.
    fn ask(&mut self, path: &Path) {
        self.touched_length += path.as_os_str().len();
        self.touched_many |= self.touched_length > MOST_ASKED;
        if self.touched_many {
            self.touched = Vec::new();
        } else {
            self.touched.push(path.to_path_buf());
        }
    }

    fn was_directory(&self, index: usize) -> bool {
        self.before
            .get(index)
            .is_some_and(|record| record.is_directory)
    }

    /// Whether the directory that holds a new file is not new itself.
    fn had_parent(&self, path: &Path) -> bool {
        let parent = path.parent().and_then(|parent| self.before.find(parent));
        parent.is_some_and(|parent| self.was_directory(parent))
    }

    /// Whether the directory that held a file is still there.
    fn has_parent(&self, path: &Path) -> bool {
        let parent = path.parent().and_then(|parent| self.before.find(parent));
        parent.is_some_and(|parent| {
            let fate = self.fates.get(parent);
            self.was_directory(parent) && matches!(fate, Some(Fate::Same | Fate::Modified))
        })
    }
}

/// Collects changes within the limits.
#[derive(Debug, Default)]
struct ChangeCollector {
    /// Directories with a slash at the end.
    changes: Vec<(PathBuf, ChangeKind)>,
    /// The git directories that are among them.
    git: BTreeSet<PathBuf>,
    /// How long the paths of the changes are together.
    length: usize,
    incomplete: Option<Incomplete>,
}

impl ChangeCollector {
    fn has_room(&self) -> bool {
        self.incomplete != Some(Incomplete::Many)
    }

    /// Adds a change; one within a `.git` changes that as a whole.
    fn add(&mut self, path: &Path, is_directory: bool, kind: ChangeKind) {
        let Some(git) = path.ancestors().skip(1).filter(|path| is_git(path)).last() else {
            return self.push(path, is_directory, kind);
        };
        if !is_index(git, path) && self.git.insert(git.to_path_buf()) {
            self.push(git, true, ChangeKind::Modified);
        }
    }

    fn push(&mut self, path: &Path, is_directory: bool, kind: ChangeKind) {
        let mut path = path.as_os_str().to_owned();
        if is_directory {
            path.push("/");
        }
        self.length += path.len();
        if self.changes.len() >= MOST_CHANGES || self.length > MOST_BYTES {
            self.incomplete = Some(Incomplete::Many);
            return;
        }
        self.changes.push((path.into(), kind));
    }

    fn sorted(mut self) -> Changes {
        self.changes
            .sort_by(|(one, _), (other, _)| one.as_os_str().cmp(other.as_os_str()));
        let change = |(path, kind): (PathBuf, ChangeKind)| Change {
            kind,
            path: shown(&path),
        };
        Changes {
            list: self.changes.into_iter().map(change).collect(),
            incomplete: self.incomplete,
        }
    }
}

/// Whether a path is that of an index: of the repository in `git`, of a submodule or of a work tree.
fn is_index(git: &Path, path: &Path) -> bool {
    if path.file_name() != Some(OsStr::new("index")) {
        return false;
    }
    let below = path.strip_prefix(git).unwrap_or(path);
    let mut parts = below.parent().into_iter().flat_map(Path::iter);
    match parts.next().and_then(OsStr::to_str) {
        None => true,
        // A branch may have that name.
        Some("modules" | "worktrees") => !parts.any(|part| part == "refs" || part == "logs"),
        Some(_) => false,
    }
}

/// Whether a path is that of a `.git`.
fn is_git(path: &Path) -> bool {
    path.file_name() == Some(OsStr::new(".git"))
}

#[cfg(test)]
mod tests;
