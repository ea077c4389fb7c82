//! The life of a build: prepare the sources, make and run the plan, remove the directory.

use std::fmt;
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
use crate::event::Problems;
use crate::mask::Masker;
use crate::phase::Status;
use crate::plan::part::Step;
use crate::plan::{self, Facts, Inputs, Plan, Reading, Revision, Settings};
use crate::runner::{self, CancelReason, Cancellation, Canceller, Debugger, Outcome};
use crate::settings::Environment;

/// Creates the debugger of a build, once it has a plan.
pub type DebuggerMaker = Box<dyn FnOnce(Replan) -> Box<dyn Debugger> + Send>;

/// Learns of secrets.
pub type SecretsListener = Box<dyn Fn(&Masker) + Send + Sync>;

/// Who takes part in a build besides its events.
#[derive(Default)]
pub struct Hooks {
    /// Looks into the build.
    pub debugger: Option<DebuggerMaker>,
    /// The steps at which the debugger stops, which the buildspec must have.
    pub breaks: Vec<Step>,
    /// Learns of the build's secrets whenever there are new ones, to mask what is told of the build in other
    /// ways than by events.
    pub on_secrets: Option<SecretsListener>,
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("breaks", &self.breaks)
            .finish_non_exhaustive()
    }
}

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
    hooks: Hooks,
) -> Build {
    let Hooks {
        debugger,
        breaks,
        on_secrets,
    } = hooks;
    let (canceller, cancellation) = runner::cancellation();
    let (mut sender, events) = channel::channel(steady_clock());
    if let Some(listener) = on_secrets {
        sender = sender.on_secrets(listener);
    }
    let life = Life {
        request,
        engine,
        installation: installation.clone(),
        breaks,
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
    let facts = prepared.facts(&request.settings, environment, Numbering::Look);
    checked(plan::make(inputs(request, &prepared)?, &facts), &[])
}

/// A build from its first moment to its last.
struct Life<E> {
    request: Request,
    engine: E,
    installation: Installation,
    breaks: Vec<Step>,
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
        let environment = &self.installation.environment;
        let facts = prepared.facts(&self.request.settings, environment, Numbering::Take);
        let plan = plan::make(inputs(&self.request, &prepared)?, &facts);
        let plan = checked(plan, &self.breaks)?;
        let project = prepared.project(&self.request.settings);
        facts::remember(environment, &project, &plan);
        let clock = debugger.is_none().then(|| {
            let canceller = self.canceller.clone();
            tokio::spawn(time_out(plan.timeout, canceller))
        });
        let debugger = debugger.map(|make| {
            make(Replan {
                request: self.request.clone(),
                prepared,
                facts,
                taken: Revision::between(&plan, &plan),
                running: plan.clone(),
            })
        });
        let host = self.installation.host();
        let (engine, cancellation) = (&self.engine, &self.cancellation);
        let run = runner::run(&plan, engine, &host, &events, cancellation, debugger);
        let outcome = tokio::select! {
            outcome = Box::pin(run) => Some(outcome),
            () = cancellation.given_up() => None,
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
    fn facts(&self, settings: &Settings, environment: &Environment, numbering: Numbering) -> Facts {
        let count = 1 + self.secondary.len();
        facts::gather(environment, &self.project(settings), count, numbering)
    }

    /// Returns the name of the project, which no other project of this machine has.
    fn project(&self, settings: &Settings) -> String {
        match &settings.project {
            Some(named) => named.as_str().to_owned(),
            None => self.primary.identity().name,
        }
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

/// Checks that the buildspec has the steps that flags name.
fn checked(plan: Plan, breaks: &[Step]) -> Result<Plan, BuildError> {
    if let Reading::Accepted(work) = &plan.reading {
        plan.part.check(&work.phases)?;
        for step in breaks {
            step.check("--break-at", &work.phases)?;
        }
    }
    Ok(plan)
}

/// Plans a running build again, after its buildspec was edited.
#[derive(Debug)]
pub struct Replan {
    request: Request,
    prepared: PreparedSources,
    facts: Facts,
    /// The build as it runs.
    running: Plan,
    /// What the build has last taken over.
    taken: Option<Revision>,
}

/// A buildspec that was read again.
#[derive(Debug)]
pub struct Revised {
    /// What the build takes over.
    pub revision: Revision,
    /// Whether it says what it said when it was last read.
    pub is_unchanged: bool,
    /// What `cobuild check` finds.
    pub problems: Problems,
}

/// An edited buildspec that cannot be run.
#[derive(Debug)]
pub struct Refused {
    /// Why, as CodeBuild says it.
    pub message: String,
    /// What `cobuild check` finds.
    pub problems: Problems,
}

impl Replan {
    /// Reads the buildspec again.
    pub fn revise(&mut self) -> Result<Revised, Refused> {
        let inputs = inputs(&self.request, &self.prepared).map_err(|error| Refused {
            message: format!("{:#}", anyhow::Error::from(error)),
            problems: Problems::default(),
        })?;
        let edited = plan::make(inputs, &self.facts);
        let revision = Revision::between(&self.running, &edited);
        let problems = edited.problems;
        match (revision, edited.reading) {
            (_, Reading::Refused { context, .. } | Reading::SourceFailed { context, .. }) => {
                Err(Refused {
                    message: format!("{}: {}", context.status_code, context.message),
                    problems,
                })
            }
            (Some(revision), Reading::Accepted(_)) => {
                let is_unchanged = self.taken.as_ref().is_some_and(|it| revision.repeats(it));
                self.running.environment = edited.environment;
                self.taken = Some(revision.clone());
                Ok(Revised {
                    revision,
                    is_unchanged,
                    problems,
                })
            }
            (None, Reading::Accepted(_)) => Err(Refused {
                message: "the build runs without a buildspec".to_owned(),
                problems,
            }),
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
