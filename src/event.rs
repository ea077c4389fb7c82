//! What happens in a build, as data: the one interface between running and showing.
//!
//! The runner emits events, sinks show them; neither knows the other. An event owns its data and is
//! complete in itself, so it can be stored and read back ([`line`], [`parse`]).
//!
//! Events come in groups, one file each. A new event is a variant of its group: with its name as stored,
//! its texts, which are masked, and an example; what the log says of it is written in `sinks/log`.

mod agent;
mod artifacts;
mod build;
mod cache;
mod command;
mod identity;
mod notice;
mod output;
mod phase;
mod problem;
mod pull;
mod runtime;
mod seconds;
mod source;
mod stream;

#[cfg(test)]
pub(crate) mod tests;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use agent::{AgentEvent, PhaseCommands, UnknownKeys};
pub use artifacts::ArtifactsEvent;
pub use build::{BuildEvent, ExportedVariable};
pub use cache::{CacheEvent, CacheFound, CacheOutcome, CacheRestored};
pub use command::{Command, CommandEvent};
pub use identity::{BuildIdentity, FileSystemLocation, FileSystemType};
pub use notice::Notice;
pub use output::Output;
pub use phase::PhaseEvent;
pub use problem::{Problem, Problems};
pub use pull::{LayerProgress, PullEvent};
pub use runtime::{RuntimeEvent, SelectedBy};
pub use source::{
    Change, ChangeKind, SecondarySource, SourceChanges, SourceEvent, Transferred, Way,
};
pub use stream::{FORMAT, LineError, line, parse, schema};

/// An event and the moment it was emitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Timestamped {
    /// When it happened, by the clock of the machine that runs cobuild.
    pub time: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// One thing that happened in a build.
///
/// Stored, the groups do not show: each event has one name, which no other group uses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Event {
    /// A command, and what it prints.
    Command(CommandEvent),
    /// The build as a whole.
    Build(BuildEvent),
    /// A phase.
    Phase(PhaseEvent),
    /// The sources of the build.
    Source(SourceEvent),
    /// What CodeBuild's agent does before the first command.
    Agent(AgentEvent),
    /// The choice of a runtime.
    Runtime(RuntimeEvent),
    /// The cache.
    Cache(CacheEvent),
    /// The artifacts.
    Artifacts(ArtifactsEvent),
    /// The pull of the image.
    Pull(PullEvent),
    /// What people should know and CodeBuild's log does not have.
    Notice(Notice),
}

impl Event {
    /// Returns every text that somebody else may have written, to be masked. Output is none of them:
    /// it is a stream, and a secret may be cut in two.
    pub fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::Command(event) => event.texts_mut(),
            Self::Build(event) => event.texts_mut(),
            Self::Phase(event) => event.texts_mut(),
            Self::Source(event) => event.texts_mut(),
            Self::Agent(event) => event.texts_mut(),
            Self::Runtime(event) => event.texts_mut(),
            Self::Cache(event) => event.texts_mut(),
            Self::Artifacts(event) => event.texts_mut(),
            Self::Pull(event) => event.texts_mut(),
            Self::Notice(event) => event.texts_mut(),
        }
    }
}

/// Lets an event of a group stand for an event.
macro_rules! groups {
    ($($group:ident($event:ty)),+ $(,)?) => {
        $(impl From<$event> for Event {
            fn from(event: $event) -> Self {
                Self::$group(event)
            }
        })+
    };
}

groups! {
    Command(CommandEvent),
    Build(BuildEvent),
    Phase(PhaseEvent),
    Source(SourceEvent),
    Agent(AgentEvent),
    Runtime(RuntimeEvent),
    Cache(CacheEvent),
    Artifacts(ArtifactsEvent),
    Pull(PullEvent),
    Notice(Notice),
}
