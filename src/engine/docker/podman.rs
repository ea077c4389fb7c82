//! The differences between Podman's API and Docker's.

use bollard::models::{ContainerCreateBody, SystemInfo, VolumeCreateRequest};

use super::errors::failed;
use crate::engine::{ContainerSpec, CopyOnWrite, EngineError, Mount, Operation, Product};

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

/// Adapts the request for a container to Podman.
///
/// For a mount with driver options, Podman silently creates an empty volume; its overlays are binds
/// with options. Fails with a refusal when a bind cannot express the mount.
pub(super) fn adapt(
    mut body: ContainerCreateBody,
    spec: &ContainerSpec,
) -> Result<ContainerCreateBody, EngineError> {
    let overlays = spec
        .mounts
        .iter()
        .filter_map(|(target, mount)| match mount {
            Mount::CopyOnWrite(overlay) => Some((target, overlay)),
            _ => None,
        });
    let binds: Vec<String> = overlays
        .map(|(target, overlay)| bind(target, overlay))
        .collect::<Result<_, _>>()
        .map_err(|reason| EngineError {
            operation: Operation::CreateContainer,
            status: None,
            source: format!("cannot mount an overlay: {reason}").into(),
        })?;
    let Some(host) = body.host_config.as_mut().filter(|_| !binds.is_empty()) else {
        return Ok(body);
    };
    if let Some(mounts) = &mut host.mounts {
        mounts.retain(|mount| {
            let options = mount.volume_options.as_ref();
            options.is_none_or(|options| options.driver_config.is_none())
        });
    }
    host.binds.get_or_insert_default().extend(binds);
    Ok(body)
}

/// Writes an overlay as a bind of Podman: one lower directory, one for the changes.
fn bind(target: &str, overlay: &CopyOnWrite) -> Result<String, &'static str> {
    let [lower] = overlay.lower.as_slice() else {
        return Err("Podman mounts one directory as an overlay and cannot leave files out of it");
    };
    if !overlay.without.is_empty() {
        return Err("Podman cannot turn off features of overlays");
    }
    let [lower, upper, work] =
        [lower, &overlay.upper, &overlay.work].map(|path| path.to_string_lossy());
    if [&lower, &upper, &work, &target.into()]
        .iter()
        .any(|path| path.contains([':', ',']))
    {
        return Err("Podman cannot mount a path that contains `:` or `,`");
    }
    Ok(format!(
        "{lower}:{target}:O,upperdir={upper},workdir={work}"
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::create_body::create_body;
    use super::*;
    use crate::engine::Refusal;

    fn overlay() -> CopyOnWrite {
        CopyOnWrite {
            lower: vec!["/lower".into()],
            upper: "/upper".into(),
            work: "/work".into(),
            without: Vec::new(),
        }
    }

    fn adapted(overlay: CopyOnWrite) -> Result<ContainerCreateBody, EngineError> {
        let spec = ContainerSpec {
            mounts: BTreeMap::from([
                ("/source".to_owned(), Mount::CopyOnWrite(overlay)),
                ("/bind".to_owned(), Mount::Bind("/host".into())),
                ("/volume".to_owned(), Mount::Volume),
            ]),
            ..ContainerSpec::default()
        };
        adapt(create_body(&spec), &spec)
    }

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

    #[test]
    fn an_overlay_is_a_bind_of_its_own_kind_and_the_rest_stays() {
        let host = adapted(overlay()).unwrap().host_config.unwrap();
        assert_eq!(
            host.binds.unwrap(),
            ["/lower:/source:O,upperdir=/upper,workdir=/work"]
        );
        let targets: Vec<_> = host
            .mounts
            .unwrap()
            .into_iter()
            .map(|it| it.target)
            .collect();
        assert_eq!(
            targets,
            [Some("/bind".to_owned()), Some("/volume".to_owned())]
        );
    }

    #[test]
    fn what_cannot_be_said_is_a_refusal() {
        let two = CopyOnWrite {
            lower: vec!["/top".into(), "/lower".into()],
            ..overlay()
        };
        let colon = CopyOnWrite {
            upper: "/a:b".into(),
            ..overlay()
        };
        let without = CopyOnWrite {
            without: vec!["metacopy"],
            ..overlay()
        };
        for overlay in [two, colon, without] {
            let error = adapted(overlay).unwrap_err();
            assert_eq!(error.refusal(), Some(Refusal::CopyOnWrite), "{error:?}");
        }
    }
}
