//! What a buildspec says, with nothing left to interpret as text.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reports::ReportGroup;
use crate::phase::PhaseType;

/// A buildspec; its `batch` section is read apart from it, by [`parse_batch`](super::parse_batch).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buildspec {
    /// Which rules of command execution hold (contract §1.6).
    pub version: Version,
    /// The user of every phase's commands; absent means root.
    pub run_as: Option<String>,
    /// The `env` section.
    pub env: Env,
    /// The `proxy` section.
    pub proxy: Proxy,
    /// The `phases` section.
    pub phases: Phases,
    /// The `reports` section: groups by name, ARN or variable, in the order of the file.
    pub reports: Vec<(String, ReportGroup)>,
    /// The `artifacts` section.
    pub artifacts: Option<Artifacts>,
    /// The `cache` section.
    pub cache: Option<Cache>,
    /// Keys the agent does not know; it names them in the log and goes on (contract §1.2).
    pub unknown_keys: Vec<UnknownKeys>,
}

/// The `version` of a buildspec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Version {
    /// Each command in a shell of its own; nothing carries over.
    #[serde(rename = "0.1")]
    V0_1,
    /// The working directory and the variables carry over from command to command.
    #[serde(rename = "0.2")]
    V0_2,
}

/// The `env` section (contract §1.4). Values are literal: nothing is expanded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Env {
    /// The shell as written, such as `bash` or `/bin/sh`; absent means `sh`.
    pub shell: Option<String>,
    /// `variables`, in the order of the file.
    pub variables: Vec<(String, String)>,
    /// `parameter-store`: variable name to parameter name.
    pub parameter_store: Vec<(String, String)>,
    /// `secrets-manager`: variable name to secret reference.
    pub secrets_manager: Vec<(String, String)>,
    /// `exported-variables`.
    pub exported_variables: Vec<String>,
    /// `git-credential-helper`.
    pub git_credential_helper: bool,
}

/// The `proxy` section (contract §1.3); it counts only where the project names a proxy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Proxy {
    /// Whether artifacts go through the proxy.
    pub upload_artifacts: bool,
    /// Whether logs go through the proxy.
    pub logs: bool,
}

/// The `phases` section: the four names are the schema.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Phases {
    /// `install`.
    pub install: Option<Phase>,
    /// `pre_build`.
    pub pre_build: Option<Phase>,
    /// `build`.
    pub build: Option<Phase>,
    /// `post_build`.
    pub post_build: Option<Phase>,
}

impl Phases {
    /// Returns what the buildspec says of a command phase; `None` when it does not name it, or
    /// when the phase takes no commands.
    pub fn get(&self, phase: PhaseType) -> Option<&Phase> {
        match phase {
            PhaseType::Install => self.install.as_ref(),
            PhaseType::PreBuild => self.pre_build.as_ref(),
            PhaseType::Build => self.build.as_ref(),
            PhaseType::PostBuild => self.post_build.as_ref(),
            PhaseType::Submitted
            | PhaseType::Queued
            | PhaseType::Provisioning
            | PhaseType::DownloadSource
            | PhaseType::UploadArtifacts
            | PhaseType::Finalizing
            | PhaseType::Completed => None,
        }
    }
}

/// One phase of the buildspec (contract §1.5).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Phase {
    /// The user of this phase's commands, over [`Buildspec::run_as`].
    pub run_as: Option<String>,
    /// What a failure leads to.
    pub on_failure: OnFailure,
    /// `runtime-versions`: runtime name to version, as written.
    pub runtime_versions: Vec<(String, String)>,
    /// `commands`, each verbatim.
    pub commands: Vec<String>,
    /// `finally`, each verbatim.
    pub finally: Vec<String>,
    /// Whether it has `steps`, which a build runs only for an account connected to GitHub.
    pub steps: bool,
}

/// The `on-failure` of a phase (contract §1.5).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OnFailure {
    /// Not given: the default transition of contract §2.2.
    #[default]
    Default,
    /// End the build.
    Abort,
    /// Go on to the next phase.
    Continue,
    /// Try again.
    Retry {
        /// How often at the most, 0 to 100.
        count: u8,
        /// Only when the failure text matches this regular expression.
        pattern: String,
    },
}

/// The `artifacts` section (contract §1.8).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Artifacts {
    /// Globs relative to the base directory.
    pub files: Vec<String>,
    /// `name`; may hold shell expansions.
    pub name: Option<String>,
    /// Whether all files go flat into one directory.
    pub discard_paths: bool,
    /// `base-directory`; may be a glob and may hold shell expansions.
    pub base_directory: Option<String>,
    /// Globs of what to leave out, relative to the base directory.
    pub exclude_paths: Vec<String>,
    /// Whether symlinks stay symlinks.
    pub enable_symlinks: bool,
    /// `s3-prefix`.
    pub s3_prefix: Option<String>,
    /// `secondary-artifacts` by identifier, in the order of the file; these have none of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secondary: Vec<(String, Artifacts)>,
}

/// The `cache` section (contract §1.9).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cache {
    /// `paths`: globs or directories.
    pub paths: Vec<String>,
    /// `key`; may hold shell expansions.
    pub key: Option<String>,
    /// `fallback-keys`.
    pub fallback_keys: Vec<String>,
    /// What happens to the cache.
    pub action: CacheAction,
}

/// The `action` of a cache (contract §1.9).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CacheAction {
    /// Not given: it is restored and saved.
    #[default]
    Both,
    /// It is only restored.
    Restore,
    /// It is only saved.
    Save,
}

/// Keys of one section that the agent cannot identify.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnknownKeys {
    /// The section as the log names it, such as `BUILD` or `ARTIFACTS`.
    pub section: String,
    /// The keys, in the order of the file.
    pub keys: Vec<String>,
}
