//! The directory of a build's own in which its sources are made.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use uuid::Uuid;

use super::Failure;
use crate::engine::ContainerId;
use crate::runner::Scratch;
use crate::settings::{Given, Sources};

/// How often, and how long apart, a directory is tried to be removed: a git that was just killed may
/// have helpers that still write.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// A directory below the cache directory, when one is needed. A killed run leaves it to the next
/// sweep.
#[derive(Debug)]
pub(super) struct Workspace {
    scratch: Option<Scratch>,
}

impl Workspace {
    /// Makes the directory when any of the sources needs it.
    pub(super) fn open(root: &Path, sources: &Sources) -> Result<Self, Failure> {
        if !sources.all().any(Given::needs_tree) {
            return Ok(Self { scratch: None });
        }
        let name = format!("source-{}", Uuid::new_v4());
        let scratch = Scratch::create(root, &name)
            .with_context(|| format!("cannot use `{}`", root.display()))
            .map_err(Failure::no_verdict)?;
        Ok(Self {
            scratch: Some(scratch),
        })
    }

    /// The directory.
    pub(super) fn directory(&self) -> Option<&Path> {
        self.scratch.as_ref().map(Scratch::directory)
    }

    /// Removes the directory, or leaves it to a container that lives on.
    pub(super) async fn close(self, kept: Option<&ContainerId>) {
        let Some(scratch) = self.scratch else {
            return;
        };
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
