//! Removes what builds leave: their own directories, and whatever a killed cobuild could not.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, test_kill_process};

use super::RunSettings;
use super::sandbox::start;
use super::scratch::{self, Scratch, abandoned};
use crate::engine::{ContainerId, ContainerSpec, Engine, EngineError, ListedContainer, Mount};

/// Removes what killed runs of this host left: their directories, and containers that were created
/// and never started. Everything else of theirs went by itself.
///
/// `image` is one the engine has; with it directories go that this user may not remove. What cannot
/// be removed stays for another time.
pub async fn sweep<E: Engine>(engine: &E, image: &str, settings: &RunSettings) {
    for scratch in abandoned(&settings.scratch_root) {
        discard(engine, image, &scratch).await;
    }
    if let Err(error) = remove_unstarted(engine, settings).await {
        tracing::debug!(%error, "cannot look for containers of killed runs");
    }
}

async fn remove_unstarted<E: Engine>(
    engine: &E,
    settings: &RunSettings,
) -> Result<(), EngineError> {
    for container in engine
        .list_containers("cobuild.pid", Some("created"))
        .await?
    {
        if is_orphan(&container, &settings.labels) {
            engine.remove_container(&container.id).await?;
        }
    }
    Ok(())
}

/// Removes what finished debugging sessions of this host left: their containers, which run on, and
/// the directories that those use. Returns the builds that are gone; with `dry_run` those that would
/// go.
pub async fn clean<E: Engine>(
    engine: &E,
    scratch_root: &Path,
    labels: &BTreeMap<String, String>,
    dry_run: bool,
) -> Result<Vec<Left>, EngineError> {
    let mut gone = Vec::new();
    let mut image = None;
    for container in engine.list_containers("cobuild.build", None).await? {
        if !is_orphan(&container, labels) {
            continue;
        }
        if !dry_run {
            engine.remove_container(&container.id).await?;
            engine.wait_removed(&container.id).await?;
        }
        image = Some(container.image);
        gone.push(Left::Container {
            id: container.id,
            build: container
                .labels
                .get("cobuild.build")
                .cloned()
                .unwrap_or_default(),
        });
    }
    for kept in scratch::kept(scratch_root) {
        let in_use = !dry_run && is_there(engine, &kept.container).await?;
        if in_use {
            continue;
        }
        gone.push(Left::Directory(kept.directory.clone()));
        if !dry_run && let Some(scratch) = kept.take_over() {
            discard(engine, image.as_deref().unwrap_or_default(), &scratch).await;
        }
    }
    Ok(gone)
}

/// Something that a debugging session left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// A build container.
    Container {
        /// Its id.
        id: ContainerId,
        /// Its build.
        build: String,
    },
    /// A directory of the host.
    Directory(PathBuf),
}

async fn is_there<E: Engine>(engine: &E, container: &str) -> Result<bool, EngineError> {
    let all = engine.list_containers("cobuild.build", None).await?;
    Ok(all.iter().any(|one| one.id.0 == container))
}

/// Whether the container belongs to a process of this host that is no more.
fn is_orphan(container: &ListedContainer, ours: &BTreeMap<String, String>) -> bool {
    let same_host = container.labels.get("cobuild.host") == ours.get("cobuild.host");
    let owner = container
        .labels
        .get("cobuild.pid")
        .and_then(|pid| Pid::from_raw(pid.parse().ok()?));
    same_host && owner.is_some_and(|pid| test_kill_process(pid) == Err(rustix::io::Errno::SRCH))
}

/// Removes a build's directory, through the engine where the build left what this user may not
/// remove.
pub(super) async fn discard<E: Engine>(engine: &E, image: &str, scratch: &Scratch) {
    let removed = match scratch.remove() {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            if let Err(error) = empty(engine, image, scratch.directory().to_path_buf()).await {
                tracing::debug!(%error, "cannot empty a build's directory through the engine");
            }
            scratch.remove()
        }
        removed => removed,
    };
    if let Err(error) = removed {
        tracing::warn!(%error, path = %scratch.directory().display(), "cannot remove");
    }
}

/// Empties a directory of the host with the power of the engine.
async fn empty<E: Engine>(engine: &E, image: &str, directory: PathBuf) -> Result<(), EngineError> {
    let spec = ContainerSpec {
        image: image.to_owned(),
        command: ["sh", "-c", "rm -rf /scratch/*"]
            .map(str::to_owned)
            .to_vec(),
        working_directory: "/".to_owned(),
        mounts: BTreeMap::from([("/scratch".to_owned(), Mount::Bind(directory))]),
        ..ContainerSpec::default()
    };
    let (created, _attachment) = start(engine, &spec).await?;
    engine.wait_removed(&created.id).await
}
