//! Runs one plan.
//!
//! [`run`] walks the phase machine of [`crate::plan::phases`]: it enters a phase, does its work,
//! says how it ended, and asks which phase follows. Everything that exists in the engine is the
//! `sandbox`'s; commands go through the `driver`; whatever happens becomes an event. A build is cut
//! short by a [`CancelReason`], which every wait of a build listens to.

mod cancel;
mod command;
mod debug;
mod driver;
mod export;
mod output;
mod program;
mod runtimes;
mod sandbox;
mod scratch;
mod secrets;
mod sweep;
mod tail;
#[cfg(test)]
mod tests;
mod upload;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub use cancel::{CancelReason, Cancellation, Canceller, cancellation};
pub use debug::{Cause, Debugger, Halt, RESUMED_MARK, Verdict};
pub use sweep::{Left, clean, sweep};

use crate::buildspec::OnFailure;
use crate::channel::EventSender;
use crate::collect::artifact::CollectError;
use crate::engine::{Engine, EngineError, EngineFacts, ImageFacts, Operation};
use crate::event::Event;
use crate::mask::Masker;
use crate::phase::{PhaseContext, PhaseType, Status};
use crate::plan::{PhasePlan, Plan, Reading, Store, Work, phases};
use crate::secrets::Providers;
use sandbox::Sandbox;

/// What a run needs besides its plan.
#[derive(Debug, Clone)]
pub struct RunSettings {
    /// Where directories of running builds are kept on the host.
    pub scratch_root: PathBuf,
    /// Labels of everything in the engine.
    pub labels: BTreeMap<String, String>,
    /// A random text that no command can guess; fences the driver's answers.
    pub token: String,
    /// How long commands may take to end when the build is cut short.
    pub grace: Duration,
    /// Where artifacts go; without it they are matched and not kept.
    pub artifacts: Option<PathBuf>,
    /// Who knows the values that the buildspec wants from a store.
    pub secrets: Providers,
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
    /// Files could not be brought out.
    #[error(transparent)]
    Collect(#[from] CollectError),
    /// The container's shell is of no use: it ended at once, or does not answer.
    #[error("the build container does not work: {}", output.trim())]
    DriverFailed {
        /// What the container had to say.
        output: String,
    },
    /// The container ended by itself.
    #[error("the build container ended before the build did")]
    ContainerDied,
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
    settings: &RunSettings,
    events: &EventSender,
    cancellation: &Cancellation,
    debugger: Option<Box<dyn Debugger>>,
) -> Outcome {
    let mut run = Run {
        plan,
        phases: match &plan.reading {
            Reading::Accepted(work) => work.phases.clone(),
            Reading::Refused { .. } => Vec::new(),
        },
        debugger,
        engine,
        settings,
        events,
        cancellation,
        sandbox: None,
        carried: command::Carried::default(),
        masker: Masker::default(),
        fault: None,
        kept: false,
        dead: false,
    };
    run.build().await
}

struct Run<'a, E> {
    plan: &'a Plan,
    /// The command phases as they stand; a debugger may bring new ones.
    phases: Vec<PhasePlan>,
    debugger: Option<Box<dyn Debugger>>,
    engine: &'a E,
    settings: &'a RunSettings,
    events: &'a EventSender,
    cancellation: &'a Cancellation,
    sandbox: Option<Sandbox<'a, E>>,
    carried: command::Carried,
    masker: Masker,
    fault: Option<RunError>,
    /// Whether the container is to stay.
    kept: bool,
    /// Whether the container is gone before its time; then no phase can follow.
    dead: bool,
}

