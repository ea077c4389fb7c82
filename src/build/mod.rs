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
mod request;
mod running;
mod sources;
mod workspace;

pub use error::BuildError;
pub use installation::{Installation, InstallationError};
pub use request::Request;
pub use running::{
    Build, DebuggerMaker, Hooks, Refused, Replan, Revised, SecretsListener, plan, start,
};
