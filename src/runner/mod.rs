//! Runs one plan.
//!
//! [`run`] walks the phase machine of [`crate::plan::phases`]: it enters a phase, does its work,
//! says how it ended, and asks which phase follows. Everything that exists in the engine is the
//! `sandbox`'s; commands go through the `driver`; whatever happens becomes an event. A build is cut
//! short by a [`CancelReason`], which every wait of a build listens to.

mod cache;
mod cancel;
mod container;
mod debug;
mod image;
mod phases;
mod sources;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use crate::buildspec::OnFailure;
use crate::channel::EventSender;
use crate::collect::CollectError;
use crate::engine::{ContainerId, Engine, EngineError};
use crate::event::{BuildEvent, PhaseEvent, SourceEvent};
use crate::logins::Logins;
use crate::mask::Masker;
use crate::owner::Owner;
use crate::phase::{PhaseContext, PhaseType, Status};
use crate::plan::phases::{build_status, next};
use crate::plan::{PhasePlan, Plan, Reading, Work};
use crate::resources::Limits;
use crate::secrets::Providers;
use crate::source::excludes::ExcludeError;
pub use cache::{LAYERS_LABEL, PROJECT_LABEL};
pub use cancel::{CancelReason, Cancellation, Canceller, cancellation};
use container::death::container_died;
pub use debug::{Cause, Debugger, Halt, RESUMED_MARK, Verdict};
pub use container::ledger::{Ledger, is_of_container};
use container::sandbox::Sandbox;
pub use sources::scratch::{Kept, Scratch, abandoned, kept, occupied};
pub use container::sweep::{forsake, remove_scratch, sweep};

/// What this machine and its user have for builds; several builds may share it.
#[derive(Debug, Clone)]
pub struct Host {
    /// Where directories of running builds are kept.
    pub scratch_root: PathBuf,
    /// Where caches are kept.
    pub cache_root: PathBuf,
    /// Who makes everything in the engine.
    pub owner: Owner,
    /// Who knows the values that a buildspec wants from a store.
    pub secrets: Providers,
    /// Who knows what registries want to see.
    pub logins: Logins,
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// The build's status.
    pub status: Status,
    /// What went wrong with the machinery, for a build in FAULT.
    pub fault: Option<RunError>,
    /// Masks the build's secrets, for whoever tells of the fault.
    pub masker: Masker,
    /// The container that was left to whoever wants to look into it.
    pub kept: Option<ContainerId>,
}

/// What can go wrong with the machinery.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A directory of the host cannot be used.
    #[error("cannot use `{}`", path.display())]
    Host {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It cannot be told what of a source stays behind.
    #[error(transparent)]
    Exclude(#[from] ExcludeError),
    /// Copy-on-write was asked for and cannot be.
    #[error("no copy-on-write view of `{}` can be had: {reason}", path.display())]
    NoCopyOnWrite {
        /// The tree.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Files could not be brought out.
    #[error(transparent)]
    Collect(CollectError),
    /// The container's shell is of no use: it ended at once, or does not answer.
    #[error("the build container does not work: {}", output.trim())]
    DriverFailed {
        /// What the container had to say.
        output: String,
    },
    /// The container ended by itself.
    #[error("the build container ended before the build did")]
    ContainerDied,
    /// The build answers with more than is of use.
    #[error("{what} is longer than {} bytes", container::driver::LONGEST_VALUE)]
    TooLong {
        /// What was asked for.
        what: String,
    },
    /// All that the build answers is more than is of use.
    #[error(
        "what variables stand for in the buildspec is longer than {MOST_VALUES} bytes together"
    )]
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

    /// How a phase ends that is cut short (contract §2.2, §2.4).
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
    let mut run = Run {
        plan,
        phases: match &plan.reading {
            Reading::Accepted(work) => work.phases.clone(),
            Reading::Refused { .. } | Reading::SourceFailed { .. } => Vec::new(),
        },
        debugger,
        engine,
        host,
        events,
        cancellation,
        sandbox: None,
        carried: phases::commands::Carried::default(),
        masker: Masker::default(),
        caching: None,
        layers: None,
        limits: Limits::default(),
        values_left: MOST_VALUES,
        fault: None,
        kept: false,
        left: None,
        dead: false,
    };
    run.build().await
}

/// How many bytes all values together may have that a build is asked for.
const MOST_VALUES: usize = 8 * container::driver::LONGEST_VALUE;

struct Run<'a, E> {
    plan: &'a Plan,
    /// The command phases as they stand; a debugger may bring new ones.
    phases: Vec<PhasePlan>,
    debugger: Option<Box<dyn Debugger>>,
    engine: &'a E,
    host: &'a Host,
    events: &'a EventSender,
    cancellation: &'a Cancellation,
    sandbox: Option<Sandbox<'a, E>>,
    carried: phases::commands::Carried,
    masker: Masker,
    caching: Option<cache::Caching>,
    /// The volume that keeps the layers of the build's Docker daemon.
    layers: Option<cache::Layers>,
    /// How much of the machine the container may use.
    limits: Limits,
    /// How many bytes the values may have that the build is still asked for.
    values_left: usize,
    fault: Option<RunError>,
    /// Whether the container is to stay.
    kept: bool,
    /// The container that stayed.
    left: Option<ContainerId>,
    /// Whether the container is gone before its time; then no phase can follow.
    dead: bool,
}

