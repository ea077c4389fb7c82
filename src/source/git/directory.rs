//! Finds the git directory of a tree, and proves that it belongs to the tree.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use super::command::GitError;
use super::settings::Settings;
use crate::host::file::{self, FileError};

/// The longest file that contains a path, in bytes.
const LONGEST_LINK: u64 = 64 * 1024;

/// The longest file of packed refs, in bytes.
const LONGEST_PACKED_REFS: u64 = 256 * 1024 * 1024;

/// The directories that may contain the git data of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedDirectories {
    /// Full paths: the source, what the user named, and what has been found to point back.
    within: Vec<PathBuf>,
    /// Whether a directory elsewhere that points back at the tree is the tree's.
    believes_back_links: bool,
}

impl AllowedDirectories {
    /// Allows a directory that the user named, and the further directories of `--git-dir`.
    pub fn of_directory(source: &Path, named: &[PathBuf]) -> Self {
        Self {
            within: named.iter().cloned().chain(full(source)).collect(),
            believes_back_links: true,
        }
    }

    /// Allows only the tree itself, which came from an archive: the user did not name other
    /// directories.
    pub fn of_made_tree(source: &Path) -> Self {
        Self {
            within: full(source).into_iter().collect(),
            believes_back_links: false,
        }
    }

    /// Whether a directory lies in one of these; `path` is a full path without links.
    pub(super) fn hold(&self, path: &Path) -> bool {
        self.within.iter().any(|within| path.starts_with(within))
    }

    fn add(&mut self, path: &Path) {
        self.within.push(path.to_path_buf());
    }
}

fn full(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok()
}

/// The git directory of a tree. All paths are full, without links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GitDirectory {
    /// What belongs to this tree alone: `HEAD`, the index.
    pub(super) own: PathBuf,
    /// What trees of one repository share: objects, refs, the configuration.
    pub(super) common: PathBuf,
    pub(super) settings: Settings,
}

/// Why a tree has no git directory that can be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum DirectoryError {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error("`{}` cannot be read: {source}", path.display())]
    Unreadable {
        /// The `.git`.
        path: PathBuf,
        #[source]
        source: FileError,
    },
    #[error("`{}` points to `{}`, which does not exist", link.display(), target.display())]
    Gone {
        /// The `.git`.
        link: PathBuf,
        target: PathBuf,
    },
    #[error("`{}` points to `{}`, which does not point back to it", link.display(), target.display())]
    OutOfBounds {
        /// The `.git`, or what in it leads elsewhere.
        link: PathBuf,
        target: PathBuf,
    },
}

impl GitDirectory {
    /// Finds the git directory of the tree `root`, `None` when it has none. Directories that prove
    /// to belong to the tree are allowed from then on.
    pub(super) async fn locate(
        root: &Path,
        bounds: &mut AllowedDirectories,
    ) -> Result<Option<Self>, DirectoryError> {
        let link = root.join(".git");
        let kind = match link.symlink_metadata() {
            Ok(found) => found.file_type(),
            Err(error) if is_nothing(&error) => return Ok(None),
            Err(error) => {
                return Err(DirectoryError::Unreadable {
                    path: link,
                    source: error.into(),
                });
            }
        };
        let target = if kind.is_file() {
            match link_target(root, ".git", "gitdir:") {
                Ok(target) => root.join(target),
                Err(source) => return Err(DirectoryError::Unreadable { path: link, source }),
            }
        } else {
            link.clone()
        };
        let Some(own) = full(&target).filter(|own| own.is_dir()) else {
            return Err(DirectoryError::Gone { link, target });
        };
        Self::of(own, Some(&link), bounds).await.map(Some)
    }

    /// Opens a bare repository; `None` when the directory does not look like one.
    pub(super) async fn bare(
        directory: &Path,
        bounds: &mut AllowedDirectories,
    ) -> Result<Option<Self>, DirectoryError> {
        let is_one = ["objects", "refs"]
            .iter()
            .all(|name| is_real_directory(&directory.join(name)))
            && file::open_beneath(directory, Path::new("HEAD")).is_ok();
        match full(directory) {
            Some(own) if is_one => Self::of(own, None, bounds).await.map(Some),
            Some(_) | None => Ok(None),
        }
    }

