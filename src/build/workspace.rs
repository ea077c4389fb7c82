//! The directory of a build's own in which its sources are made.

use std::path::Path;
use std::time::Duration;

use uuid::Uuid;

use super::BuildError;
use crate::engine::ContainerId;
use crate::runner::Scratch;
use crate::settings::{Given, Sources};

/// How often, and how long apart, a directory is tried to be removed: a git that was just killed may
/// have helpers that still write.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// A directory below the scratch root. A killed run leaves it to the next sweep.
#[derive(Debug)]
pub(super) struct Workspace {
    scratch: Scratch,
}

impl Workspace {
    /// Makes the directory when any of the sources needs it.
    pub(super) fn open(root: &Path, sources: &Sources) -> Result<Option<Self>, BuildError> {
        if !sources.all().any(Given::needs_tree) {
            return Ok(None);
        }
        let name = format!("source-{}", Uuid::new_v4());
        match Scratch::create(root, &name) {
            Ok(scratch) => Ok(Some(Self { scratch })),
            Err(source) => Err(BuildError::Workspace {
                path: root.to_path_buf(),
                source,
            }),
        }
    }

    /// The directory.
    pub(super) fn directory(&self) -> &Path {
        self.scratch.directory()
    }

    /// Removes the directory, or leaves it to a container that lives on.
    pub(super) async fn close(self, kept: Option<&ContainerId>) {
        let Self { scratch } = self;
        let directory = scratch.directory().to_path_buf();
        let closed = match kept {
            Some(container) => scratch.keep(&container.0),
            None => remove(&scratch).await,
        };
        if let Err(error) = closed {
            tracing::warn!(%error, path = %directory.display(), "cannot remove");
        }
    }
}

async fn remove(scratch: &Scratch) -> std::io::Result<()> {
    for _ in 1..TRIES {
        if scratch.remove().is_ok() {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    scratch.remove()
}
