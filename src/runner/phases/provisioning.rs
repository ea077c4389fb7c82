//! PROVISIONING: the image is had and the container started.

use std::time::Duration;

use crate::runner::container::death::container_died;
use crate::runner::image::BuildImage;
use crate::runner::container::sandbox::Sandbox;
use crate::runner::sources::trees::Trees;
use crate::runner::container::sweep;
use crate::runner::{CancelReason, Ended, Interruption, Run, RunError};
use crate::engine::{Engine, EngineFacts, Refusal, says_no_shell, says_other_processor};
use crate::event::Notice;
use crate::phase::Status;

/// How long a container may still take to start when the build is cut short.
const OPEN_LIMIT: Duration = Duration::from_secs(5);

impl<'a, E: Engine> Run<'a, E> {
    /// PROVISIONING: the image is had and the container started.
    pub(in crate::runner) async fn provision(&mut self) -> Result<Ended, Interruption> {
        let provisioned = Ended {
            status: Status::Succeeded,
            context: None,
        };
        if self.work().is_none() {
            // A buildspec that cannot be run needs no container to say so.
            return Ok(provisioned);
        }
        let facts = self.guarded(self.engine.facts()).await??;
        self.set_limits(&facts).await;
        let image = match self.image(&facts).await? {
            Ok(image) => image,
            Err(context) => return Ok(Ended::failed(context)),
        };
        self.layers = self.take_layers().await?;
        let trees = self
            .guarded(Trees::gather(self.plan, &self.host.scratch_root))
            .await??;
        let wrong_platform = image.is_foreign.then(|| image.name.clone());
        let opened = {
            let cancellation = self.cancellation;
            let given_up = async {
                let reason = cancellation.reached(CancelReason::Timeout).await;
                // A container that is being made is had in a moment, and taken down in good order.
                tokio::time::sleep(OPEN_LIMIT).await;
                reason
            };
            tokio::select! {
                opened = self.open(&facts, image, trees) => Ok(opened),
                reason = given_up => Err(reason),
            }
        };
        let opened = match opened {
            Ok(opened) => opened,
            Err(reason) => {
                sweep::forsake(self.engine, &self.plan.identity.id, self.host).await;
                return Err(Interruption::Cancelled(reason));
            }
        };
        match opened {
            Ok(sandbox) => {
                for message in sandbox.warnings() {
                    let message = format!("the engine says: {message}");
                    self.events.emit(Notice::Warning { message }).await;
                }
                self.sandbox = Some(sandbox);
            }
            Err(error) if lacks_shell(&error) => {
                let message = format!(
                    "the image `{}` has no `sh`, which every build needs",
                    self.plan.engine_image
                );
                self.events.emit(Notice::Hint { message }).await;
                return Ok(Ended::failed(container_died()));
            }
            Err(error) if wrong_platform.is_some() && cannot_execute(&error) => {
                let message = format!(
                    "the image `{}` is for another processor, and this engine cannot emulate it",
                    wrong_platform.unwrap_or_default()
                );
                self.events.emit(Notice::Hint { message }).await;
                return Ok(Ended::failed(container_died()));
            }
            Err(error) => return Err(error.into()),
        }
        if let Some(failure) = self.start_dockerd().await? {
            return Ok(Ended::failed(failure));
        }
        Ok(provisioned)
    }

    async fn open(
        &self,
        facts: &EngineFacts,
        image: BuildImage,
        trees: Trees,
    ) -> Result<Sandbox<'a, E>, RunError> {
        let layers = self.layers.as_ref().map(|layers| &layers.volume);
        Sandbox::open(
            self.engine,
            self.plan,
            self.host,
            facts,
            image,
            trees,
            layers,
        )
        .await
    }
}

/// Whether a container could not be started because its image has no shell: an engine says so
/// itself, or the init process in the container does.
fn lacks_shell(error: &RunError) -> bool {
    match error {
        RunError::Engine(error) => error.refusal() == Some(Refusal::Shell),
        RunError::DriverFailed { output } => says_no_shell(output),
        _ => false,
    }
}

/// Whether a container could not be started because its programs are for another processor.
fn cannot_execute(error: &RunError) -> bool {
    match error {
        RunError::Engine(error) => error.refusal() == Some(Refusal::Processor),
        RunError::DriverFailed { output } => says_other_processor(output),
        _ => false,
    }
}