    /// Opens `own`, to which the `.git` at `link` points.
    async fn of(
        own: PathBuf,
        link: Option<&Path>,
        bounds: &mut AllowedDirectories,
    ) -> Result<Self, DirectoryError> {
        let common = common(&own)?;
        let settings = Settings::read(&common, &own).await?;
        let link = link.unwrap_or(&own);
        for part in [&own, &common] {
            if bounds.hold(part) {
                continue;
            }
            let is_proven = bounds.believes_back_links
                && (is_working_tree_of(&own, &common, link)
                    || (own == common && is_submodule_at(&own, &settings, link)));
            if !is_proven {
                return Err(DirectoryError::OutOfBounds {
                    link: link.to_path_buf(),
                    target: part.clone(),
                });
            }
            bounds.add(part);
        }
        Ok(Self {
            own,
            common,
            settings,
        })
    }

    /// Reads the commit of `HEAD` from the files in simple cases; otherwise git has to be asked.
    pub(super) fn head(&self) -> Option<String> {
        if self.settings.format().refs == Some("reftable") {
            return None;
        }
        let head = short_text(&self.own, Path::new("HEAD")).ok()?;
        if is_object_id(&head) {
            return Some(head);
        }
        let branch = head.strip_prefix("ref:")?.trim();
        if !branch.starts_with("refs/heads/") {
            return None;
        }
        match short_text(&self.common, Path::new(branch)) {
            Ok(commit) => Some(commit).filter(|commit| is_object_id(commit)),
            Err(error) if error.is_not_found() => packed(&self.common, branch),
            Err(_) => None,
        }
    }
}

/// The commit of a packed ref.
fn packed(common: &Path, name: &str) -> Option<String> {
    let file = file::open_beneath(common, Path::new("packed-refs")).ok()?;
    let mut lines = BufReader::new(file.take(LONGEST_PACKED_REFS));
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut lines).take(LONGEST_LINK).read_until(b'\n', &mut line);
        if read.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&line);
        let found = text.trim_end().split_once(' ');
        if let Some((commit, _)) = found.filter(|(commit, it)| *it == name && is_object_id(commit))
        {
            return Some(commit.to_owned());
        }
    }
}

/// Returns the directory that shares its objects with `own`, by the file that says so.
fn common(own: &Path) -> Result<PathBuf, DirectoryError> {
    let target = match short_text(own, Path::new("commondir")) {
        Ok(target) => own.join(target),
        Err(error) if error.is_not_found() => return Ok(own.to_path_buf()),
        Err(source) => {
            return Err(DirectoryError::Unreadable {
                path: own.join("commondir"),
                source,
            });
        }
    };
    match full(&target).filter(|common| common.is_dir()) {
        Some(common) => Ok(common),
        None => Err(DirectoryError::Gone {
            link: own.join("commondir"),
            target,
        }),
    }
}

/// Whether `own` is the directory in `common/worktrees` for the tree whose `.git` is `link`, and
/// points back to it.
fn is_working_tree_of(own: &Path, common: &Path, link: &Path) -> bool {
    let lies_there = own.parent() == Some(&common.join("worktrees"));
    lies_there
        && short_text(own, Path::new("gitdir")).is_ok_and(|back| is_same(&own.join(back), link))
}

/// Whether the repository `own` names the directory of `link` as its working tree.
fn is_submodule_at(own: &Path, settings: &Settings, link: &Path) -> bool {
    settings
        .work_tree()
        .is_some_and(|tree| is_same(&own.join(tree).join(".git"), link))
}

/// Whether two paths name one file, whose last part is not a link.
fn is_same(one: &Path, other: &Path) -> bool {
    let directory = |path: &Path| full(path.parent()?);
    one.file_name() == other.file_name()
        && directory(one).is_some()
        && directory(one) == directory(other)
}

/// Reads where the file `name` of a directory says that something is, after these words.
fn link_target(directory: &Path, name: &str, words: &str) -> Result<PathBuf, FileError> {
    let text = short_text(directory, Path::new(name))?;
    let Some(target) = text.strip_prefix(words) else {
        let error = io::Error::new(
            io::ErrorKind::InvalidData,
            format!("the file does not begin with `{words}`"),
        );
        return Err(error.into());
    };
    Ok(PathBuf::from(target.trim()))
}

/// Reads a file of one line, without what ends it.
pub(super) fn short_text(directory: &Path, below: &Path) -> Result<String, FileError> {
    let file = file::open_beneath(directory, below)?;
    let text = file::read_whole(file, LONGEST_LINK)?;
    Ok(String::from_utf8_lossy(&text).trim_end().to_owned())
}

/// Whether a path is a directory and no link to one.
pub(super) fn is_real_directory(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_dir())
}

pub(super) fn is_object_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_nothing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
