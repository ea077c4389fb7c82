//! The exclude patterns of a tree, and their verdict on a path.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder, Glob};

use super::error::ExcludeError;
use crate::host::file::{self, FileError};
use crate::plan::Excludes;
use crate::source::git::{Ignores, LONGEST_PATTERNS};

/// The limit for patterns in force at once, in bytes: compiled they take some five hundred times as
/// much.
const MOST_PATTERNS: u64 = 128 * 1024;

/// The file of a source with exclude patterns, in the syntax of `.gitignore`.
pub const IGNORE_FILE: &str = ".cobuildignore";

/// The pattern file of git.
const GIT_FILE: &str = ".gitignore";

/// The patterns in force in the current directory of the walk.
pub(super) struct Rules {
    root: PathBuf,
    given: Gitignore,
    /// Whether `.cobuildignore` files count.
    own_files: bool,
    /// What git knows, when `.gitignore` files count.
    git: Option<GitRules>,
    /// The files of each directory from the root down to here.
    levels: Vec<Level>,
    /// How many bytes of patterns may still come in force.
    room: u64,
}

/// The patterns of one directory.
struct Level {
    own: Option<Gitignore>,
    git: Option<Gitignore>,
    /// How many bytes their texts have.
    size: u64,
}

struct GitRules {
    ignores: Ignores,
    /// Patterns of the repository from above the tree, the nearest first.
    above: Vec<Gitignore>,
}

/// The verdict on a path.
pub(super) struct Verdict {
    pub(super) left_out: bool,
    /// It is a directory that git ignores, in for what is tracked below it.
    pub(super) untracked: bool,
}

impl Rules {
    /// Reads the patterns for a tree; `None` when none can match.
    pub(super) fn read(
        root: &Path,
        excludes: &Excludes,
        ignores: Option<Ignores>,
    ) -> Result<Option<Self>, ExcludeError> {
        let own_files = root.join(IGNORE_FILE).is_file();
        if !own_files && !excludes.respect_gitignore && excludes.patterns.is_empty() {
            return Ok(None);
        }
        let wrong = |source| ExcludeError::Pattern {
            path: root.to_path_buf(),
            source,
        };
        let size: usize = excludes.patterns.iter().map(String::len).sum();
        let left = MOST_PATTERNS.checked_sub(size as u64);
        let left = left.ok_or_else(|| ExcludeError::TooManyPatterns {
            path: root.to_path_buf(),
            most: MOST_PATTERNS,
        })?;
        let mut given = GitignoreBuilder::new(root);
        for pattern in &excludes.patterns {
            given.add_line(None, pattern).map_err(wrong)?;
        }
        Ok(Some(Self {
            given: given.build().map_err(wrong)?,
            root: root.to_path_buf(),
            own_files,
            git: ignores.map(|ignores| GitRules::read(root, ignores)),
            levels: Vec::new(),
            room: left,
        }))
    }

    /// Enters a directory and adds its patterns.
    pub(super) fn enter(&mut self, directory: &Path) -> Result<(), ExcludeError> {
        let mut level = Level {
            own: None,
            git: None,
            size: 0,
        };
        if self.own_files
            && let Some(text) = self.take_text(directory, IGNORE_FILE, &mut level)?
        {
            let (own, wrong) = compile(directory, &text);
            // A typing error in a pattern must not include files that should be excluded.
            if let Some(source) = wrong {
                let path = directory.join(IGNORE_FILE);
                return Err(ExcludeError::Pattern { path, source });
            }
            level.own = Some(own);
        }
        if self.git.is_some()
            && let Some(text) = self.take_text(directory, GIT_FILE, &mut level)?
        {
            level.git = Some(compile(directory, &text).0);
        }
        self.levels.push(level);
        Ok(())
    }

    /// Reads a pattern file within the limit.
    fn take_text(
        &mut self,
        directory: &Path,
        name: &str,
        level: &mut Level,
    ) -> Result<Option<Vec<u8>>, ExcludeError> {
        let too_many = || ExcludeError::TooManyPatterns {
            path: directory.join(name),
            most: MOST_PATTERNS,
        };
        let Some(text) = text(directory, name).map_err(|_| too_many())? else {
            return Ok(None);
        };
        let size = text.len() as u64;
        self.room = self.room.checked_sub(size).ok_or_else(too_many)?;
        level.size += size;
        Ok(Some(text))
    }

    /// Leaves the directory that was entered last.
    pub(super) fn leave(&mut self) {
        if let Some(level) = self.levels.pop() {
            self.room += level.size;
        }
    }

    /// Decides about a path of the current directory; `untracked` when git ignores that directory.
    pub(super) fn judge(&self, path: &Path, is_directory: bool, untracked: bool) -> Verdict {
        let full = self.root.join(path);
        let own = std::iter::once(&self.given)
            .chain(
                self.levels
                    .iter()
                    .rev()
                    .filter_map(|level| level.own.as_ref()),
            )
            .map(|patterns| patterns.matched(&full, is_directory))
            .find(|verdict| !verdict.is_none())
            .unwrap_or(Match::None);
        let left_out = match own {
            Match::Ignore(glob) => !is_git(path) || names_git(glob),
            Match::Whitelist(_) => false,
            Match::None => {
                let ignored = untracked || self.git_ignores(&full, path, is_directory);
                let tracked = |git: &GitRules| git.ignores.tracks(&full);
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
            .filter_map(|level| level.git.as_ref())
            .chain(&git.above)
            .map(|patterns| patterns.matched(full, is_directory))
            .find(|verdict| !verdict.is_none())
            .is_some_and(|verdict| verdict.is_ignore())
    }
}

impl GitRules {
    fn read(root: &Path, ignores: Ignores) -> Self {
        let mut above = Vec::new();
        if let Some(top) = &ignores.top {
            above.extend(
                root.ancestors()
                    .skip(1)
                    .take_while(|directory| directory.starts_with(top))
                    .filter_map(|directory| {
                        let text = text(directory, GIT_FILE).ok()??;
                        Some(compile(directory, &text).0)
                    }),
            );
            above.extend(ignores.exclude.as_deref().map(|text| compile(top, text).0));
        }
        Self { ignores, above }
    }
}

/// Reads a pattern file, `None` when there is none; fails only with [`FileError::TooLong`].
fn text(directory: &Path, name: &str) -> Result<Option<Vec<u8>>, FileError> {
    // As git reads none through a link.
    let text = file::open_beneath(directory, Path::new(name))
        .and_then(|file| file::read_whole(file, LONGEST_PATTERNS));
    match text {
        Err(error @ FileError::TooLong(_)) => Err(error),
        text => Ok(text.ok()),
    }
}

/// Compiles the patterns of a directory, and returns the errors of invalid ones.
fn compile(directory: &Path, text: &[u8]) -> (Gitignore, Option<ignore::Error>) {
    let mut builder = GitignoreBuilder::new(directory);
    let mut wrong = None;
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    for line in String::from_utf8_lossy(text).lines() {
        if let Err(error) = builder.add_line(None, line) {
            wrong.get_or_insert(error);
        }
    }
    match builder.build() {
        Ok(patterns) => (patterns, wrong),
        Err(error) => (Gitignore::empty(), Some(error)),
    }
}

fn is_git(path: &Path) -> bool {
    path.file_name() == Some(OsStr::new(".git"))
}

/// Whether a pattern names `.git` explicitly.
fn names_git(glob: &Glob) -> bool {
    let pattern = glob.original().trim_end_matches('/');
    pattern == ".git" || pattern.ends_with("/.git")
}