impl<'a, E: Engine> Run<'a, E> {
    async fn build(&mut self) -> Outcome {
        self.announce_secrets(&[]).await;
        self.events
            .emit(Event::BuildStarted(self.plan.identity.clone()))
            .await;
        let mut statuses = Vec::new();
        let mut phase = PhaseType::Submitted;
        while phase != PhaseType::Completed {
            self.events.emit(Event::PhaseStarted { phase }).await;
            let ended = match self.phase(phase).await {
                Ok(ended) => ended,
                Err(interruption) => self.interrupted(interruption).await,
            };
            if ended.status != Status::Succeeded {
                self.carried.succeeding = false;
            }
            statuses.push(ended.status);
            let next = phases::next(phase, ended.status, self.on_failure(phase));
            self.events
                .emit(Event::PhaseFinished {
                    phase,
                    status: ended.status,
                    context: ended.context,
                })
                .await;
            phase = next
                .filter(|_| !self.dead && !self.kept)
                .unwrap_or(PhaseType::Completed);
        }
        self.take_down().await;
        self.events.emit(Event::PhaseStarted { phase }).await;
        let status = phases::build_status(statuses);
        self.events.emit(Event::BuildFinished { status }).await;
        Outcome {
            status,
            fault: self.fault.take(),
            masker: self.masker.clone(),
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
            PhaseType::UploadArtifacts => self.upload_artifacts().await,
            PhaseType::Finalizing => {
                self.take_down().await;
                Ok(Ended::succeeded())
            }
        }
    }

