//! Reads what git tracks and ignores in a tree, apart from the tree's own pattern files.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};

use super::command::GitError;
use super::directory::{AllowedDirectories, DirectoryError, GitDirectory};
use super::index::{Index, IndexError};
use super::replica::Replica;
use crate::host::file;

/// How many nested repositories are read.
const MOST_REPOSITORIES: usize = 1_000;

/// The longest file of patterns that is read.
pub(in crate::source) const LONGEST_PATTERNS: u64 = 128 * 1024;

/// What git tracks and ignores in a tree.
#[derive(Debug, Default)]
pub struct Ignores {
    /// Root and index of each repository.
    indexes: Vec<(PathBuf, Index)>,
    /// Where the repository begins that the tree is in.
    pub(in crate::source) top: Option<PathBuf>,
    /// The patterns of `info/exclude`.
    pub(in crate::source) exclude: Option<Vec<u8>>,
}

impl Ignores {
    /// Whether git tracks a path or something below it; `path` is a full one.
    pub(in crate::source) fn tracks(&self, path: &Path) -> bool {
        self.indexes.iter().any(|(root, index)| {
            path.strip_prefix(root)
                .is_ok_and(|below| index.tracks(below))
        })
    }
}

/// Reads the repository of a tree and of its submodules. The result is empty without a repository
/// or without git. `make_place` gives paths for temporary directories.
///
/// Fails when an index cannot be read: the files that it tracks would be excluded.
pub async fn ignores(
    root: &Path,
    bounds: AllowedDirectories,
    make_place: &mut (dyn FnMut() -> io::Result<PathBuf> + Send),
) -> Result<Ignores, IndexError> {
    let mut ignores = Ignores::default();
    let top = root
        .ancestors()
        .find(|directory| directory.join(".git").symlink_metadata().is_ok());
    let Some(top) = top else {
        return Ok(ignores);
    };
    ignores.top = Some(top.to_path_buf());
    // Of a repository around the source nothing comes in.
    let bounds = if top == root {
        bounds
    } else {
        AllowedDirectories::of_directory(top, &[])
    };
    let mut waiting = VecDeque::from([top.to_path_buf()]);
    for _ in 0..MOST_REPOSITORIES {
        let Some(tree) = waiting.pop_front() else {
            break;
        };
        let git = match GitDirectory::locate(&tree, &mut bounds.clone()).await {
            Ok(Some(git)) => git,
            Ok(None) => continue,
            Err(DirectoryError::Git(GitError::Missing(error))) => {
                tracing::debug!(%error, "git cannot be run");
                return Ok(ignores);
            }
            Err(error) => {
                tracing::debug!(%error, "a tree has no git directory of its own");
                continue;
            }
        };
        if tree == top {
            // A user's own `core.excludesFile` is left alone: it says nothing of the project.
            ignores.exclude = file::open_beneath(&git.common, Path::new("info/exclude"))
                .and_then(|file| file::read_whole(file, LONGEST_PATTERNS))
                .ok();
        }
        let replica =
            Replica::of_index(&git, &make_place().map_err(IndexError::Unreadable)?).await?;
        let index = Index::read(&replica).await?;
        let below = index.submodules.iter().map(|path| tree.join(path));
        waiting.extend(below.filter(|path| is_plain(path)));
        ignores.indexes.push((tree, index));
    }
    Ok(ignores)
}

/// Whether no link leads to a path.
pub(super) fn is_plain(path: &Path) -> bool {
    path.canonicalize().is_ok_and(|full| full == path)
}