impl<E: Engine> Run<'_, E> {
    async fn build(&mut self) -> Outcome {
        self.announce_secrets(&[]).await;
        self.events
            .emit(BuildEvent::Started {
                build: Box::new(self.plan.identity.clone()),
            })
            .await;
        let mut statuses = Vec::new();
        let mut phase = PhaseType::Submitted;
        while phase != PhaseType::Completed {
            self.events.emit(PhaseEvent::Started { phase }).await;
            let ended = match self.phase(phase).await {
                Ok(ended) => ended,
                Err(interruption) => self.interrupted(interruption).await,
            };
            if ended.status != Status::Succeeded {
                self.carried.succeeding = false;
            }
            statuses.push(ended.status);
            let following = next(phase, ended.status, self.on_failure(phase));
            self.events
                .emit(PhaseEvent::Finished {
                    phase,
                    status: ended.status,
                    context: ended.context,
                })
                .await;
            phase = following
                .filter(|_| !self.dead && !self.kept)
                .unwrap_or(PhaseType::Completed);
        }
        self.take_down().await;
        self.events.emit(PhaseEvent::Started { phase }).await;
        let status = build_status(statuses);
        self.events.emit(BuildEvent::Finished { status }).await;
        Outcome {
            status,
            fault: self.fault.take(),
            masker: self.masker.clone(),
            kept: self.left.take(),
        }
    }

    async fn phase(&mut self, phase: PhaseType) -> Result<Ended, Interruption> {
        match phase {
            PhaseType::Submitted | PhaseType::Queued | PhaseType::Completed => Ok(Ended {
                status: Status::Succeeded,
                context: None,
            }),
            PhaseType::Provisioning => self.provision().await,
            PhaseType::DownloadSource => self.download_source().await,
            PhaseType::Install | PhaseType::PreBuild | PhaseType::Build => {
                self.command_phase(phase).await
            }
            PhaseType::PostBuild => {
                let ended = self.command_phase(phase).await?;
                self.export_variables().await?;
                Ok(ended)
            }
            PhaseType::UploadArtifacts => {
                let ended = self.upload_artifacts().await?;
                if ended.status == Status::Succeeded {
                    self.save_cache().await?;
                }
                Ok(ended)
            }
            PhaseType::Finalizing => {
                self.take_down().await;
                Ok(Ended::succeeded())
            }
        }
    }

    fn work(&self) -> Option<&Work> {
        match &self.plan.reading {
            Reading::Accepted(work) => Some(work),
            Reading::Refused { .. } | Reading::SourceFailed { .. } => None,
        }
    }

    fn on_failure(&self, phase: PhaseType) -> &OnFailure {
        self.phases
            .iter()
            .find(|planned| planned.phase == phase)
            .map_or(&OnFailure::Default, |planned| &planned.on_failure)
    }

    /// Says how a phase ends that could not be finished.
    async fn interrupted(&mut self, interruption: Interruption) -> Ended {
        let failure = match interruption {
            Interruption::Cancelled(reason) => return Ended::cancelled(reason),
            Interruption::Failed(error) => self.cause(error).await,
        };
        match failure {
            RunError::ContainerDied => {
                self.dead = true;
                if let Some(sandbox) = &self.sandbox {
                    self.ask_why_it_died(sandbox.container()).await;
                }
                Ended::failed(container_died())
            }
            // The build is to blame, not the machinery.
            error @ (RunError::TooLong { .. } | RunError::TooManyValues) => {
                Ended::failed(PhaseContext::new("CLIENT_ERROR", error.to_string()))
            }
            error => {
                let context = PhaseContext::new("INTERNAL_ERROR", error.to_string());
                self.fault = Some(error);
                Ended {
                    status: Status::Fault,
                    context: Some(context),
                }
            }
        }
    }

    /// Takes the container down, at once when the build was cut short.
    async fn take_down(&mut self) {
        let Some(sandbox) = self.sandbox.take() else {
            return;
        };
        // Whoever kills a build does not wait.
        if self.plan.show_changes && self.cancellation.reason() < Some(CancelReason::Kill) {
            for changes in sandbox.changes(self.plan, self.cancellation).await {
                self.events.emit(SourceEvent::Changed(changes)).await;
            }
        }
        if self.kept {
            self.left = Some(sandbox.container().clone());
            sandbox.keep().await;
            return;
        }
        let is_silent =
            matches!(&self.fault, Some(RunError::Engine(error)) if error.is_no_answer());
        let closed = if is_silent {
            // It was waited for once.
            sandbox.forsake();
            Ok(())
        } else if self.cancellation.reason().is_some() {
            sandbox.kill().await
        } else {
            sandbox.close().await
        };
        if let Err(error) = closed {
            tracing::warn!(%error, "cannot take the build container down");
            self.fault.get_or_insert(error);
        }
    }

    async fn guarded<T>(&self, work: impl Future<Output = T>) -> Result<T, Interruption> {
        self.cancellation
            .guard(work)
            .await
            .map_err(Interruption::Cancelled)
    }
}