    fn work(&self) -> Option<&Work> {
        match &self.plan.reading {
            Reading::Accepted(work) => Some(work),
            Reading::Refused { .. } => None,
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
            // An engine that is gone takes its containers along; that is no verdict on the build.
            Interruption::Failed(RunError::ContainerDied) => self
                .engine
                .facts()
                .await
                .map_or_else(RunError::Engine, |_| RunError::ContainerDied),
            Interruption::Failed(error) => error,
        };
        match failure {
            RunError::ContainerDied => {
                self.dead = true;
                Ended::failed(container_died())
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

    /// PROVISIONING: the image is had and the container started.
    async fn provision(&mut self) -> Result<Ended, Interruption> {
        let provisioned = Ended {
            status: Status::Succeeded,
            context: None,
        };
        if self.work().is_none() {
            // A buildspec that cannot be run needs no container to say so.
            return Ok(provisioned);
        }
        let facts = self.guarded(self.engine.facts()).await??;
        let image = match self.image().await? {
            Ok(image) => image,
            Err(context) => return Ok(Ended::failed(context)),
        };
        match self.open(&facts, image).await {
            Ok(sandbox) => self.sandbox = Some(sandbox),
            Err(error) if lacks_shell(&error) => {
                let message = format!(
                    "the image `{}` has no `sh`, which every build needs",
                    self.plan.engine_image
                );
                self.events.emit(Event::Hint { message }).await;
                return Ok(Ended::failed(container_died()));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(provisioned)
    }

    async fn open(
        &self,
        facts: &EngineFacts,
        image: ImageFacts,
    ) -> Result<Sandbox<'a, E>, RunError> {
        Sandbox::open(self.engine, self.plan, self.settings, facts, image).await
    }

    /// Returns what the engine knows of the image, which is pulled when it is not there; or why it
    /// cannot be had.
    async fn image(&self) -> Result<Result<ImageFacts, PhaseContext>, Interruption> {
        let name = &self.plan.engine_image;
        match self.guarded(self.engine.inspect_image(name)).await? {
            Ok(Some(image)) => return Ok(Ok(image)),
            Ok(None) => {}
            // No image can have such a name.
            Err(error) if error.status == Some(400) => {
                return Ok(Err(unable_to_pull(&error.reason())));
            }
            Err(error) => return Err(error.into()),
        }
        self.events
            .emit(Event::ImagePull {
                image: name.clone(),
            })
            .await;
        let pulled = self.guarded(self.engine.pull_image(name)).await?;
        if let Err(error) = pulled {
            if error.status.is_none() && matches!(error.operation, Operation::Connect) {
                return Err(error.into());
            }
            let message =
                format!("the engine has no image `{name}` either; `-i IMAGE` names another");
            self.events.emit(Event::Hint { message }).await;
            return Ok(Err(unable_to_pull(&error.reason())));
        }
        match self.guarded(self.engine.inspect_image(name)).await?? {
            Some(image) => Ok(Ok(image)),
            None => Ok(Err(unable_to_pull(&format!("no such image: {name}")))),
        }
    }

    /// DOWNLOAD_SOURCE: the sources come in, the buildspec and the environment are read.
    async fn download_source(&mut self) -> Result<Ended, Interruption> {
        let plan = self.plan;
        self.events
            .emit(Event::SourceReady {
                directory: plan.layout.source.clone(),
                secondary: plan.layout.secondary.clone(),
            })
            .await;
        let work = match &plan.reading {
            Reading::Accepted(work) => work,
            Reading::Refused {
                location,
                context,
                hint,
            } => {
                if let Some(path) = location.clone() {
                    self.events.emit(Event::BuildspecLocated { path }).await;
                }
                if let Some(message) = hint.clone() {
                    self.events.emit(Event::Hint { message }).await;
                }
                return Ok(Ended::failed(context.clone()));
            }
        };
        let cancellation = self.cancellation;
        let session = self.debugger.is_some().then_some(&self.settings.token);
        let sandbox = self.sandbox.as_mut().ok_or(RunError::ContainerDied)?;
        let has_runtimes = cancellation
            .guard(sandbox.prepare(plan, work, session))
            .await
            .map_err(Interruption::Cancelled)??;
        for event in self.start_sequence(work) {
            self.events.emit(event).await;
        }
        if let Some(failure) = self.resolve_stored(work).await? {
            return Ok(Ended::failed(failure));
        }
        if let Some(failure) = self.select_runtimes(work, has_runtimes).await? {
            return Ok(Ended::failed(failure));
        }
        for event in self.registration(work) {
            self.events.emit(event).await;
        }
        Ok(Ended::succeeded())
    }

    /// What the agent says between finding the buildspec and the runtimes (contract §4.3).
    fn start_sequence(&self, work: &Work) -> Vec<Event> {
        let mut events = vec![Event::BuildspecLocated {
            path: work.location.clone(),
        }];
        if !work.unknown_keys.is_empty() {
            events.push(Event::UnknownKeys {
                sections: work
                    .unknown_keys
                    .iter()
                    .map(|unknown| (unknown.section.clone(), unknown.keys.clone()))
                    .collect(),
            });
        }
        events.extend(
            work.shell
                .clone()
                .map(|shell| Event::ShellSelected { shell }),
        );
        events.extend(
            self.plan
                .source_words
                .map(|source| Event::HttpTimeoutRaised { source }),
        );
        events.push(Event::EnvironmentProcessed {
            parameter_store: work
                .stored
                .iter()
                .any(|stored| stored.store == Store::ParameterStore),
        });
        events
    }

    /// What the agent says between the runtimes and the first command (contract §4.3).
    fn registration(&self, work: &Work) -> Vec<Event> {
        let mut events = vec![
            Event::DirectoryEntered {
                path: self.plan.layout.source.clone(),
            },
            Event::CacheExpanded {
                paths: work.cache.as_ref().map(|cache| cache.paths.clone()),
            },
            Event::AgentRegistered {
                phases: work
                    .phases
                    .iter()
                    .filter(|phase| phase.named)
                    .map(|phase| (phase.phase, phase.commands.len()))
                    .collect(),
            },
        ];
        let warnings = work.warnings.iter().cloned();
        events.extend(warnings.map(|message| Event::Warning { message }));
        events
    }

    /// Takes the container down, at once when the build was cut short.
    async fn take_down(&mut self) {
        let Some(sandbox) = self.sandbox.take() else {
            return;
        };
        if self.kept {
            sandbox.keep().await;
            return;
        }
        let closed = if self.cancellation.reason().is_some() {
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

/// The text for a container that cannot run or that ended (contract §2.5); its code is not known,
/// so this one is assumed.
fn container_died() -> PhaseContext {
    PhaseContext::new(
        "CLIENT_ERROR",
        "Build container found dead before completing the build. build container died because it was out of memory, or the Docker image is not supported. ErrorCode: 500",
    )
}

/// The text for an image that cannot be had (contract §2.5).
fn unable_to_pull(reason: &str) -> PhaseContext {
    PhaseContext::new(
        "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE",
        format!(
            "Unable to pull customer's container image. CannotPullContainerError: Error response from daemon: {reason}"
        ),
    )
}

/// Whether a container could not be started because its image has no shell: an engine says so
/// itself, or the init process in the container does.
fn lacks_shell(error: &RunError) -> bool {
    let (reason, about_shell) = match error {
        RunError::Engine(error) if error.operation == Operation::StartContainer => {
            let reason = error.reason();
            let about_shell = reason.contains("\"sh\"");
            (reason, about_shell)
        }
        RunError::DriverFailed { output } => (output.clone(), output.contains("exec sh failed")),
        _ => return false,
    };
    let reason = reason.to_lowercase();
    about_shell && (reason.contains("not found") || reason.contains("no such file"))
}
