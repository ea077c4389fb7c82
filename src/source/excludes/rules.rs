//! The patterns that hold in a tree, and what they say of a path.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder, Glob};

use super::{ExcludeError, IGNORE_FILE};
use crate::plan::Excludes;
use crate::source::working_tree;

/// The patterns that hold in the directory that is walked.
pub(super) struct Rules {
    root: PathBuf,
    given: Gitignore,
    /// Whether `.cobuildignore` files count.
    own_files: bool,
    /// What git knows, when `.gitignore` files count.
    git: Option<GitRules>,
    /// The files of each directory from the root down to here: ours, and git's.
    levels: Vec<(Option<Gitignore>, Option<Gitignore>)>,
}

struct GitRules {
    /// Tracked files and the directories above them.
    tracked: HashSet<PathBuf>,
    /// Patterns of the repository from above the tree, the nearest first.
    above: Vec<Gitignore>,
}

/// What the rules say of a path.
pub(super) struct Verdict {
    /// It stays behind.
    pub(super) left_out: bool,
    /// It is a directory that git ignores, in for what is tracked below it.
    pub(super) untracked: bool,
}

impl Rules {
    /// Reads what holds in a tree; `None` when nothing of it can stay behind.
    pub(super) fn read(root: &Path, excludes: &Excludes) -> Result<Option<Self>, ExcludeError> {
        let own_files = root.join(IGNORE_FILE).is_file();
        if !own_files && !excludes.respect_gitignore && excludes.patterns.is_empty() {
            return Ok(None);
        }
        let wrong = |source| ExcludeError::Pattern {
            path: root.to_path_buf(),
            source,
        };
        let mut given = GitignoreBuilder::new(root);
        for pattern in &excludes.patterns {
            given.add_line(None, pattern).map_err(wrong)?;
        }
        Ok(Some(Self {
            given: given.build().map_err(wrong)?,
            root: root.to_path_buf(),
            own_files,
            git: excludes.respect_gitignore.then(|| GitRules::read(root)),
            levels: Vec::new(),
        }))
    }

    /// Takes the patterns of a directory in; what is judged next lies in it.
    pub(super) fn enter(&mut self, directory: &Path) -> Result<(), ExcludeError> {
        let own = match self.own_files.then(|| patterns(directory, IGNORE_FILE)) {
            Some(Some((own, None))) => Some(own),
            // What should stay behind may not come in for a typing error.
            Some(Some((_, Some(source)))) => {
                let path = directory.join(IGNORE_FILE);
                return Err(ExcludeError::Pattern { path, source });
            }
            Some(None) | None => None,
        };
        let git = self
            .git
            .as_ref()
            .and_then(|_| Some(patterns(directory, ".gitignore")?.0));
        self.levels.push((own, git));
        Ok(())
    }

    /// Forgets the patterns of the directory that was entered last.
    pub(super) fn leave(&mut self) {
        self.levels.pop();
    }

    /// Judges a path of the directory that was entered last; `untracked` when git ignores that one.
    pub(super) fn judge(&self, path: &Path, is_directory: bool, untracked: bool) -> Verdict {
        let full = self.root.join(path);
        let own = std::iter::once(&self.given)
            .chain(
                self.levels
                    .iter()
                    .rev()
                    .filter_map(|level| level.0.as_ref()),
            )
            .map(|patterns| patterns.matched(&full, is_directory))
            .find(|verdict| !verdict.is_none())
            .unwrap_or(Match::None);
        let left_out = match own {
            Match::Ignore(glob) => !is_git(path) || names_git(glob),
            Match::Whitelist(_) => false,
            Match::None => {
                let ignored = untracked || self.git_ignores(&full, path, is_directory);
                let tracked = |git: &GitRules| git.tracked.contains(path);
                return Verdict {
                    left_out: ignored && !self.git.as_ref().is_some_and(tracked),
                    untracked: ignored,
                };
            }
        };
        Verdict {
            left_out,
            untracked: false,
        }
    }

    fn git_ignores(&self, full: &Path, path: &Path, is_directory: bool) -> bool {
        let Some(git) = self.git.as_ref().filter(|_| !is_git(path)) else {
            return false;
        };
        self.levels
            .iter()
            .rev()
            .filter_map(|level| level.1.as_ref())
            .chain(&git.above)
            .map(|patterns| patterns.matched(full, is_directory))
            .find(|verdict| !verdict.is_none())
            .is_some_and(|verdict| verdict.is_ignore())
    }
}

impl GitRules {
    fn read(root: &Path) -> Self {
        let mut above = Vec::new();
        let top = root
            .ancestors()
            .find(|directory| directory.join(".git").exists());
        if let Some(top) = top {
            above.extend(
                root.ancestors()
                    .skip(1)
                    .take_while(|directory| directory.starts_with(top))
                    .filter_map(|directory| Some(patterns(directory, ".gitignore")?.0)),
            );
            // A user's own `core.excludesFile` is left alone: it says nothing of the project.
            if let Some(file) = working_tree::exclude_file(root) {
                let mut builder = GitignoreBuilder::new(top);
                builder.add(file);
                above.extend(builder.build());
            }
        }
        Self {
            tracked: tracked(root),
            above,
        }
    }
}

/// What git tracks below a directory, and the directories above that.
fn tracked(root: &Path) -> HashSet<PathBuf> {
    let mut tracked = HashSet::new();
    for name in working_tree::tracked(root).split(|byte| *byte == 0) {
        let path = Path::new(OsStr::from_bytes(name));
        for path in path.ancestors() {
            if !tracked.insert(path.to_path_buf()) {
                break;
            }
        }
    }
    tracked
}

/// The patterns of a file, and what is wrong with some of them; `None` when there is no such file.
fn patterns(directory: &Path, name: &str) -> Option<(Gitignore, Option<ignore::Error>)> {
    let file = directory.join(name);
    // As git reads none through a link.
    if !file.symlink_metadata().is_ok_and(|found| found.is_file()) {
        return None;
    }
    let mut builder = GitignoreBuilder::new(directory);
    let wrong = builder.add(file);
    match builder.build() {
        Ok(patterns) => Some((patterns, wrong)),
        Err(error) => Some((Gitignore::empty(), Some(error))),
    }
}

fn is_git(path: &Path) -> bool {
    path.file_name() == Some(OsStr::new(".git"))
}

/// Whether a pattern is meant for `.git`, and does not only happen to match it.
fn names_git(glob: &Glob) -> bool {
    let pattern = glob.original().trim_end_matches('/');
    pattern == ".git" || pattern.ends_with("/.git")
}
