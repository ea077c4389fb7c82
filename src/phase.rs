//! Phases of a build, their statuses and contexts (contract §2).
//!
//! Depends on no other module, so that all can share it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A phase of a build, in order (API `BuildPhaseType`).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PhaseType {
    /// The build was accepted.
    Submitted,
    /// The build waits for capacity; locally always over at once.
    Queued,
    /// The image is pulled and the build container started.
    Provisioning,
    /// The source is downloaded, the buildspec read, the environment prepared.
    DownloadSource,
    /// First phase with commands.
    Install,
    /// Second phase with commands.
    PreBuild,
    /// Third phase with commands.
    Build,
    /// Fourth phase with commands; runs whenever BUILD ran.
    PostBuild,
    /// Artifacts are found and uploaded.
    UploadArtifacts,
    /// The build container is removed.
    Finalizing,
    /// The end; has neither status nor duration.
    Completed,
}

impl PhaseType {
    /// All phases, in order.
    pub const ALL: [Self; 11] = [
        Self::Submitted,
        Self::Queued,
        Self::Provisioning,
        Self::DownloadSource,
        Self::Install,
        Self::PreBuild,
        Self::Build,
        Self::PostBuild,
        Self::UploadArtifacts,
        Self::Finalizing,
        Self::Completed,
    ];

    /// The four phases whose commands a buildspec gives, in the order in which they run.
    pub const COMMAND_PHASES: [Self; 4] =
        [Self::Install, Self::PreBuild, Self::Build, Self::PostBuild];

    /// Returns the name as the API and the log write it, such as `PRE_BUILD`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "SUBMITTED",
            Self::Queued => "QUEUED",
            Self::Provisioning => "PROVISIONING",
            Self::DownloadSource => "DOWNLOAD_SOURCE",
            Self::Install => "INSTALL",
            Self::PreBuild => "PRE_BUILD",
            Self::Build => "BUILD",
            Self::PostBuild => "POST_BUILD",
            Self::UploadArtifacts => "UPLOAD_ARTIFACTS",
            Self::Finalizing => "FINALIZING",
            Self::Completed => "COMPLETED",
        }
    }
}

impl std::fmt::Display for PhaseType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// How a phase, or a whole build, ended (API `StatusType`).
///
/// Without `IN_PROGRESS`: this type describes ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Everything in it succeeded.
    Succeeded,
    /// A command or a step of it failed.
    Failed,
    /// The machinery failed, not the build.
    Fault,
    /// The build timed out. Only a phase has this status: the build itself is FAILED.
    TimedOut,
    /// The user stopped the build.
    Stopped,
}

impl Status {
    /// Returns the name as the API and the log write it, such as `TIMED_OUT`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Fault => "FAULT",
            Self::TimedOut => "TIMED_OUT",
            Self::Stopped => "STOPPED",
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Says why a phase ended as it did (API `PhaseContext`).
///
/// A successful phase has the empty context: no code, no message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhaseContext {
    /// The code, such as `COMMAND_EXECUTION_ERROR`; empty on success.
    pub status_code: String,
    /// The text after the code; empty on success.
    pub message: String,
}

impl PhaseContext {
    pub fn new(status_code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status_code: status_code.into(),
            message: message.into(),
        }
    }
}
