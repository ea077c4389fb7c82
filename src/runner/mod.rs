//! Runs one plan.
//!
//! [`run`] walks the phase machine of [`crate::plan::phases`]: it enters a phase, does its work,
//! reports its end, and asks which phase follows. The `sandbox` owns everything in the engine;
//! commands go through the `driver`; everything that happens becomes an event. A [`CancelReason`]
//! cuts a build short, and every wait of a build listens to it.

mod cache;
mod cancel;
mod container;
mod debug;
mod image;
mod phases;
mod sources;
#[cfg(test)]
mod tests;
mod walk;

use std::path::PathBuf;

use crate::artifacts::CollectError;
use crate::channel::EventSender;
use crate::engine::{ContainerId, Engine, EngineError};
use crate::event::Notice;
use crate::mask::Masker;
use crate::ownership::Owner;
use crate::phase::{PhaseContext, Status};
use crate::plan::{ArtifactsPlan, PhasePlan, Plan, Work};
use crate::registry_credentials::CredentialFiles;
use crate::resources::Limits;
use crate::secrets::Providers;
use crate::source::excludes::ExcludeError;
pub use cache::{LAYERS_LABEL, PROJECT_LABEL};
pub use cancel::{CancelReason, Cancellation, Canceller, cancellation};
use container::sandbox::Sandbox;
pub use container::sweep::{forsake, remove_scratch, sweep};
pub use container::volume_ledger::{Ledger, is_of_container};
pub use debug::{Cause, DebugAction, Debugger, Halt, RESUMED_MARK};
use phases::commands::Carried;
pub use sources::scratch::{KeptScratch, Scratch, abandoned, kept, occupied};

/// The directories and services of this machine for builds; several builds may share them.
#[derive(Debug, Clone)]
pub struct Host {
    pub scratch_root: PathBuf,
    pub cache_root: PathBuf,
    pub owner: Owner,
    /// Providers of secrets.
    pub secrets: Providers,
    pub registry_credentials: CredentialFiles,
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    pub status: Status,
    /// The error of the machinery, for a build in FAULT.
    pub fault: Option<RunError>,
    /// Masks the secrets of the build in messages about the fault.
    pub masker: Masker,
    /// The container that was kept for debugging.
    pub kept: Option<ContainerId>,
}

/// An error of the machinery, not of the build.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("cannot use `{}`", path.display())]
    Host {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(transparent)]
    Exclude(#[from] ExcludeError),
    #[error("cannot mount `{}` copy-on-write: {reason}", path.display())]
    NoCopyOnWrite { path: PathBuf, reason: String },
    #[error(transparent)]
    Collect(CollectError),
    #[error("the build container does not work: {}", output.trim())]
    DriverFailed { output: String },
    #[error("the build container ended before the build did")]
    ContainerDied,
    #[error("{what} is longer than {} bytes", container::driver::LONGEST_VALUE)]
    TooLong { what: String },
    #[error("the values that the buildspec expands are longer than {MOST_VALUES} bytes together")]
    TooManyValues,
}

impl From<CollectError> for RunError {
    fn from(error: CollectError) -> Self {
        match error {
            CollectError::Engine(error) => Self::Engine(error),
            error => Self::Collect(error),
        }
    }
}

/// How a phase ended and why.
#[derive(Debug)]
struct Ended {
    status: Status,
    context: Option<PhaseContext>,
}

impl Ended {
    /// Returns the successful end of a phase without an agent.
    fn passed() -> Self {
        Self {
            status: Status::Succeeded,
            context: None,
        }
    }

    fn succeeded() -> Self {
        Self {
            status: Status::Succeeded,
            context: Some(PhaseContext::default()),
        }
    }

    fn failed(context: PhaseContext) -> Self {
        Self {
            status: Status::Failed,
            context: Some(context),
        }
    }

    /// Returns the end of a phase that was cut short (contract §2.2, §2.4).
    fn cancelled(reason: CancelReason) -> Self {
        match reason {
            CancelReason::Timeout => Self {
                status: Status::TimedOut,
                context: Some(PhaseContext::new(
                    "BUILD_TIMED_OUT",
                    "Build has timed out. ",
                )),
            },
            CancelReason::OutputFailed | CancelReason::Stop | CancelReason::Kill => Self {
                status: Status::Stopped,
                context: None,
            },
        }
    }
}

/// Why a phase could not be finished.
#[derive(Debug)]
enum Interruption {
    Cancelled(CancelReason),
    Failed(RunError),
}

impl<T: Into<RunError>> From<T> for Interruption {
    fn from(error: T) -> Self {
        Self::Failed(error.into())
    }
}

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

/// The limit for all values that a build expands, in bytes.
const MOST_VALUES: usize = 8 * container::driver::LONGEST_VALUE;

/// A build from its first moment to its last.
struct Run<'a, E> {
    plan: &'a Plan,
    engine: &'a E,
    host: &'a Host,
    events: &'a EventSender,
    cancellation: &'a Cancellation,
}

impl<E> Clone for Run<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Run<'_, E> {}

/// A build while its container lives: from PROVISIONING to FINALIZING.
struct Live<'a, E> {
    run: Run<'a, E>,
    work: &'a Work,
    sandbox: Sandbox<'a, E>,
    /// The command phases as they stand; a debugger may bring new ones.
    phases: Vec<PhasePlan>,
    /// The variables to hand on, and the artifacts, which a debugger may change as well.
    exported: Vec<String>,
    artifacts: ArtifactsPlan,
    debugger: Option<Box<dyn Debugger>>,
    carried: Carried,
    /// Masks the build's secrets in what is not an event.
    masker: Masker,
    /// The cache, from when it was looked for to when it is saved.
    caching: Option<cache::Caching>,
    /// The volume with the layers of the build's Docker daemon; locked until the container is
    /// removed.
    _layers: Option<cache::Layers>,
    /// How much of the machine the container may use.
    limits: Limits,
    /// How many bytes the values may have that the build is still asked for.
    values_left: usize,
    is_kept: bool,
}

impl<E: Engine> Run<'_, E> {
    async fn guarded<T>(&self, work: impl Future<Output = T>) -> Result<T, Interruption> {
        self.cancellation
            .guard(work)
            .await
            .map_err(Interruption::Cancelled)
    }

    async fn warn(&self, message: String) {
        self.events.emit(Notice::Warning { message }).await;
    }

    /// Says what `cobuild check` finds in the buildspec.
    async fn tell_problems(&self) {
        let problems = self.plan.problems.clone();
        if !problems.problems.is_empty() {
            self.events.emit(Notice::BuildspecProblems(problems)).await;
        }
    }

    async fn hint(&self, message: String) {
        self.events.emit(Notice::Hint { message }).await;
    }
}
