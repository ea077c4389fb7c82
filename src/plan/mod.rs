//! Decides everything about a build before it runs.
//!
//! Pure: a buildspec, a project, the facts of the world and the overrides go in, a [`Plan`] comes
//! out in which nothing is left to decide.

pub mod artifact_path;
mod artifact_sets;
pub mod artifacts;
pub mod cache;
mod container;
mod diagnosis;
mod document;
mod environment;
#[cfg(test)]
pub(crate) mod examples;
pub mod layout;
mod make;
pub mod part;
pub mod phases;
pub mod retry;
mod revision;
mod settings;
mod sources;
mod stored_values;

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use artifact_sets::{ArtifactSet, ArtifactsPlan, Placement, is_expanded};
pub use container::{Certificate, ContainerPlan, ContainerRequest};
pub use document::{PlanDocument, Setting, SettingOrigin};
pub use environment::{Origin, Variable, complete, is_variable_name};
pub use make::{BuildspecFile, Facts, Inputs, make};
pub use revision::Revision;
pub use settings::{DEFAULT_GRACE, DEFAULT_TIMEOUT, Settings};
pub use sources::{Content, GitFacts, Source, SourceFailure, source_name};
pub use stored_values::{Store, StoredValue};

use crate::buildspec::{Cache, OnFailure, ReportGroup, UnknownKeys, Version};
use crate::event::{BuildIdentity, Problems};
use crate::phase::{PhaseContext, PhaseType};
use crate::project::image::{Pulling, Resolution};
use cache::CachePlan;
use layout::Layout;
use part::Part;

/// Everything about one build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The identity of the build.
    #[serde(rename = "build")]
    pub identity: BuildIdentity,
    /// The build's uuid.
    pub uuid: String,
    /// The name of the image for the engine, unless it is local under another name.
    pub engine_image: String,
    /// Where to get the image.
    pub image: Resolution,
    /// The pull policy.
    pub pulling: Pulling,
    /// Whether the container is privileged.
    pub privileged: bool,
    /// The time limit of the build.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    #[schemars(with = "String")]
    pub timeout: Duration,
    /// The grace period of commands when the build is cut short.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    #[schemars(with = "String")]
    pub grace: Duration,
    /// The directories in the container.
    pub layout: Layout,
    /// The source trees, the primary first; empty for a build without a source.
    pub sources: Vec<SourcePlan>,
    /// How the source trees reach the container.
    pub transfer: Transfer,
    /// The exclude patterns.
    pub excludes: Excludes,
    /// The words for the kind of source in the log, if any.
    pub source_words: Option<String>,
    /// The environment of the commands, without what the image sets.
    pub environment: Vec<Variable>,
    /// The result of reading the buildspec.
    #[serde(flatten)]
    pub reading: Reading,
    /// What `cobuild check` finds in the buildspec that concerns the build.
    pub problems: Problems,
    /// The part of the build that runs.
    pub part: Part,
    /// The cache.
    pub cache: CachePlan,
    /// The resources of the container.
    pub container: ContainerPlan,
    /// Whether the changes of the sources are listed at the end of the build.
    pub show_changes: bool,
}

impl Plan {
    /// Returns the source directories in the container, the primary first, with or without content.
    pub fn directories(&self) -> impl Iterator<Item = &str> {
        let secondary = self.layout.secondary.iter().map(|it| it.1.as_str());
        std::iter::once(self.layout.source.as_str()).chain(secondary)
    }

    /// Returns the path of the buildspec in the container, when it was found.
    pub fn buildspec_location(&self) -> Option<&str> {
        match &self.reading {
            Reading::Accepted(work) => Some(&work.location),
            Reading::Refused { location, .. } => location.as_deref(),
            Reading::SourceFailed { .. } => None,
        }
    }
}

/// One source tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourcePlan {
    /// `None` for the primary source.
    pub identifier: Option<String>,
    /// The tree on the host.
    #[serde(with = "crate::wire::bytes::path")]
    #[schemars(with = "crate::wire::bytes::Bytes")]
    pub host: PathBuf,
    /// Its directory in the container.
    pub directory: String,
    /// How its `.git` is treated.
    pub git: GitMetadata,
    /// The git directories outside the tree that it may use.
    pub git_elsewhere: GitElsewhere,
}

/// Which git directories outside of a source tree may be the tree's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum GitElsewhere {
    /// None: the tree was created from an archive or a commit.
    Never,
    /// Those that point back to the tree, and those below these directories, which the user named.
    Proven {
        /// Full paths.
        #[serde(with = "crate::wire::bytes::paths")]
        #[schemars(with = "Vec<crate::wire::bytes::Bytes>")]
        named: Vec<PathBuf>,
    },
}

impl Default for GitElsewhere {
    fn default() -> Self {
        Self::Proven { named: Vec::new() }
    }
}

/// What happens to the `.git` of a source tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GitMetadata {
    /// It is part of the tree in the build.
    #[default]
    Kept,
    /// It is left out, as in a source from a pipeline (contract §9, trap 25).
    LeftOut,
    /// It lies outside the tree, and a file `.git` points to it, as with a local source cache
    /// (contract §1.9, and §9, trap 26).
    Linked,
}

impl GitMetadata {
    /// The same with a local source cache.
    fn linked(self) -> Self {
        match self {
            Self::Kept | Self::Linked => Self::Linked,
            Self::LeftOut => Self::LeftOut,
        }
    }
}

/// The files that are excluded from the source trees, by patterns in the syntax of `.gitignore`. A
/// file `.cobuildignore` at the root of a tree adds patterns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Excludes {
    /// Patterns, relative to the root of each tree; the last match decides.
    pub patterns: Vec<String>,
    /// Whether the patterns of git apply to untracked files.
    pub respect_gitignore: bool,
}

/// How source trees reach the container.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Transfer {
    /// Copy-on-write if the engine supports it, else a tar stream.
    #[default]
    Automatic,
    /// Copy-on-write, or the build fails.
    CopyOnWrite,
    /// A tar stream.
    Tar,
    /// The directories of the host are mounted, writable.
    Mount,
}

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

impl PhasePlan {
    /// Returns the commands that run, those of `finally` too.
    pub fn running(&self) -> impl Iterator<Item = &str> {
        let commands = self.commands.iter().skip(self.left_out);
        let finally = self.finally.iter().filter(|_| !self.finally_left_out);
        commands.chain(finally).map(String::as_str)
    }
}

/// One command phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhasePlan {
    /// The phase.
    pub phase: PhaseType,
    /// Whether the buildspec has it.
    pub named: bool,
    /// The user of its commands; `root` by default.
    pub user: String,
    /// `commands`.
    pub commands: Vec<String>,
    /// The number of leading commands that do not run.
    pub left_out: usize,
    /// `finally`.
    pub finally: Vec<String>,
    /// Whether `finally` does not run.
    pub finally_left_out: bool,
    /// The action after a failure.
    pub on_failure: OnFailure,
}
