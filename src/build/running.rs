//! The life of a build: prepare the sources, make and run the plan, remove the directory.

use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::facts::{self, Numbering};
use super::sources::{PreparedSources, Purpose, prepare};
use super::workspace::Workspace;
use super::{BuildError, Installation, Request};
use crate::channel::{self, EventSender, Message};
use crate::engine::Engine;
use crate::mask::Masker;
use crate::phase::Status;
use crate::plan::{self, Facts, Inputs, PhasePlan, Plan, Reading};
use crate::runner::{self, CancelReason, Cancellation, Canceller, Debugger, Outcome};
use crate::settings::Environment;
use crate::terminal;

/// How long a killed build may take to clean up before it is abandoned.
const LAST_CHANCE: Duration = Duration::from_secs(5);

/// Creates the debugger of a build, once it has a plan.
pub type DebuggerMaker = Box<dyn FnOnce(Replan) -> Box<dyn Debugger> + Send>;

/// A running build.
#[derive(Debug)]
pub struct Build {
    /// The events of the build. A build waits while many events have not been received; after the
    /// receiver was dropped it continues without events.
    pub events: mpsc::Receiver<Message>,
    pub canceller: Canceller,
    /// Reports when the build is cut short.
    pub cancellation: Cancellation,
    pub end: End,
}

/// The end of a build. Dropping it early stops the build.
#[derive(Debug)]
pub struct End {
    canceller: Canceller,
    task: JoinHandle<Result<Outcome, BuildError>>,
}

impl End {
    /// Waits for the end. A build that could not begin returns an error.
    pub async fn wait(mut self) -> Result<Outcome, BuildError> {
        (&mut self.task).await?
    }
}

impl Drop for End {
    fn drop(&mut self) {
        // Has no effect on a build that has ended.
        self.canceller.cancel(CancelReason::Stop);
    }
}

/// Starts a build as a task of the current runtime. A build with a debugger has no time limit.
pub fn start<E: Engine + 'static>(
    request: Request,
    engine: E,
    installation: &Installation,
    debugger: Option<DebuggerMaker>,
) -> Build {
    let (canceller, cancellation) = runner::cancellation();
    let (sender, events) = channel::channel(steady_clock());
    let sender = sender.on_secrets(|masker| terminal::hide(masker.clone()));
    let life = Life {
        request,
        engine,
        installation: installation.clone(),
        canceller: canceller.clone(),
        cancellation: cancellation.clone(),
    };
    Build {
        events,
        canceller: canceller.clone(),
        cancellation,
        end: End {
            canceller,
            task: tokio::spawn(life.run(sender, debugger)),
        },
    }
}

/// Returns the plan that a build would have now; reads only the buildspec of its sources.
pub async fn plan(request: &Request, environment: &Environment) -> Result<Plan, BuildError> {
    // Removed after the buildspec was read.
    let place = tempfile::tempdir().map_err(|source| BuildError::Workspace {
        path: tempfile::env::temp_dir(),
        source,
    })?;
    let purpose = Purpose::Show(&request.buildspec);
    let (_canceller, cancellation) = runner::cancellation();
    let prepared = prepare(&request.sources, purpose, place.path(), &cancellation).await?;
    let facts = prepared.facts(environment, Numbering::Look);
    Ok(plan::make(inputs(request, &prepared)?, &facts))
}

/// A build from its first moment to its last.
struct Life<E> {
    request: Request,
    engine: E,
    installation: Installation,
    canceller: Canceller,
    cancellation: Cancellation,
}

impl<E: Engine> Life<E> {
    async fn run(
        self,
        events: EventSender,
        debugger: Option<DebuggerMaker>,
    ) -> Result<Outcome, BuildError> {
        let root = self.installation.scratch_root();
        let workspace = Workspace::open(&root, &self.request.sources)?;
        // Without a workspace no source needs a tree.
        let directory = workspace.as_ref().map_or(&*root, Workspace::directory);
        let ended = match self.prepared(directory).await {
            Ok(prepared) => self.run_prepared(prepared, events, debugger).await,
            Err(error) => Err(error),
        };
        if let Some(workspace) = workspace {
            let kept = ended.as_ref().ok();
            let kept = kept.and_then(|outcome| outcome.kept.as_ref());
            workspace.close(kept).await;
        }
        ended
    }

