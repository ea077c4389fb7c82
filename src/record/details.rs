//! The parts of a build, in the shape of the API.

use serde::{Deserialize, Serialize};

/// A source of a build (API `ProjectSource`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceRecord {
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The identifier of a secondary source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_identifier: Option<String>,
}

impl SourceRecord {
    pub(super) fn new(kind: String, location: String) -> Self {
        Self {
            kind,
            location: (!location.is_empty()).then_some(location),
            source_identifier: None,
        }
    }
}

/// The version of a secondary source (API `ProjectSourceVersion`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceVersionRecord {
    /// The identifier of the source.
    pub source_identifier: String,
    /// The version.
    pub source_version: String,
}

/// The environment of a build (API `ProjectEnvironment`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentRecord {
    /// The kind of environment.
    #[serde(rename = "type")]
    pub kind: String,
    /// The image.
    pub image: String,
    /// The compute type. In the cloud there always is one; here a build may have all of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute_type: Option<String>,
    /// Whether the container is privileged.
    #[serde(default)]
    pub privileged_mode: bool,
    /// Where the certificates come from that the build trusts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

/// A set of artifacts (API `BuildArtifacts`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactsRecord {
    /// Where they are.
    #[serde(default)]
    pub location: String,
    /// The SHA-256 checksum of a zip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256sum: Option<String>,
    /// The MD5 checksum of a zip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub md5sum: Option<String>,
    /// Whether the buildspec's name counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_artifact_name: Option<bool>,
    /// Whether they are kept in the clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption_disabled: Option<bool>,
    /// The identifier of a secondary set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_identifier: Option<String>,
    /// What the owner of the bucket may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket_owner_access: Option<String>,
}

/// How a project keeps its cache (API `ProjectCache`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CacheRecord {
    /// The kind of cache.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// What a local cache is made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modes: Vec<String>,
}

/// Where the log of a build is (API `LogsLocation`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LogsRecord {
    /// The log group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    /// The log stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_name: Option<String>,
    /// A page that shows the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deep_link: Option<String>,
    /// A page that shows the log in S3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_deep_link: Option<String>,
    /// The ARN of the log stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_watch_logs_arn: Option<String>,
    /// The ARN of the log in S3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_logs_arn: Option<String>,
}

/// The network of a build (API `VpcConfig`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VpcRecord {
    /// The network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,
    /// Its parts.
    pub subnets: Vec<String>,
    /// Who may reach whom.
    pub security_group_ids: Vec<String>,
}

/// The interface by which a build is in a network (API `NetworkInterface`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkInterfaceRecord {
    /// The part of the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet_id: Option<String>,
    /// The interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_interface_id: Option<String>,
}

/// The session of a debugger (API `DebugSession`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DebugSessionRecord {
    /// Whether there may be a session.
    pub session_enabled: bool,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_target: Option<String>,
}

/// Which retry of another build a build is (API `AutoRetryConfig`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AutoRetryRecord {
    /// How many retries there may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_retry_limit: Option<u32>,
    /// Which of them this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_retry_number: Option<u32>,
    /// The ARN of the build that follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_auto_retry: Option<String>,
    /// The ARN of the build before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_auto_retry: Option<String>,
}
