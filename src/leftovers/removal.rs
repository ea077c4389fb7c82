//! Removes leftovers.

use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use super::leftover::{Handle, Leftover, RemovableLeftover};
use crate::engine::{ContainerId, Engine, EngineError};
use crate::ownership::Owner;
use crate::runner::{Scratch, abandoned, occupied, remove_scratch};

/// How long the removal of a container may take.
const REMOVAL_LIMIT: Duration = Duration::from_secs(20);

/// How long a run may take to end and clean up after its container was removed.
const ENDING_LIMIT: Duration = Duration::from_secs(20);

/// How often to check whether it has ended.
const ENDING_POLL: Duration = Duration::from_millis(50);

/// Why a leftover cannot be removed.
#[derive(Debug, thiserror::Error)]
pub enum RemovalError {
    #[error("{}", .0.reason())]
    Engine(#[from] EngineError),
    #[error("{0}")]
    Host(#[from] std::io::Error),
    #[error("the engine did not finish removing it in time")]
    TooSlow,
    #[error("its run is still going on")]
    RunGoesOn,
    #[error("the engine cannot be reached")]
    NoEngine,
}

/// Removes leftovers in order, and returns the result for each. A missing one is no error.
pub async fn remove<E: Engine>(
    engine: Option<&E>,
    owner: &Owner,
    found: Vec<RemovableLeftover>,
    scratch_root: &Path,
) -> Vec<(Leftover, Result<(), RemovalError>)> {
    let mut image = None;
    let mut done = Vec::new();
    let mut deadline = None;
    for RemovableLeftover { leftover, handle } in found {
        if let Handle::Container { image: its, .. } = &handle {
            image = Some(its.clone());
        }
        if matches!(handle, Handle::Occupied(_)) {
            deadline.get_or_insert_with(|| Instant::now() + ENDING_LIMIT);
        }
        let removal = Removal {
            engine,
            owner,
            deadline,
            image: image.as_deref(),
            scratch_root,
        };
        let removed = removal.remove(&leftover, handle).await;
        done.push((leftover, removed));
    }
    done
}

struct Removal<'a, E> {
    engine: Option<&'a E>,
    owner: &'a Owner,
    image: Option<&'a str>,
    scratch_root: &'a Path,
    /// Until when runs may end that have just lost their containers.
    deadline: Option<Instant>,
}

impl<E: Engine> Removal<'_, E> {
    async fn remove(&self, leftover: &Leftover, handle: Handle) -> Result<(), RemovalError> {
        let engine = || self.engine.ok_or(RemovalError::NoEngine);
        match handle {
            Handle::Container { id, .. } => container(engine()?, &id).await,
            Handle::Volume => Ok(engine()?.remove_volume(&leftover.name).await?),
            Handle::Network => Ok(engine()?.remove_network(&leftover.name).await?),
            Handle::Image => Ok(engine()?.remove_image(&leftover.name).await?),
            Handle::Directory(scratch) => self.directory(&scratch).await,
            Handle::Kept(kept) => match kept.take_over()? {
                Some(scratch) => self.directory(&scratch).await,
                None => Ok(()),
            },
            Handle::Occupied(path) => self.occupied(&path).await,
            Handle::Unfinished(unfinished) => {
                unfinished.remove()?;
                Ok(())
            }
        }
    }

    async fn directory(&self, scratch: &Scratch) -> Result<(), RemovalError> {
        Ok(remove_scratch(self.engine, self.owner, self.image, scratch).await?)
    }

    /// Handles a directory whose run has just lost its container: most runs remove it themselves.
    async fn occupied(&self, path: &Path) -> Result<(), RemovalError> {
        let ended = async {
            while occupied(self.scratch_root).iter().any(|it| it == path) {
                tokio::time::sleep(ENDING_POLL).await;
            }
        };
        let deadline = self.deadline.unwrap_or_else(Instant::now);
        tokio::time::timeout_at(deadline, ended)
            .await
            .map_err(|_| RemovalError::RunGoesOn)?;
        let left = abandoned(self.scratch_root);
        match left.iter().find(|scratch| scratch.directory() == path) {
            Some(scratch) => self.directory(scratch).await,
            None => Ok(()),
        }
    }
}

async fn container<E: Engine>(engine: &E, id: &ContainerId) -> Result<(), RemovalError> {
    let gone = async {
        engine.remove_container(id).await?;
        engine.wait_removed(id).await
    };
    match tokio::time::timeout(REMOVAL_LIMIT, gone).await {
        Ok(gone) => Ok(gone?),
        Err(_) => Err(RemovalError::TooSlow),
    }
}
