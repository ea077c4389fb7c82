//! Devices of the engine's host.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ResourceError;
use crate::wire::text_form;

/// A device of the host, as the container has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// Its path on the host.
    pub host: String,
    /// Its path in the container.
    pub container: String,
    /// Permissions out of `rwm`.
    pub permissions: String,
}

impl FromStr for Device {
    type Err = ResourceError;

    /// Reads `HOST[:CONTAINER[:PERMISSIONS]]`, or `HOST:PERMISSIONS`, as docker does.
    fn from_str(text: &str) -> Result<Self, ResourceError> {
        let is_path = |text: &str| text.starts_with('/') && text.len() > 1;
        let are_permissions = |text: &str| {
            let has_each_once = "rwm".chars().all(|known| text.matches(known).count() <= 1);
            !text.is_empty() && has_each_once && text.chars().all(|c| "rwm".contains(c))
        };
        let parts: Vec<&str> = text.split(':').collect();
        let (host, container, permissions) = match parts[..] {
            [host] => (host, host, "rwm"),
            [host, permissions] if are_permissions(permissions) => (host, host, permissions),
            [host, container] => (host, container, "rwm"),
            [host, container, permissions] => (host, container, permissions),
            _ => return Err(ResourceError::Device),
        };
        if !is_path(host) || !is_path(container) || !are_permissions(permissions) {
            return Err(ResourceError::Device);
        }
        Ok(Self {
            host: host.to_owned(),
            container: container.to_owned(),
            permissions: permissions.to_owned(),
        })
    }
}

/// GPUs of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gpus {
    /// All of them.
    All,
    /// This number of GPUs, at least one.
    Count(u32),
    /// These, by index or uuid.
    Devices(Vec<String>),
}

text_form!(Gpus);

impl FromStr for Gpus {
    type Err = ResourceError;

    /// Reads `all`, a number, or `device=ID[,ID…]`; quotes around the latter, which docker needs, do
    /// not count.
    fn from_str(text: &str) -> Result<Self, ResourceError> {
        let text = text.trim_matches('"');
        if text == "all" {
            return Ok(Self::All);
        }
        if let Some(devices) = text.strip_prefix("device=") {
            let devices: Vec<String> = devices.split(',').map(str::to_owned).collect();
            if devices.iter().any(String::is_empty) {
                return Err(ResourceError::Gpus);
            }
            return Ok(Self::Devices(devices));
        }
        match text.parse() {
            Ok(count @ 1..) => Ok(Self::Count(count)),
            Ok(0) | Err(_) => Err(ResourceError::Gpus),
        }
    }
}

impl std::fmt::Display for Gpus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Count(count) => count.fmt(f),
            Self::Devices(devices) => write!(f, "device={}", devices.join(",")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_read_as_docker_reads_them() {
        for (text, told) in [
            ("/dev/fuse", "/dev/fuse /dev/fuse rwm"),
            ("/dev/fuse:r", "/dev/fuse /dev/fuse r"),
            ("/dev/sdb:/dev/xvdb", "/dev/sdb /dev/xvdb rwm"),
            ("/dev/sdb:/dev/xvdb:rm", "/dev/sdb /dev/xvdb rm"),
        ] {
            let device: Device = text.parse().unwrap();
            let Device {
                host,
                container,
                permissions,
            } = device;
            assert_eq!(format!("{host} {container} {permissions}"), told);
        }
        for text in [
            "",
            "fuse",
            "/",
            "/a:/b:x",
            "/a:b",
            "/a:/b:rr",
            "/a:/b:",
            "/a:/b:r:w",
        ] {
            assert_eq!(text.parse::<Device>(), Err(ResourceError::Device), "{text}");
        }
    }

    #[test]
    fn gpus_are_all_some_or_these() {
        for (text, gpus) in [
            ("all", Gpus::All),
            ("2", Gpus::Count(2)),
            (
                "device=0,GPU-1",
                Gpus::Devices(vec!["0".into(), "GPU-1".into()]),
            ),
        ] {
            assert_eq!(text.parse::<Gpus>().as_ref(), Ok(&gpus));
            assert_eq!(gpus.to_string(), text);
        }
        assert_eq!(
            "\"device=0,2\"".parse::<Gpus>().unwrap().to_string(),
            "device=0,2"
        );
        for text in ["", "0", "some", "device=", "device=0,"] {
            assert_eq!(text.parse::<Gpus>(), Err(ResourceError::Gpus), "{text}");
        }
    }
}
