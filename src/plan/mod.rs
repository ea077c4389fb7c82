//! Decides everything about a build before it runs.
//!
//! Pure: a buildspec, a project, the facts of the world and the overrides go in, a [`Plan`] comes
//! out in which nothing is left to decide.

pub mod artifact_path;
mod artifact_sets;
pub mod artifacts;
pub mod cache;
mod container;
mod document;
mod environment;
#[cfg(test)]
pub(crate) mod examples;
pub mod layout;
mod make;
pub mod part;
pub mod phases;
pub mod retry;
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
pub use settings::{DEFAULT_GRACE, DEFAULT_TIMEOUT, Settings};
pub use sources::{Content, GitFacts, Source, SourceFailure, source_name};
pub use stored_values::{Store, StoredValue};

use crate::buildspec::{Cache, OnFailure, ReportGroup, UnknownKeys, Version};
use crate::event::BuildIdentity;
use crate::phase::{PhaseContext, PhaseType};
use crate::project::image::{Pulling, Resolution};
use cache::CachePlan;
use layout::Layout;
use part::Part;

/// Everything about one build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// What names the build.
    #[serde(rename = "build")]
    pub identity: BuildIdentity,
    /// The build's uuid.
    pub uuid: String,
    /// The image as the engine is asked for it, when it is not local under another name.
    pub engine_image: String,
    /// Where the image can be had.
    pub image: Resolution,
    /// How it is had.
    pub pulling: Pulling,
    /// Whether the container is privileged.
    pub privileged: bool,
    /// How long the build may take.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    #[schemars(with = "String")]
    pub timeout: Duration,
    /// How long commands may take to end when the build is cut short.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    #[schemars(with = "String")]
    pub grace: Duration,
    /// Where things are in the container.
    pub layout: Layout,
    /// The source trees, the primary first; none at all for a build without a source.
    pub sources: Vec<SourcePlan>,
    /// How the source trees reach the container.
    pub transfer: Transfer,
    /// What of them stays behind.
    pub excludes: Excludes,
    /// The log's words for the kind of source, where it has any.
    pub source_words: Option<String>,
    /// The environment of the commands, without what the image sets.
    pub environment: Vec<Variable>,
    /// What the buildspec came to.
    #[serde(flatten)]
    pub reading: Reading,
    /// What of it runs.
    pub part: Part,
    /// How the cache is kept.
    pub cache: CachePlan,
    /// What the container gets of the machine.
    pub container: ContainerPlan,
    /// Whether the build's changes of its sources are listed at its end.
    pub show_changes: bool,
}

impl Plan {
    /// The source directories in the container, the primary first, whether anything comes in or not.
    pub fn directories(&self) -> impl Iterator<Item = &str> {
        let secondary = self.layout.secondary.iter().map(|it| it.1.as_str());
        std::iter::once(self.layout.source.as_str()).chain(secondary)
    }

    /// Where the buildspec is in the container, when it was found.
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
    /// What becomes of its `.git`.
    pub git: GitMetadata,
    /// Which git directories elsewhere may be its own.
    pub git_elsewhere: GitElsewhere,
}

/// Which git directories outside of a source tree may be the tree's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum GitElsewhere {
    /// None: the tree was made of an archive or of a commit.
    Never,
    /// Those that point back at the tree, and what lies in these directories, which the user named.
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
    /// It comes into the build with the tree.
    #[default]
    Kept,
    /// It is left out, as it is from what a pipeline hands over (contract §9, trap 25).
    LeftOut,
    /// It lies outside of the tree, and a file of its name leads there: so it is with a local source
    /// cache (contract §1.9, and §9, trap 26).
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

/// What of the source trees stays behind, by patterns in the syntax of `.gitignore`. A file
/// `.cobuildignore` at a tree's root counts besides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Excludes {
    /// Patterns, relative to each tree's root; the last one that matches decides.
    pub patterns: Vec<String>,
    /// Whether git's own patterns hold for what git does not track.
    pub respect_gitignore: bool,
}

/// How source trees reach the container.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Transfer {
    /// Copy-on-write where the engine can, else a tar stream.
    #[default]
    Automatic,
    /// Copy-on-write or nothing.
    CopyOnWrite,
    /// A tar stream.
    Tar,
    /// The host's directories themselves, writable.
    Mount,
}

/// What came of the buildspec.
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
        /// Where the file is in the container; `None` when there is no file.
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
    /// Where the buildspec is in the container.
    #[serde(rename = "buildspec")]
    pub location: String,
    /// Its text, when it does not come with the source tree.
    #[serde(with = "crate::wire::bytes::bytes_option")]
    #[schemars(with = "Option<crate::wire::bytes::Bytes>")]
    pub inline: Option<Vec<u8>>,
    /// Which rules of command execution hold.
    pub version: Version,
    /// Keys that the agent does not know.
    pub unknown_keys: Vec<UnknownKeys>,
    /// The shell as written, when one is selected.
    pub shell: Option<String>,
    /// Name and version, as written, of each runtime that is to be selected.
    pub runtime_versions: Vec<(String, String)>,
    /// Stored values that the caller does not give, for DOWNLOAD_SOURCE to look up. Those of Secrets
    /// Manager come last, and beat those of the parameter store where both have a name (assumed).
    pub stored: Vec<StoredValue>,
    /// The cache, when there is a section for it.
    pub cache: Option<Cache>,
    /// Report groups by name, ARN or variable.
    pub reports: Vec<(String, ReportGroup)>,
    /// The variables to hand on.
    pub exported: Vec<String>,
    /// The four command phases in order.
    pub phases: Vec<PhasePlan>,
    /// The artifacts, and where they go.
    pub artifacts: ArtifactsPlan,
    /// What people should know before the build runs.
    pub warnings: Vec<String>,
}

impl PhasePlan {
    /// Whether any command of the phase runs.
    pub fn runs_anything(&self) -> bool {
        self.left_out < self.commands.len() || !self.finally.is_empty()
    }
}

/// One command phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhasePlan {
    /// Which.
    pub phase: PhaseType,
    /// Whether the buildspec names it.
    pub named: bool,
    /// The user of its commands, `root` unless it says otherwise.
    pub user: String,
    /// `commands`.
    pub commands: Vec<String>,
    /// How many commands at the beginning do not run.
    pub left_out: usize,
    /// `finally`.
    pub finally: Vec<String>,
    /// What a failure leads to.
    pub on_failure: OnFailure,
}
