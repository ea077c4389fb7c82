//! A build as a value: its request, its sources, its life, its end.
//!
//! [`start`] takes a [`Request`] and gives a [`Build`], which runs as a task of its own: it has events, can
//! be cancelled, and ends. Several builds can run at the same time; each has events and a canceller of its
//! own. [`plan`] returns what a build would do, without running it.
//!
//! ```text
//! Request ─ sources::prepare ─→ PreparedSources ─┐
//! Installation ─ facts::gather ─→ Facts ─────────┴─ plan::make ─→ Plan ─ runner::run ─→ Outcome
//! ```

mod error;
mod facts;
mod installation;
mod running;
mod sources;
mod workspace;

pub use error::BuildError;
pub use installation::{Installation, InstallationError};
pub use running::{Build, DebuggerMaker, Hooks, Refused, Replan, SecretsListener, plan, start};

use crate::plan::Settings;
use crate::settings::{BuildspecName, SourceError, SourceRequest, Sources};

/// The request for a build.
#[derive(Debug, Clone)]
pub struct Request {
    pub sources: Sources,
    pub buildspec: BuildspecName,
    pub settings: Settings,
}

impl Request {
    /// A build of a directory, with the buildspec that it has by default.
    pub fn of_directory(directory: &str, settings: Settings) -> Result<Self, SourceError> {
        Ok(Self {
            sources: Sources::find(&SourceRequest {
                sources: &[directory.to_owned()],
                ..SourceRequest::default()
            })?,
            buildspec: BuildspecName::Default,
            settings,
        })
    }
}
