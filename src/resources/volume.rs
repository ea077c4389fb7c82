//! Directories and files of the host that the container sees.

use std::path::PathBuf;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ResourceError;

/// A path of the host, mounted into the container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Volume {
    /// The path on the host.
    #[serde(with = "crate::wire::bytes::path")]
    #[schemars(with = "crate::wire::bytes::Bytes")]
    pub host: PathBuf,
    /// The path in the container; a relative path is below the source directory.
    pub target: String,
    /// Whether it is read-only.
    pub read_only: bool,
}

impl FromStr for Volume {
    type Err = ResourceError;

    /// Reads `HOST:CONTAINER[:ro|rw]`; does not check that the path exists.
    fn from_str(text: &str) -> Result<Self, ResourceError> {
        let (rest, read_only) = match text.rsplit_once(':') {
            Some((rest, "ro")) => (rest, true),
            Some((rest, "rw")) => (rest, false),
            _ => (text, false),
        };
        let (host, given) = rest.rsplit_once(':').ok_or(ResourceError::Volume)?;
        if host.is_empty() || given.is_empty() {
            return Err(ResourceError::Volume);
        }
        Ok(Self {
            host: host.into(),
            target: target(given)?,
            read_only,
        })
    }
}

/// A directory of the host instead of a file system of the project (contract §8.1,
/// `fileSystemLocations`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileSystem {
    /// `identifier`.
    pub identifier: String,
    /// The path on the host, instead of `location`.
    #[serde(with = "crate::wire::bytes::path")]
    #[schemars(with = "crate::wire::bytes::Bytes")]
    pub host: PathBuf,
    /// `mountPoint`.
    pub mount_point: String,
}

impl FileSystem {
    /// Returns the name of the variable that holds the mount point (contract §3.1).
    pub fn variable(&self) -> String {
        format!("CODEBUILD_{}", self.identifier.to_ascii_uppercase())
    }
}

impl FromStr for FileSystem {
    type Err = ResourceError;

    /// Reads `ID=DIR[:MOUNTPOINT]`. Without a mount point it is `/mnt/ID` (assumed: the API wants one).
    fn from_str(text: &str) -> Result<Self, ResourceError> {
        let (identifier, rest) = text.split_once('=').ok_or(ResourceError::FileSystem)?;
        let is_identifier = (1..=128).contains(&identifier.len())
            && identifier
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let (host, mount_point) = match rest.rsplit_once(':') {
            Some((host, point)) if point.starts_with('/') => (host, target(point)?),
            Some(_) => return Err(ResourceError::FileSystem),
            None => (rest, format!("/mnt/{identifier}")),
        };
        if !is_identifier || host.is_empty() {
            return Err(ResourceError::FileSystem);
        }
        Ok(Self {
            identifier: identifier.to_owned(),
            host: host.into(),
            mount_point,
        })
    }
}

/// Reads a mount point of the container: not the root, not below `/codebuild`, and without `..`.
fn target(given: &str) -> Result<String, ResourceError> {
    let absolute = given.starts_with('/');
    let parts: Vec<&str> = given
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    let is_the_agent_s = absolute && parts.first() == Some(&"codebuild");
    if parts.is_empty() || is_the_agent_s || parts.contains(&"..") {
        return Err(ResourceError::Target {
            target: given.to_owned(),
        });
    }
    let path = parts.join("/");
    Ok(if absolute { format!("/{path}") } else { path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_have_two_sides() {
        for (text, host, target, read_only) in [
            ("/a:/b", "/a", "/b", false),
            ("./a:/b/:ro", "./a", "/b", true),
            ("a:b:/c:rw", "a:b", "/c", false),
            ("a:node_modules", "a", "node_modules", false),
            ("a:./x//y", "a", "x/y", false),
        ] {
            let volume: Volume = text.parse().unwrap();
            let wanted = Volume {
                host: host.into(),
                target: target.to_owned(),
                read_only,
            };
            assert_eq!(volume, wanted, "{text}");
        }
        for text in [
            "",
            "/a",
            ":/b",
            "/a:",
            "/a:/",
            "/a:..",
            "/a:/b/../c",
            "/a:/codebuild/output",
        ] {
            assert!(text.parse::<Volume>().is_err(), "{text}");
        }
    }

    #[test]
    fn file_systems_have_an_identifier_and_a_mount_point() {
        let given: FileSystem = "my_efs=./efs:/data".parse().unwrap();
        assert_eq!(given.variable(), "CODEBUILD_MY_EFS");
        assert_eq!(
            (given.host, given.mount_point),
            ("./efs".into(), "/data".into())
        );
        let short: FileSystem = "a1=/efs".parse().unwrap();
        assert_eq!(short.mount_point, "/mnt/a1");
        let long = format!("{}=/efs", "x".repeat(129));
        for text in [
            "",
            "a",
            "=/efs",
            "a-b=/efs",
            "a=",
            "a=/efs:data",
            "a=/efs:/",
            &long,
        ] {
            assert!(text.parse::<FileSystem>().is_err(), "{text}");
        }
    }
}
