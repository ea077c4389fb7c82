//! The differences between Podman's API and Docker's.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use bollard::models::{SystemInfo, VolumeCreateRequest};

use super::errors::failed;
use crate::engine::{ContainerSpec, EngineError, Mount, Operation, Product};

/// The driver for logs that Podman alone has.
const LOG_DRIVER: &str = "k8s-file";

/// Returns the product of the engine. Podman names itself only in its version, which takes it a
/// second to collect; so other properties are used.
pub(super) fn product(info: &SystemInfo) -> Product {
    let log_drivers = info
        .plugins
        .as_ref()
        .and_then(|plugins| plugins.log.as_ref());
    if log_drivers.is_some_and(|drivers| drivers.iter().any(|driver| driver == LOG_DRIVER)) {
        return Product::Podman;
    }
    // Docker tells which containerd it stands on.
    let containerd = info.containerd_commit.as_ref();
    if containerd.is_some_and(|commit| commit.id.as_ref().is_some_and(|id| !id.is_empty())) {
        Product::Docker
    } else {
        Product::Other
    }
}

/// Returns whether the service at a socket runs as a plain user. Podman says so only in words of its own,
/// which the client library drops; but a socket is its maker's.
pub(super) fn is_of_a_plain_user(socket: &Path) -> bool {
    std::fs::metadata(socket).is_ok_and(|metadata| metadata.uid() != 0)
}

/// Creates missing named volumes: when Podman creates them with the container, they get no labels.
pub(super) async fn make_volumes(
    client: &bollard::Docker,
    spec: &ContainerSpec,
) -> Result<(), EngineError> {
    for mount in spec.mounts.values() {
        if let Mount::NamedVolume(volume) = mount {
            let request = VolumeCreateRequest {
                name: Some(volume.name.clone()),
                labels: Some(volume.labels.clone().into_iter().collect()),
                ..VolumeCreateRequest::default()
            };
            let made = client.create_volume(request).await;
            made.map_err(failed(Operation::CreateContainer))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_are_told_apart() {
        let docker = serde_json::json!({
            "Plugins": { "Log": ["json-file", "none"] }, "ContainerdCommit": { "ID": "1" }
        });
        let podman = serde_json::json!({
            "Plugins": { "Log": ["k8s-file", "none"] }, "ContainerdCommit": { "ID": "" }
        });
        let other = serde_json::json!({ "Plugins": {} });
        for (info, expected) in [
            (docker, Product::Docker),
            (podman, Product::Podman),
            (other, Product::Other),
        ] {
            let info: SystemInfo = serde_json::from_value(info).unwrap();
            assert_eq!(product(&info), expected);
        }
    }
}
