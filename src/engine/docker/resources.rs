//! Writes the resources of a container for the API.

use std::path::Path;

use bollard::models::{
    DeviceMapping, DeviceRequest, HostConfig, Mount as ApiMount, MountType, ResourcesUlimits,
};

use crate::engine::ContainerSpec;
use crate::resources::{Cpus, Device, Extras, Gpus, Memory, Ulimit, Volume};

/// Returns the host configuration with the resources; other fields keep their defaults.
pub(super) fn host_config(spec: &ContainerSpec) -> HostConfig {
    let Extras {
        network,
        hosts,
        dns,
        devices,
        gpus,
        shm_size,
        ulimits,
        volumes: _,
    } = &spec.extras;
    let memory = spec.limits.memory.map(api_bytes);
    HostConfig {
        nano_cpus: spec.limits.cpus.map(api_cpus),
        memory,
        // Memory and swap together: without swap a limit is what it says (assumed).
        memory_swap: memory,
        pids_limit: spec.limits.pids.map(i64::from),
        network_mode: network.clone(),
        extra_hosts: some(hosts.iter().map(ToString::to_string)),
        dns: some(dns.iter().map(ToString::to_string)),
        devices: some(devices.iter().map(api_device)),
        device_requests: gpus.as_ref().map(|gpus| vec![api_gpus(gpus)]),
        shm_size: shm_size.map(api_bytes),
        ulimits: some(ulimits.iter().map(api_ulimit)),
        ..HostConfig::default()
    }
}

/// A path of the host, mounted; an engine refuses one that is not there.
pub(super) fn api_volume(volume: &Volume) -> ApiMount {
    let Volume {
        host,
        target,
        read_only,
    } = volume;
    let text = |path: &Path| path.to_string_lossy().into_owned();
    ApiMount {
        typ: Some(MountType::BIND),
        source: Some(text(host)),
        target: Some(target.clone()),
        read_only: Some(*read_only),
        ..ApiMount::default()
    }
}

/// Engines have values of their own for what is left open, also when that is a list.
fn some<T>(items: impl Iterator<Item = T>) -> Option<Vec<T>> {
    let items: Vec<T> = items.collect();
    (!items.is_empty()).then_some(items)
}

fn api_bytes(bytes: Memory) -> i64 {
    i64::try_from(bytes.0).unwrap_or(i64::MAX)
}

fn api_cpus(cpus: Cpus) -> i64 {
    i64::try_from(cpus.billionths()).unwrap_or(i64::MAX)
}

fn api_device(device: &Device) -> DeviceMapping {
    DeviceMapping {
        path_on_host: Some(device.host.clone()),
        path_in_container: Some(device.container.clone()),
        cgroup_permissions: Some(device.permissions.clone()),
    }
}

fn api_gpus(gpus: &Gpus) -> DeviceRequest {
    let (count, device_ids) = match gpus {
        // The API's word for all of them.
        Gpus::All => (Some(-1), None),
        Gpus::Count(count) => (Some(i64::from(*count)), None),
        Gpus::Devices(devices) => (None, Some(devices.clone())),
    };
    DeviceRequest {
        count,
        device_ids,
        capabilities: Some(vec![vec!["gpu".to_owned()]]),
        ..DeviceRequest::default()
    }
}

fn api_ulimit(ulimit: &Ulimit) -> ResourcesUlimits {
    ResourcesUlimits {
        name: Some(ulimit.name.clone()),
        soft: Some(ulimit.soft),
        hard: Some(ulimit.hard),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::Limits;

    #[test]
    fn what_nobody_asks_for_is_left_to_the_engine() {
        let nothing = host_config(&ContainerSpec::default());
        assert_eq!(nothing, HostConfig::default());
    }

    #[test]
    fn what_is_asked_for_is_written_as_the_api_has_it() {
        let spec = ContainerSpec {
            limits: Limits {
                cpus: "1.5".parse().ok(),
                memory: "64m".parse().ok(),
                pids: Some(100),
            },
            extras: Extras {
                network: Some("none".to_owned()),
                hosts: vec!["db:10.0.0.5".parse().unwrap()],
                dns: vec!["10.0.0.1".parse().unwrap()],
                devices: vec!["/dev/fuse:/dev/f:r".parse().unwrap()],
                gpus: "device=0,1".parse().ok(),
                shm_size: "1g".parse().ok(),
                ulimits: vec!["nofile=10:20".parse().unwrap()],
                volumes: Vec::new(),
            },
            ..ContainerSpec::default()
        };
        let written = serde_json::to_value(host_config(&spec)).unwrap();
        let wanted = serde_json::json!({
            "NanoCpus": 1_500_000_000,
            "Memory": 64 << 20,
            "MemorySwap": 64 << 20,
            "PidsLimit": 100,
            "NetworkMode": "none",
            "ExtraHosts": ["db:10.0.0.5"],
            "Dns": ["10.0.0.1"],
            "Devices": [{
                "PathOnHost": "/dev/fuse", "PathInContainer": "/dev/f", "CgroupPermissions": "r",
            }],
            "DeviceRequests": [{ "DeviceIDs": ["0", "1"], "Capabilities": [["gpu"]] }],
            "ShmSize": 1 << 30,
            "Ulimits": [{ "Name": "nofile", "Soft": 10, "Hard": 20 }],
        });
        assert_eq!(written, wanted);
    }
}
