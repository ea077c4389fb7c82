//! Walks a build through its phases.

use super::container::lost_container::container_died;
use super::ended::Ended;
use super::interruption::Interruption;
use super::live::Live;
use super::phases::provisioning::Provisioned;
use super::run::Run;
use super::{CancelReason, Debugger, Outcome, RunError};
use crate::buildspec::OnFailure;
use crate::engine::{ContainerId, Engine};
use crate::event::{BuildEvent, PhaseEvent, SourceEvent};
use crate::mask::Masker;
use crate::phase::{PhaseContext, PhaseType, Status};
use crate::plan::Reading;
use crate::plan::phases::{build_status, next};

/// Walks from the first phase to the last.
pub(super) async fn walk<E: Engine>(
    run: Run<'_, E>,
    debugger: Option<Box<dyn Debugger>>,
) -> Outcome {
    let masker = run.mask(&[]).await;
    let build = Box::new(run.plan.identity.clone());
    run.events.emit(BuildEvent::Started { build }).await;
    let mut walk = PhaseWalk {
        run,
        statuses: Vec::new(),
        fault: None,
    };
    for phase in [PhaseType::Submitted, PhaseType::Queued] {
        walk.enter(phase).await;
        walk.leave(phase, Ended::passed(), &OnFailure::Default)
            .await;
    }
    let (masker, kept) = match &run.plan.reading {
        Reading::Accepted(work) => {
            let phase = PhaseType::Provisioning;
            walk.enter(phase).await;
            let Provisioned { live, ended } = run.provision(work, debugger, masker.clone()).await;
            let (ended, is_dead) = walk.ended(ended, live.as_ref()).await;
            let next = walk.leave(phase, ended, &OnFailure::Default).await;
            match live {
                Some(live) => walk.live(live, next.filter(|_| !is_dead)).await,
                None => (masker, None),
            }
        }
        // A buildspec that cannot be run fails without a container.
        Reading::SourceFailed { context, hint } => {
            walk.pass(PhaseType::Provisioning).await;
            walk.enter(PhaseType::DownloadSource).await;
            let ended = run.lack_source(context, hint).await;
            walk.end_without_container(ended).await;
            (masker, None)
        }
        Reading::Refused {
            location,
            context,
            hint,
        } => {
            walk.pass(PhaseType::Provisioning).await;
            walk.enter(PhaseType::DownloadSource).await;
            let (location, hint) = (location.as_deref(), hint.as_deref());
            let ended = run.refuse_buildspec(location, context, hint).await;
            walk.end_without_container(ended).await;
            (masker, None)
        }
    };
    walk.enter(PhaseType::Completed).await;
    let status = build_status(walk.statuses);
    run.events.emit(BuildEvent::Finished { status }).await;
    Outcome {
        status,
        fault: walk.fault,
        masker,
        kept,
    }
}

/// The phases that have ended, and the error of the machinery.
struct PhaseWalk<'a, E> {
    run: Run<'a, E>,
    statuses: Vec<Status>,
    fault: Option<RunError>,
}

impl<'a, E: Engine> PhaseWalk<'a, E> {
    async fn enter(&self, phase: PhaseType) {
        self.run.events.emit(PhaseEvent::Started { phase }).await;
    }

    /// Reports the end of a phase; returns the next one.
    async fn leave(
        &mut self,
        phase: PhaseType,
        ended: Ended,
        on_failure: &OnFailure,
    ) -> Option<PhaseType> {
        let Ended { status, context } = ended;
        self.statuses.push(status);
        let following = next(phase, status, on_failure);
        let finished = PhaseEvent::Finished {
            phase,
            status,
            context,
        };
        self.run.events.emit(finished).await;
        following
    }

    /// Passes through a phase without work.
    async fn pass(&mut self, phase: PhaseType) {
        self.enter(phase).await;
        self.leave(phase, Ended::passed(), &OnFailure::Default)
            .await;
    }

    /// Ends DOWNLOAD_SOURCE, and with it a build that has no container.
    async fn end_without_container(&mut self, ended: Ended) {
        let phase = PhaseType::DownloadSource;
        let next = self.leave(phase, ended, &OnFailure::Default).await;
        if next == Some(PhaseType::Finalizing) {
            let phase = PhaseType::Finalizing;
            self.enter(phase).await;
            self.leave(phase, Ended::succeeded(), &OnFailure::Default)
                .await;
        }
    }

