//! The plan of one build.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cache::CachePlan;
use super::container::ContainerPlan;
use super::layout::Layout;
use super::part::Part;
use super::source_tree::{Excludes, SourceOwner, SourcePlan, Transfer};
use super::variable::Variable;
use super::work::Reading;
use crate::event::{BuildIdentity, Problems};
use crate::project::image::{Pulling, Resolution};

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
    /// Who owns the files of the sources.
    pub source_owner: SourceOwner,
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
