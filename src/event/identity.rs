//! What names a build.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is known of a build when it starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BuildIdentity {
    /// `<project>:<uuid>`.
    pub id: String,
    /// The build's ARN.
    pub arn: String,
    /// The project's name.
    pub project_name: String,
    /// Counts the project's builds from 1.
    pub build_number: u64,
    /// Who started it.
    pub initiator: String,
    /// The source kind, as the API names it.
    pub source_type: String,
    /// The source's location; empty where there is none.
    pub source_location: String,
    /// `sourceVersion`; absent when not given.
    pub source_version: Option<String>,
    /// The commit, when the source is a git tree.
    pub resolved_source_version: Option<String>,
    /// The image as configured.
    pub image: String,
    /// The kind of environment, as the API names it.
    pub environment_type: String,
    /// The compute type, when one is named.
    pub compute_type: Option<String>,
    /// Where the certificates come from that the build trusts.
    pub certificate: Option<String>,
    /// The project's file systems.
    pub file_system_locations: Vec<FileSystemLocation>,
    /// Whether the container is privileged.
    pub privileged: bool,
    /// The build timeout in whole minutes, rounded up.
    pub timeout_in_minutes: u64,
}

/// A file system of the project, in the shape of the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileSystemLocation {
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: FileSystemType,
    /// What its variable is called after.
    pub identifier: String,
    /// Where its content comes from: a directory of the host.
    pub location: String,
    /// Where the container has it.
    pub mount_point: String,
}

/// A kind of file system, as the API names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FileSystemType {
    /// Amazon EFS.
    #[serde(rename = "EFS")]
    Efs,
}

impl BuildIdentity {
    pub(super) fn texts_mut(&mut self) -> Vec<&mut String> {
        let Self {
            id,
            arn,
            project_name,
            build_number: _,
            initiator,
            // The API's words, of which there are few.
            source_type: _,
            source_location,
            source_version,
            resolved_source_version,
            image,
            environment_type: _,
            compute_type: _,
            certificate,
            file_system_locations,
            privileged: _,
            timeout_in_minutes: _,
        } = self;
        let locations = file_system_locations
            .iter_mut()
            .flat_map(FileSystemLocation::texts_mut);
        [id, arn, project_name, initiator, source_location, image]
            .into_iter()
            .chain(source_version)
            .chain(resolved_source_version)
            .chain(certificate)
            .chain(locations)
            .collect()
    }

    #[cfg(test)]
    pub(crate) fn example(text: fn() -> String) -> Self {
        Self {
            id: text(),
            arn: text(),
            project_name: text(),
            build_number: 7,
            initiator: text(),
            source_type: "GITHUB".to_owned(),
            source_location: text(),
            source_version: Some(text()),
            resolved_source_version: Some(text()),
            image: text(),
            environment_type: "LINUX_CONTAINER".to_owned(),
            compute_type: Some("BUILD_GENERAL1_SMALL".to_owned()),
            certificate: Some(text()),
            file_system_locations: vec![FileSystemLocation {
                kind: FileSystemType::Efs,
                identifier: text(),
                location: text(),
                mount_point: text(),
            }],
            privileged: true,
            timeout_in_minutes: 60,
        }
    }
}

impl FileSystemLocation {
    fn texts_mut(&mut self) -> [&mut String; 3] {
        let Self {
            kind: _,
            identifier,
            location,
            mount_point,
        } = self;
        [identifier, location, mount_point]
    }
}
