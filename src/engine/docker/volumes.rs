//! The operations on volumes.

use std::collections::HashMap;

use bollard::models::Volume;
use bollard::query_parameters::{
    InspectContainerOptions, ListContainersOptionsBuilder, ListVolumesOptionsBuilder,
    RemoveVolumeOptions,
};

use super::errors::failed;
use crate::engine::{ContainerId, EngineError, ListedVolume, Operation};

pub(super) async fn list(
    client: &bollard::Docker,
    label: &str,
) -> Result<Vec<ListedVolume>, EngineError> {
    let filters = HashMap::from([("label".to_owned(), vec![label.to_owned()])]);
    let options = ListVolumesOptionsBuilder::default()
        .filters(&filters)
        .build();
    let found = client
        .list_volumes(Some(options))
        .await
        .map_err(failed(Operation::ListVolumes))?;
    Ok(found
        .volumes
        .unwrap_or_default()
        .into_iter()
        .map(listed)
        .collect())
}

pub(super) async fn inspect(
    client: &bollard::Docker,
    name: &str,
) -> Result<Option<ListedVolume>, EngineError> {
    let inspected = client.inspect_volume(name).await;
    match inspected.map_err(failed(Operation::ListVolumes)) {
        Ok(volume) => Ok(Some(listed(volume))),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

fn listed(volume: Volume) -> ListedVolume {
    ListedVolume {
        name: volume.name,
        labels: volume.labels.into_iter().collect(),
        options: volume.options.into_iter().collect(),
    }
}

pub(super) async fn users(
    client: &bollard::Docker,
    name: &str,
) -> Result<Vec<ContainerId>, EngineError> {
    let filters = HashMap::from([("volume".to_owned(), vec![name.to_owned()])]);
    let options = ListContainersOptionsBuilder::default()
        .all(true)
        .filters(&filters)
        .build();
    let containers = client
        .list_containers(Some(options))
        .await
        .map_err(failed(Operation::ListContainers))?;
    Ok(containers
        .into_iter()
        .filter_map(|container| container.id.map(ContainerId))
        .collect())
}

pub(super) async fn nameless(
    client: &bollard::Docker,
    container: &ContainerId,
) -> Result<Vec<String>, EngineError> {
    let inspected = client
        .inspect_container(&container.0, None::<InspectContainerOptions>)
        .await
        .map_err(failed(Operation::InspectContainer))?;
    let mounts = inspected.mounts.unwrap_or_default().into_iter();
    let is_hash = |name: &String| name.len() == 64 && name.bytes().all(|it| it.is_ascii_hexdigit());
    Ok(mounts
        .filter_map(|mount| mount.name)
        .filter(is_hash)
        .collect())
}

pub(super) async fn remove(client: &bollard::Docker, name: &str) -> Result<(), EngineError> {
    let removed = client
        .remove_volume(name, None::<RemoveVolumeOptions>)
        .await
        .map_err(failed(Operation::RemoveVolume(name.to_owned())));
    match removed {
        Err(error) if !error.is_not_found() => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
