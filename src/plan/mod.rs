//! Decides everything about a build before it runs.
//!
//! Pure: a buildspec, a project, the facts of the world and the overrides go in, a [`Plan`] comes
//! out in which nothing is left to decide.

pub mod artifact_path;
mod artifact_sets;
pub mod artifacts;
mod build_plan;
pub mod cache;
mod container;
mod diagnosis;
mod document;
mod environment;
#[cfg(test)]
pub(crate) mod examples;
mod facts;
mod inputs;
pub mod layout;
mod make;
pub mod part;
mod phase_plan;
pub mod phases;
pub mod retry;
mod revision;
mod settings;
mod source;
mod source_tree;
mod sources;
mod stored_values;
mod variable;
mod work;

pub use artifact_sets::{ArtifactSet, ArtifactsPlan, Placement, is_expanded};
pub use build_plan::Plan;
pub use container::{Certificate, ContainerPlan, ContainerRequest};
pub use document::{PlanDocument, Setting, SettingOrigin};
pub use environment::complete;
pub use facts::Facts;
pub use inputs::{BuildspecFile, Inputs};
pub use make::make;
pub use phase_plan::PhasePlan;
pub use revision::Revision;
pub use settings::{DEFAULT_GRACE, DEFAULT_TIMEOUT, Settings};
pub use source::{Content, GitFacts, Source, SourceFailure, source_name};
pub use source_tree::{Excludes, GitElsewhere, GitMetadata, SourceOwner, SourcePlan, Transfer};
pub use stored_values::{Store, StoredValue};
pub use variable::{Origin, Variable, is_variable_name};
pub use work::{Reading, Work};