    /// Prepares the sources within the time limit of the build.
    async fn prepared(&self, directory: &Path) -> Result<PreparedSources, BuildError> {
        let limit = self.request.settings.timeout;
        let clock = tokio::spawn(time_out(limit, self.canceller.clone()));
        let sources = &self.request.sources;
        let prepared = prepare(sources, Purpose::Build, directory, &self.cancellation).await;
        clock.abort();
        match prepared {
            Err(BuildError::Stopped)
                if self.cancellation.reason() == Some(CancelReason::Timeout) =>
            {
                Err(BuildError::TimedOut(limit))
            }
            prepared => prepared,
        }
    }

    async fn run_prepared(
        &self,
        prepared: PreparedSources,
        events: EventSender,
        debugger: Option<DebuggerMaker>,
    ) -> Result<Outcome, BuildError> {
        let facts = prepared.facts(&self.installation.environment, Numbering::Take);
        let plan = plan::make(inputs(&self.request, &prepared)?, &facts);
        let clock = debugger.is_none().then(|| {
            let canceller = self.canceller.clone();
            tokio::spawn(time_out(plan.timeout, canceller))
        });
        let debugger = debugger.map(|make| {
            make(Replan {
                request: self.request.clone(),
                prepared,
                facts,
            })
        });
        let host = self.installation.host();
        let (engine, cancellation) = (&self.engine, &self.cancellation);
        let run = runner::run(&plan, engine, &host, &events, cancellation, debugger);
        let outcome = tokio::select! {
            outcome = Box::pin(run) => Some(outcome),
            () = given_up(cancellation) => None,
        };
        if let Some(clock) = clock {
            clock.abort();
        }
        if let Some(outcome) = outcome {
            return Ok(outcome);
        }
        // The container ends by itself when this process ends.
        runner::forsake(engine, &plan.identity.id, &host).await;
        Ok(Outcome {
            status: Status::Stopped,
            fault: None,
            masker: Masker::default(),
            kept: None,
        })
    }
}

impl PreparedSources {
    fn facts(&self, environment: &Environment, numbering: Numbering) -> Facts {
        let count = 1 + self.secondary.len();
        facts::gather(environment, &self.primary.identity(), count, numbering)
    }
}

fn inputs(request: &Request, prepared: &PreparedSources) -> Result<Inputs, BuildError> {
    Ok(Inputs {
        settings: request.settings.clone(),
        source: prepared.primary.clone(),
        secondary: prepared.secondary.clone(),
        git_directories: request.sources.git_directories.clone(),
        buildspec: prepared.buildspec(&request.buildspec)?,
        warnings: prepared.warnings.clone(),
    })
}

/// Plans a running build again, after its buildspec was edited.
#[derive(Debug)]
pub struct Replan {
    request: Request,
    prepared: PreparedSources,
    facts: Facts,
}

impl Replan {
    /// Reads the buildspec again, and returns its phases or the error.
    pub fn phases(&self) -> Result<Vec<PhasePlan>, String> {
        let inputs = inputs(&self.request, &self.prepared)
            .map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
        match plan::make(inputs, &self.facts).reading {
            Reading::Accepted(work) => Ok(work.phases),
            Reading::Refused { context, .. } | Reading::SourceFailed { context, .. } => {
                Err(format!("{}: {}", context.status_code, context.message))
            }
        }
    }
}

/// A clock that starts with the build and never jumps: setting the clock of the machine changes
/// neither the order of log lines nor the durations of phases.
fn steady_clock() -> impl Fn() -> Timestamp + Send + Sync {
    let (start, began) = (Timestamp::now(), Instant::now());
    move || start.checked_add(began.elapsed()).unwrap_or(start)
}

async fn time_out(limit: Duration, canceller: Canceller) {
    tokio::time::sleep(limit).await;
    canceller.cancel(CancelReason::Timeout);
}

/// Waits until a killed build has had its time to clean up.
async fn given_up(cancellation: &Cancellation) {
    cancellation.reached(CancelReason::Kill).await;
    tokio::time::sleep(LAST_CHANCE).await;
}
