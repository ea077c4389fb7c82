//! Finds and removes what runs leave behind when they are killed, or keep for debugging.
//!
//! The belongings of a living run are never taken for leftovers:
//!
//! - An object in the engine says which process made it ([`crate::ownership`]); a dead process never lives again.
//!   What has no proof that this user's cobuild made it is told of, and left to people.
//! - A directory of the host, and an archive that is being written, is locked by whoever uses it. What is
//!   found here is locked until it is removed.
//! - A directory that was left to a container is read of before the containers are listed, so its
//!   container is among them when it is there.

mod host;
mod objects;
mod removal;

use std::path::PathBuf;

pub use removal::{RemovalError, remove};

use crate::cache::Unfinished;
use crate::engine::{ContainerId, Engine, EngineError};
use crate::ownership::Owner;
use crate::runner::{KeptScratch, Scratch};

/// The directories of this user's runs on the host.
#[derive(Debug, Clone)]
pub struct HostDirectories {
    pub scratch_root: PathBuf,
    pub cache_root: PathBuf,
}

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
    handle: Handle,
}

#[derive(Debug)]
enum Handle {
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

/// Finds all leftovers, as seen from the process `owner`.
///
/// `engine` is the engine, or the error that prevented the connection.
pub async fn find<E: Engine>(
    engine: Result<&E, EngineError>,
    owner: &Owner,
    places: &HostDirectories,
) -> LeftoverReport {
    let mut findings = LeftoverReport::default();
    let kept = crate::runner::kept(&places.scratch_root);
    let listed = match engine {
        Ok(engine) => objects::list(engine, owner, &places.scratch_root).await,
        Err(error) => Err(error),
    };
    match listed {
        Ok(objects) => {
            host::sort_kept(kept, &objects, &mut findings);
            findings.of_other_hosts = objects.of_other_hosts;
            findings.unproven = objects.unproven;
            findings.dead.extend(objects.dead);
            findings.living.extend(objects.living);
        }
        Err(error) => findings.not_looked_at = Some((error, kept.len())),
    }
    host::find(places, &mut findings);
    // Containers first: the objects that they use can be removed afterwards.
    findings.dead.sort_by_key(|found| found.leftover.kind);
    findings.living.sort_by_key(|found| found.leftover.kind);
    findings
}
