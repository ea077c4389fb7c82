//! PROVISIONING: pull the image and start the container.

use std::time::Duration;

use crate::engine::{
    Engine, EngineFacts, NamedVolume, Refusal, says_no_shell, says_other_processor,
};
use crate::mask::Masker;
use crate::phase::PhaseContext;
use crate::plan::{Work, is_variable_name};
use crate::runner::container::lost_container::container_died;
use crate::runner::container::sandbox::Sandbox;
use crate::runner::container::sweep;
use crate::runner::ended::Ended;
use crate::runner::image::BuildImage;
use crate::runner::interruption::Interruption;
use crate::runner::limits::MOST_VALUES;
use crate::runner::live::Live;
use crate::runner::phases::carried::Carried;
use crate::runner::run::Run;
use crate::runner::sources::trees::InputTrees;
use crate::runner::{CancelReason, Debugger, RunError};

/// How long a container may still take to start when the build is cut short.
const OPEN_LIMIT: Duration = Duration::from_secs(5);

/// How many variables of the image are named that are lost.
const MOST_NAMES: usize = 10;

/// The result of PROVISIONING.
pub(in crate::runner) struct Provisioned<'a, E> {
    /// The build with its container, once that has started; it has to be taken down.
    pub(in crate::runner) live: Option<Live<'a, E>>,
    pub(in crate::runner) ended: Result<Ended, Interruption>,
}

impl<'a, E: Engine> Run<'a, E> {
    /// Runs PROVISIONING: pulls the image, starts the container and its Docker daemon.
    pub(in crate::runner) async fn provision(
        self,
        work: &'a Work,
        debugger: Option<Box<dyn Debugger>>,
        masker: Masker,
    ) -> Provisioned<'a, E> {
        let mut live = match self.start_container(work, debugger, masker).await {
            Ok(Ok(live)) => live,
            Ok(Err(failure)) => {
                let ended = Ok(Ended::failed(failure));
                return Provisioned { live: None, ended };
            }
            Err(interruption) => {
                let ended = Err(interruption);
                return Provisioned { live: None, ended };
            }
        };
        let ended = match live.start_dockerd().await {
            Ok(None) => Ok(Ended::passed()),
            Ok(Some(failure)) => Ok(Ended::failed(failure)),
            Err(interruption) => Err(interruption),
        };
        let live = Some(live);
        Provisioned { live, ended }
    }

    /// Starts the build container, or returns the context of the failure.
    async fn start_container(
        self,
        work: &'a Work,
        debugger: Option<Box<dyn Debugger>>,
        masker: Masker,
    ) -> Result<Result<Live<'a, E>, PhaseContext>, Interruption> {
        let facts = self.guarded(self.engine.facts()).await??;
        let limits = self.limits(&facts).await;
        let image = match self.image(&facts).await? {
            Ok(image) => image,
            Err(context) => return Ok(Err(context)),
        };
        self.tell_lost_names(&image).await;
        let layers = self.take_layers().await?;
        let trees = self
            .guarded(InputTrees::gather(self.plan, self.host))
            .await??;
        let foreign = image.is_foreign.then(|| image.name.clone());
        let volume = layers.as_ref().map(|layers| &layers.volume);
        let sandbox = match self.open(&facts, image, trees, volume).await? {
            Ok(sandbox) => sandbox,
            Err(error) => return self.explain(error, foreign).await.map(Err),
        };
        for message in sandbox.warnings() {
            self.warn(format!("the engine says: {message}")).await;
        }
        Ok(Ok(Live {
            run: self,
            work,
            sandbox,
            phases: work.phases.clone(),
            exported: work.exported.clone(),
            artifacts: work.artifacts.clone(),
            debugger,
            carried: Carried::default(),
            masker,
            caching: None,
            _layers: layers,
            limits,
            values_left: MOST_VALUES,
            is_kept: false,
        }))
    }

    /// Tells which variables of the image no shell hands on.
    async fn tell_lost_names(&self, image: &BuildImage) {
        let names = image.facts.environment.iter().map(|(name, _)| &**name);
        let lost: Vec<String> = names
            .filter(|name| !is_variable_name(name))
            .take(MOST_NAMES)
            .map(|name| format!("`{name}`"))
            .collect();
        if !lost.is_empty() {
            self.warn(format!(
                "no command sees these variables of the image, since shells know no such names: {}",
                lost.join(", ")
            ))
            .await;
        }
    }

    /// Opens the sandbox; leaves nothing behind when the build is cut short meanwhile.
    async fn open(
        &self,
        facts: &EngineFacts,
        image: BuildImage,
        trees: InputTrees,
        layers: Option<&NamedVolume>,
    ) -> Result<Result<Sandbox<'a, E>, RunError>, Interruption> {
        let (engine, plan, host) = (self.engine, self.plan, self.host);
        let given_up = async {
            let reason = self.cancellation.reached(CancelReason::Timeout).await;
            // A container that is being created is ready soon, and can then be removed properly.
            tokio::time::sleep(OPEN_LIMIT).await;
            reason
        };
        tokio::select! {
            opened = Sandbox::open(engine, plan, host, facts, image, trees, layers) => Ok(opened),
            reason = given_up => {
                sweep::forsake(engine, &plan.identity.id, host).await;
                Err(Interruption::Cancelled(reason))
            }
        }
    }

    /// Returns the context when the image is the reason that the container cannot start; `foreign`
    /// is its name when it is for another processor.
    async fn explain(
        &self,
        error: RunError,
        foreign: Option<String>,
    ) -> Result<PhaseContext, Interruption> {
        let hint = match foreign {
            _ if lacks_shell(&error) => format!(
                "the image `{}` has no `sh`; every build needs a POSIX shell",
                self.plan.engine_image
            ),
            Some(image) if cannot_execute(&error) => {
                let named = self.plan.pulling.platform.as_ref();
                let without = named
                    .map(|platform| {
                        format!(": without `--platform {platform}` the engine's own is used")
                    })
                    .unwrap_or_default();
                format!(
                    "the image `{image}` is for another processor architecture, and the engine cannot emulate it{without}"
                )
            }
            _ => return Err(error.into()),
        };
        self.hint(hint).await;
        Ok(container_died())
    }
}

/// Whether a container could not start because its image has no shell, by the error of the engine
/// or the output of the init process.
fn lacks_shell(error: &RunError) -> bool {
    match error {
        RunError::Engine(error) => error.refusal() == Some(Refusal::Shell),
        RunError::DriverFailed { output } => says_no_shell(output),
        _ => false,
    }
}

/// Whether a container could not start because its programs are for another processor.
fn cannot_execute(error: &RunError) -> bool {
    match error {
        RunError::Engine(error) => error.refusal() == Some(Refusal::Processor),
        RunError::DriverFailed { output } => says_other_processor(output),
        _ => false,
    }
}
