//! The directory in which the sources of a build are prepared.

use std::path::Path;
use std::time::Duration;

use uuid::Uuid;

use super::BuildError;
use crate::engine::ContainerId;
use crate::runner::Scratch;
use crate::settings::{SourceInput, Sources};

/// How often the removal of a directory is tried: helpers of a killed git may still write.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// A directory below the scratch root. The sweep of a later run removes it after a killed run.
#[derive(Debug)]
pub(super) struct Workspace {
    scratch: Scratch,
}

impl Workspace {
    /// Creates the directory when a source needs it.
    pub(super) fn open(root: &Path, sources: &Sources) -> Result<Option<Self>, BuildError> {
        if !sources.all().any(SourceInput::needs_tree) {
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

    pub(super) fn directory(&self) -> &Path {
        self.scratch.directory()
    }

    /// Removes the directory, or keeps it for a kept container.
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
