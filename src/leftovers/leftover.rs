//! What a run left behind, with the handles to remove it.

use std::path::PathBuf;

use crate::cache::Unfinished;
use crate::engine::{ContainerId, EngineError};
use crate::runner::{KeptScratch, Scratch};

/// The kind of a leftover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftoverKind {
    Container,
    Volume,
    Network,
    /// An image that was made to try the engine with.
    Image,
    Directory,
    /// A file in the store of caches that is no cache.
    Cache,
}

impl LeftoverKind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Volume => "volume",
            Self::Network => "network",
            Self::Image => "image",
            Self::Directory => "directory",
            Self::Cache => "cache",
        }
    }
}

/// A leftover, for display.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    pub kind: LeftoverKind,
    /// What it goes by: an id, a name or a path.
    pub name: String,
    /// The build that it belongs to, when it says so.
    pub build: Option<String>,
    /// When it was made, in seconds since 1970, when that is known.
    pub created: Option<u64>,
    /// How large it is, in bytes, when that is known without much work.
    pub size: Option<u64>,
}

/// A leftover with the handle to remove it.
#[derive(Debug)]
pub struct RemovableLeftover {
    pub leftover: Leftover,
    pub(super) handle: Handle,
}

#[derive(Debug)]
pub(super) enum Handle {
    Container {
        id: ContainerId,
        image: String,
    },
    Volume,
    Network,
    Image,
    Directory(Scratch),
    /// Left to a container; taken over when that is gone.
    Kept(KeptScratch),
    Occupied(PathBuf),
    Unfinished(Unfinished),
}

/// All leftovers.
#[derive(Debug, Default)]
pub struct LeftoverReport {
    pub dead: Vec<RemovableLeftover>,
    /// What belongs to living runs, or to runs of which this process cannot tell.
    pub living: Vec<RemovableLeftover>,
    /// What is labelled as cobuild's, and may be anybody's.
    pub unproven: Vec<Leftover>,
    /// How many objects in the engine belong to other hosts.
    pub of_other_hosts: usize,
    /// Why the engine was not searched, with the number of directories that cannot be judged
    /// without it.
    pub not_looked_at: Option<(EngineError, usize)>,
}
