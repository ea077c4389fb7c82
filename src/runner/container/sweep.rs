//! Removes the directories of builds, and the leftovers of a killed cobuild.

use std::io;
use std::time::Duration;

use crate::engine::{Engine, EngineError};
use crate::ownership::{self, MakerState, ObjectKind, Owner};
use crate::runner::Host;
use crate::runner::cache::LAYERS_LABEL;
use crate::runner::container::foreign_files;
use crate::runner::container::volume_ledger::{Ledger, is_of_container};
use crate::runner::sources::scratch::{Scratch, abandoned};

/// How long a directory may take to be emptied through the engine.
const EMPTYING_LIMIT: Duration = Duration::from_mins(1);

/// How long the removal of an abandoned build's container may take.
const FORSAKE_LIMIT: Duration = Duration::from_secs(2);

/// Removes the leftovers of killed runs on this host: directories, containers, and volumes that a
/// killed engine forgot. Most containers end by themselves, except those that never started and
/// those whose build stopped the processes that wait for cobuild's end.
///
/// `image` is a local image, used to remove directories that this user may not remove. Leftovers
/// that cannot be removed stay for the next sweep.
pub async fn sweep<E: Engine>(engine: &E, image: &str, host: &Host) {
    for scratch in abandoned(&host.scratch_root) {
        discard(engine, &host.owner, image, &scratch).await;
    }
    if let Err(error) = remove_containers(engine, &host.owner).await {
        tracing::debug!(%error, "cannot look for containers of killed runs");
    }
    if let Err(error) = remove_volumes(engine, host).await {
        tracing::debug!(%error, "cannot look for volumes of killed runs");
    }
}

async fn remove_volumes<E: Engine>(engine: &E, host: &Host) -> Result<(), EngineError> {
    let ledger = Ledger::beside(&host.scratch_root);
    let entered = ledger.volumes();
    for volume in engine.list_volumes(ownership::BUILD).await? {
        // Volumes with Docker layers are kept for the next build.
        if !volume.labels.contains_key(LAYERS_LABEL)
            && is_of_container(&volume, &host.owner, &host.scratch_root, &entered)
            && host.owner.standing(&volume.labels) == MakerState::Dead
        {
            match engine.remove_volume(&volume.name).await {
                // A container that was kept uses it.
                Err(error) if error.is_conflict() => {}
                removed => removed?,
            }
        }
    }
    ledger.tidy();
    Ok(())
}

async fn remove_containers<E: Engine>(engine: &E, owner: &Owner) -> Result<(), EngineError> {
    for container in engine.list_containers(ownership::BUILD, None).await? {
        let (name, labels) = (&container.name, &container.labels);
        if owner.has_made(ObjectKind::Container, name, labels)
            && !ownership::is_kept(name)
            && owner.standing(labels) == MakerState::Dead
            && let Err(error) = engine.remove_container(&container.id).await
        {
            // It is most likely being removed.
            tracing::debug!(%error, container = %container.id.short(), "cannot remove");
        }
    }
    Ok(())
}

/// Removes a build's directory, and warns when that fails.
pub(in crate::runner) async fn discard<E: Engine>(
    engine: &E,
    owner: &Owner,
    image: &str,
    scratch: &Scratch,
) {
    if let Err(error) = remove_scratch(Some(engine), owner, Some(image), scratch).await {
        tracing::warn!(%error, path = %scratch.directory().display(), "cannot remove");
    }
}

/// Removes the container of an abandoned build with the id `build`, if that is possible at once.
/// Its directories must be unlocked.
pub async fn forsake<E: Engine>(engine: &E, build: &str, host: &Host) {
    for scratch in abandoned(&host.scratch_root) {
        remove(&scratch);
    }
    let removed = async {
        let label = format!("{}={build}", ownership::BUILD);
        for container in engine.list_containers(&label, None).await? {
            let (name, labels) = (&container.name, &container.labels);
            if host.owner.has_made_for(build, name, labels) {
                engine.remove_container(&container.id).await?;
            }
        }
        Ok::<_, EngineError>(())
    };
    match tokio::time::timeout(FORSAKE_LIMIT, removed).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "cannot remove the build container"),
        Err(_) => tracing::warn!("the engine does not remove the build container"),
    }
}

/// Removes a build's directory; through the engine when it contains files that this user may not
/// remove, with the image of the build, else with `image`. The image is not run.
pub async fn remove_scratch<E: Engine>(
    engine: Option<&E>,
    owner: &Owner,
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
    let emptying = foreign_files::remove(engine, owner, &image, scratch);
    match tokio::time::timeout(EMPTYING_LIMIT, emptying).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => {
            tracing::debug!(%error, "cannot empty a build's directory through the engine");
        }
        Err(_) => tracing::debug!("emptying a build's directory through the engine takes too long"),
    }
    Err(refused)
}

/// Removes a build's directory as far as this user may.
pub(in crate::runner) fn remove(scratch: &Scratch) {
    if let Err(error) = scratch.remove() {
        tracing::warn!(%error, path = %scratch.directory().display(), "cannot remove");
    }
}
