//! Writes the request that creates a container.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigLogConfig, Mount as ApiMount, MountType,
    MountVolumeOptions, MountVolumeOptionsDriverConfig,
};

use super::resources::{api_volume, host_config};
use crate::engine::{ContainerSpec, CopyOnWrite, Mount, OVERLAY_FEATURES, escape_option as escape};

/// The request for a container.
pub(super) fn create_body(spec: &ContainerSpec) -> ContainerCreateBody {
    let tmpfs: HashMap<String, String> = spec
        .mounts
        .iter()
        .filter(|(_, mount)| matches!(mount, Mount::Memory))
        .map(|(target, _)| (target.clone(), "exec,mode=755".to_owned()))
        .collect();
    ContainerCreateBody {
        image: Some(spec.image.clone()),
        // A non-empty entrypoint with an empty command keeps the image's own out of it.
        entrypoint: Some(spec.command.clone()),
        cmd: Some(Vec::new()),
        env: Some(api_environment(&spec.environment)),
        user: Some("0".to_owned()),
        working_dir: Some(spec.working_directory.clone()),
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        open_stdin: Some(true),
        stdin_once: Some(true),
        labels: Some(spec.labels.clone().into_iter().collect()),
        host_config: Some(HostConfig {
            auto_remove: Some(true),
            init: spec.init.then_some(true),
            privileged: Some(spec.privileged),
            mounts: Some(mounts(spec)),
            tmpfs: Some(tmpfs),
            // The default driver costs a chatty build several times its own time.
            log_config: Some(HostConfigLogConfig {
                typ: Some("none".to_owned()),
                config: None,
            }),
            ..host_config(spec)
        }),
        ..ContainerCreateBody::default()
    }
}

/// Variables as the API writes them.
pub(super) fn api_environment(variables: &[(String, String)]) -> Vec<String> {
    variables
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect()
}

fn mounts(spec: &ContainerSpec) -> Vec<ApiMount> {
    let volumes = spec.extras.volumes.iter().map(api_volume);
    let mounts = spec.mounts.iter();
    mounts
        .filter_map(|(target, mount)| api_mount(target, mount, &spec.labels))
        .chain(volumes)
        .collect()
}

/// Volumes without a name have the labels of their container: a daemon that was killed forgets to
/// remove them with it.
fn api_mount(target: &str, mount: &Mount, labels: &BTreeMap<String, String>) -> Option<ApiMount> {
    let target = Some(target.to_owned());
    let labels = Some(labels.clone().into_iter().collect());
    match mount {
        Mount::Bind(source) => Some(ApiMount {
            typ: Some(MountType::BIND),
            source: Some(source.to_string_lossy().into_owned()),
            target,
            ..ApiMount::default()
        }),
        Mount::CopyOnWrite(overlay) => {
            let data = overlay_data(overlay);
            let options =
                BTreeMap::from([("type", "overlay"), ("device", "overlay"), ("o", &data)]);
            Some(ApiMount {
                typ: Some(MountType::VOLUME),
                target,
                volume_options: Some(MountVolumeOptions {
                    no_copy: Some(true),
                    labels,
                    driver_config: Some(MountVolumeOptionsDriverConfig {
                        name: Some("local".to_owned()),
                        options: Some(
                            options
                                .into_iter()
                                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                                .collect(),
                        ),
                    }),
                    ..MountVolumeOptions::default()
                }),
                ..ApiMount::default()
            })
        }
        Mount::Volume => Some(ApiMount {
            typ: Some(MountType::VOLUME),
            target,
            volume_options: Some(MountVolumeOptions {
                labels,
                ..MountVolumeOptions::default()
            }),
            ..ApiMount::default()
        }),
        Mount::NamedVolume(volume) => Some(ApiMount {
            typ: Some(MountType::VOLUME),
            source: Some(volume.name.clone()),
            target,
            volume_options: Some(MountVolumeOptions {
                labels: Some(volume.labels.clone().into_iter().collect()),
                ..MountVolumeOptions::default()
            }),
            ..ApiMount::default()
        }),
        Mount::Memory => None,
    }
}

/// The options of an overlay mount.
fn overlay_data(overlay: &CopyOnWrite) -> String {
    let path = |path: &PathBuf| escape(&path.to_string_lossy());
    let lower: Vec<String> = overlay.lower.iter().map(path).collect();
    let features = OVERLAY_FEATURES.map(|feature| format!(",{feature}=on"));
    format!(
        "lowerdir={},upperdir={},workdir={}{}",
        lower.join(":"),
        path(&overlay.upper),
        path(&overlay.work),
        features.concat()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_an_overlay_may_hold_what_separates_them() {
        let overlay = CopyOnWrite {
            lower: vec!["/top".into(), "/a,b:c\\d".into()],
            upper: "/u,".into(),
            work: "/w".into(),
        };
        assert_eq!(
            overlay_data(&overlay),
            "lowerdir=/top:/a\\,b\\:c\\\\d,upperdir=/u\\,,workdir=/w,metacopy=on,redirect_dir=on,index=on"
        );
    }
}
