//! What a buildspec asks for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::artifact_sets::ArtifactsPlan;
use super::phase_plan::PhasePlan;
use super::stored_values::StoredValue;
use crate::buildspec::{Cache, ReportGroup, UnknownKeys, Version};
use crate::phase::PhaseContext;

/// The result of reading the buildspec.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Reading {
    /// There is no source to read it from: DOWNLOAD_SOURCE fails before the agent begins.
    SourceFailed {
        /// Why.
        context: PhaseContext,
        /// What to do about it.
        hint: String,
    },
    /// It cannot be run: DOWNLOAD_SOURCE fails.
    Refused {
        /// The path of the file in the container; `None` when there is no file.
        location: Option<String>,
        /// Why.
        context: PhaseContext,
        /// What to do about it.
        hint: Option<String>,
    },
    /// It can be run.
    #[serde(rename = "work")]
    Accepted(Box<Work>),
}

/// The work a buildspec asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Work {
    /// The path of the buildspec in the container.
    #[serde(rename = "buildspec")]
    pub location: String,
    /// Its text, when it is not part of the source tree.
    #[serde(with = "crate::wire::bytes::bytes_option")]
    #[schemars(with = "Option<crate::wire::bytes::Bytes>")]
    pub inline: Option<Vec<u8>>,
    /// The version, which decides how commands are executed.
    pub version: Version,
    /// Keys unknown to the agent.
    pub unknown_keys: Vec<UnknownKeys>,
    /// The selected shell, as written.
    pub shell: Option<String>,
    /// Name and version, as written, of each runtime to select.
    pub runtime_versions: Vec<(String, String)>,
    /// Stored values that the caller does not give, for DOWNLOAD_SOURCE to look up. Those of Secrets
    /// Manager come last, and beat those of the parameter store where both have a name (assumed).
    pub stored: Vec<StoredValue>,
    /// The cache section.
    pub cache: Option<Cache>,
    /// Report groups by name, ARN or variable.
    pub reports: Vec<(String, ReportGroup)>,
    /// The exported variables.
    pub exported: Vec<String>,
    /// The four command phases in order.
    pub phases: Vec<PhasePlan>,
    /// The artifacts and their destinations.
    pub artifacts: ArtifactsPlan,
    /// Warnings to show before the build runs.
    pub warnings: Vec<String>,
    /// What people can do besides, in sentences that the summary tells.
    pub hints: Vec<String>,
    /// What the verdict of the build does not say, in sentences that its summary tells.
    pub caveats: Vec<String>,
}
