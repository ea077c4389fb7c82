//! The state of the cache of a build.

use crate::cache::{LastRun, Namespace, Paths};
use crate::plan::cache::CachePaths;

/// The state of the cache from the first phase to the last.
#[derive(Debug)]
pub(in crate::runner) struct Caching {
    pub(super) namespace: Namespace,
    pub(super) paths: CachePaths,
    /// What is kept each by itself.
    pub(super) directories: Vec<Directory>,
    pub(super) record: LastRun,
    pub(super) saves: bool,
}

impl Caching {
    pub(super) fn paths(&self) -> Paths {
        self.record.paths.clone()
    }

    /// The directories of a local cache in the container, without the links that lead there.
    pub(in crate::runner) fn linked(&self) -> impl Iterator<Item = &str> {
        self.directories
            .iter()
            .map(|directory| directory.target.as_str())
    }
}

/// The totals of all saved archives.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct SavedTotals {
    pub(super) files: u64,
    pub(super) size: u64,
    pub(super) unpacked_size: u64,
}

/// A directory of the cache.
#[derive(Debug, Clone)]
pub(super) struct Directory {
    /// Its declared path in normal form; an entry of its own in the store.
    pub(super) paths: Paths,
    /// Its absolute path in the container.
    pub(super) place: String,
    /// The absolute path of its content in the container, to which its place is a link.
    pub(super) target: String,
    /// Where it is below the cache.
    pub(super) below: String,
}
