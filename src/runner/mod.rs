//! Runs one plan.
//!
//! [`run`] walks the phase machine of [`crate::plan::phases`]: it enters a phase, does its work,
//! reports its end, and asks which phase follows. The `sandbox` owns everything in the engine;
//! commands go through the `driver`; everything that happens becomes an event. A [`CancelReason`]
//! cuts a build short, and every wait of a build listens to it.

mod cache;
mod cancel;
mod container;
mod debug_shell;
mod debugger;
mod ended;
mod error;
mod halt;
mod host;
mod image;
mod interruption;
mod limits;
mod live;
mod outcome;
mod phases;
mod run;
mod sources;
#[cfg(test)]
mod tests;
mod walk;

pub use cache::{LAYERS_LABEL, PROJECT_LABEL};
pub use cancel::{CancelReason, Cancellation, Canceller, cancellation};
pub use container::sweep::{forsake, remove_scratch, sweep};
pub use container::volume_ledger::{Ledger, is_of_container};
pub use debug_shell::RESUMED_MARK;
pub use debugger::{Cause, DebugAction, Debugger, Halt};
pub use error::RunError;
pub use host::Host;
pub use outcome::Outcome;
pub use sources::scratch::{KeptScratch, Scratch, abandoned, kept, occupied};

use crate::channel::EventSender;
use crate::engine::Engine;
use crate::plan::Plan;
use run::Run;

/// Runs a plan to its end and leaves nothing behind, unless the debugger wants the container kept.
pub async fn run<E: Engine>(
    plan: &Plan,
    engine: &E,
    host: &Host,
    events: &EventSender,
    cancellation: &Cancellation,
    debugger: Option<Box<dyn Debugger>>,
) -> Outcome {
    let run = Run {
        plan,
        engine,
        host,
        events,
        cancellation,
    };
    Box::pin(walk::walk(run, debugger)).await
}