    /// Walks through the phases in which the container lives, and takes it down.
    async fn live(
        &mut self,
        mut live: Live<'a, E>,
        mut next: Option<PhaseType>,
    ) -> (Masker, Option<ContainerId>) {
        while let Some(phase) = next
            && phase < PhaseType::Finalizing
        {
            self.enter(phase).await;
            let ended = live.phase(phase).await;
            let (ended, is_dead) = self.ended(ended, Some(&live)).await;
            if ended.status != Status::Succeeded {
                live.carried.fail();
            }
            let following = self.leave(phase, ended, live.on_failure(phase)).await;
            next = following.filter(|_| !is_dead && !live.is_kept);
        }
        let masker = live.masker.clone();
        if next != Some(PhaseType::Finalizing) {
            return (masker, self.take_down(live).await);
        }
        self.enter(PhaseType::Finalizing).await;
        let kept = self.take_down(live).await;
        self.leave(
            PhaseType::Finalizing,
            Ended::succeeded(),
            &OnFailure::Default,
        )
        .await;
        (masker, kept)
    }

    /// Reports the end of a phase, finished or not, and returns whether the container is gone.
    async fn ended(
        &mut self,
        ended: Result<Ended, Interruption>,
        live: Option<&Live<'_, E>>,
    ) -> (Ended, bool) {
        let error = match ended {
            Ok(ended) => return (ended, false),
            Err(Interruption::Cancelled(reason)) => return (Ended::cancelled(reason), false),
            Err(Interruption::Failed(error)) => self.run.cause(error, live).await,
        };
        match error {
            RunError::ContainerDied => {
                if let Some(live) = live {
                    live.ask_why_it_died().await;
                }
                (Ended::failed(container_died()), true)
            }
            // The build is to blame, not the machinery.
            error @ (RunError::TooLong { .. } | RunError::TooManyValues) => {
                let context = PhaseContext::new("CLIENT_ERROR", error.to_string());
                (Ended::failed(context), false)
            }
            error => {
                let context = PhaseContext::new("INTERNAL_ERROR", error.to_string());
                self.fault = Some(error);
                let ended = Ended {
                    status: Status::Fault,
                    context: Some(context),
                };
                (ended, false)
            }
        }
    }

    /// Takes the container down, at once when the build was cut short; returns a kept container.
    async fn take_down(&mut self, live: Live<'_, E>) -> Option<ContainerId> {
        let Run {
            plan,
            events,
            cancellation,
            ..
        } = self.run;
        let sandbox = live.sandbox;
        let is_silent =
            matches!(&self.fault, Some(RunError::Engine(error)) if error.is_no_answer());
        // A killed build does not wait, and nobody waits for an engine that does not answer.
        if plan.show_changes && !is_silent && cancellation.reason() < Some(CancelReason::Kill) {
            for changes in sandbox.changes(plan, cancellation).await {
                events.emit(SourceEvent::Changed(changes)).await;
            }
        }
        if live.is_kept {
            let container = sandbox.container().clone();
            sandbox.keep().await;
            return Some(container);
        }
        let closed = if is_silent {
            // It was waited for once.
            sandbox.forsake();
            Ok(())
        } else if cancellation.reason().is_some() {
            sandbox.kill().await
        } else {
            sandbox.close().await
        };
        if let Err(error) = closed {
            tracing::warn!(%error, "cannot take the build container down");
            self.fault.get_or_insert(error);
        }
        None
    }
}

impl<E: Engine> Live<'_, E> {
    async fn phase(&mut self, phase: PhaseType) -> Result<Ended, Interruption> {
        match phase {
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
            PhaseType::Submitted
            | PhaseType::Queued
            | PhaseType::Provisioning
            | PhaseType::Finalizing
            | PhaseType::Completed => Ok(Ended::passed()),
        }
    }

    fn on_failure(&self, phase: PhaseType) -> &OnFailure {
        self.phases
            .iter()
            .find(|planned| planned.phase == phase)
            .map_or(&OnFailure::Default, |planned| &planned.on_failure)
    }
}
