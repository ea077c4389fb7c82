//! Removes what builds leave: their own directories, and whatever a killed cobuild could not.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::RunSettings;
use super::cache::LAYERS_LABEL;
use super::sandbox::start;
use super::scratch::{Scratch, abandoned};
use crate::engine::{ContainerSpec, Engine, EngineError, Mount};
use crate::owner::{self, Standing};

/// How long a container may take to empty a directory.
const EMPTYING_LIMIT: Duration = Duration::from_mins(1);

/// How long an engine may take to remove what a build that was given up has left.
const FORSAKE_LIMIT: Duration = Duration::from_secs(2);

/// Removes what killed runs of this host left: their directories, containers that were created and
/// never started, and volumes that a killed engine forgot. Everything else of theirs went by itself.
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
    if let Err(error) = remove_volumes(engine, settings).await {
        tracing::debug!(%error, "cannot look for volumes of killed runs");
    }
}

async fn remove_volumes<E: Engine>(engine: &E, settings: &RunSettings) -> Result<(), EngineError> {
    for volume in engine.list_volumes(owner::BUILD).await? {
        // What keeps the layers of Docker in builds is there for the next one.
        let is_cache = volume.labels.contains_key(LAYERS_LABEL);
        if !is_cache && settings.owner.standing(&volume.labels) == Standing::Dead {
            match engine.remove_volume(&volume.name).await {
                // A container that was kept uses it.
                Err(error) if error.is_conflict() => {}
                removed => removed?,
            }
        }
    }
    Ok(())
}

async fn remove_unstarted<E: Engine>(
    engine: &E,
    settings: &RunSettings,
) -> Result<(), EngineError> {
    for container in engine
        .list_containers(owner::BUILD, Some("created"))
        .await?
    {
        if settings.owner.standing(&container.labels) == Standing::Dead {
            engine.remove_container(&container.id).await?;
        }
    }
    Ok(())
}

/// Removes a build's directory, and tells when that cannot be.
pub(super) async fn discard<E: Engine>(engine: &E, image: &str, scratch: &Scratch) {
    if let Err(error) = remove_scratch(Some(engine), Some(image), scratch).await {
        tracing::warn!(%error, path = %scratch.directory().display(), "cannot remove");
    }
}

/// Removes what a build that was given up has left, as far as that can be done at once; `build` is its
/// id. Nobody may hold its directories any more.
pub async fn forsake<E: Engine>(engine: &E, build: &str, settings: &RunSettings) {
    for scratch in abandoned(&settings.scratch_root) {
        remove(&scratch);
    }
    let removed = async {
        let label = format!("cobuild.build={build}");
        for container in engine.list_containers(&label, None).await? {
            engine.remove_container(&container.id).await?;
        }
        Ok::<_, EngineError>(())
    };
    match tokio::time::timeout(FORSAKE_LIMIT, removed).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "cannot remove the build container"),
        Err(_) => tracing::warn!("the engine does not remove the build container"),
    }
}

/// Removes a build's directory, through the engine where the build left what this user may not
/// remove: with the shell of the image that the build ran in, else of `image`.
pub async fn remove_scratch<E: Engine>(
    engine: Option<&E>,
    image: Option<&str>,
    scratch: &Scratch,
) -> io::Result<()> {
    let refused = match scratch.remove() {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => error,
        removed => return removed,
    };
    let image = scratch.image().or_else(|| image.map(str::to_owned));
    let (Some(engine), Some(image)) = (engine, image) else {
        return Err(refused);
    };
    let emptying = empty(engine, &image, scratch.directory().to_path_buf());
    match tokio::time::timeout(EMPTYING_LIMIT, emptying).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::debug!(%error, "cannot empty a build's directory through the engine");
        }
        Err(_) => tracing::debug!("emptying a build's directory through the engine takes too long"),
    }
    scratch.remove()
}

/// Removes a build's directory as far as this user may.
pub(super) fn remove(scratch: &Scratch) {
    if let Err(error) = scratch.remove() {
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
        labels: owner::Owner::this_process().labels(),
        mounts: BTreeMap::from([("/scratch".to_owned(), Mount::Bind(directory))]),
        ..ContainerSpec::default()
    };
    let (created, _attachment) = start(engine, &spec).await?;
    engine.wait_removed(&created.id).await
}
