//! DOWNLOAD_SOURCE: bring in the sources, read the buildspec and the environment (contract §4.3).

use crate::engine::Engine;
use crate::event::{
    AgentEvent, Notice, PhaseCommands, SecondarySource, SourceEvent, Transferred, UnknownKeys,
};
use crate::phase::PhaseContext;
use crate::plan::{Store, Work};
use crate::runner::ended::Ended;
use crate::runner::interruption::Interruption;
use crate::runner::live::Live;
use crate::runner::run::Run;

impl<E: Engine> Run<'_, E> {
    /// DOWNLOAD_SOURCE of a build without a source: the agent never begins.
    pub(in crate::runner) async fn lack_source(&self, context: &PhaseContext, hint: &str) -> Ended {
        let reason = context.clone();
        let failed = SourceEvent::Failed { context: reason };
        self.events.emit(failed).await;
        self.hint(hint.to_owned()).await;
        Ended::failed(context.clone())
    }

    /// DOWNLOAD_SOURCE of a build whose buildspec cannot be run.
    pub(in crate::runner) async fn refuse_buildspec(
        &self,
        location: Option<&str>,
        context: &PhaseContext,
        hint: Option<&str>,
    ) -> Ended {
        self.source_is_ready(Vec::new()).await;
        if let Some(path) = location {
            let path = path.to_owned();
            let located = AgentEvent::BuildspecLocated { path };
            self.events.emit(located).await;
        }
        self.tell_problems().await;
        if let Some(hint) = hint {
            self.hint(hint.to_owned()).await;
        }
        Ended::failed(context.clone())
    }

    async fn source_is_ready(&self, transfer: Vec<Transferred>) {
        let layout = &self.plan.layout;
        let ready = SourceEvent::Ready {
            directory: layout.source.clone(),
            secondary: secondary(&layout.secondary),
            transfer,
        };
        self.events.emit(ready).await;
    }
}

impl<E: Engine> Live<'_, E> {
    /// Runs DOWNLOAD_SOURCE.
    pub(in crate::runner) async fn download_source(&mut self) -> Result<Ended, Interruption> {
        let (plan, work) = (self.run.plan, self.work);
        let transfer = self.sandbox.ways().to_vec();
        self.run.source_is_ready(transfer).await;
        let cancellation = self.run.cancellation;
        let has_session = self.debugger.is_some();
        let prepared = cancellation
            .guard(self.sandbox.prepare(plan, work, has_session))
            .await
            .map_err(Interruption::Cancelled)??;
        for message in prepared.notes {
            self.run.warn(message).await;
        }
        for event in self.start_sequence(work) {
            self.run.events.emit(event).await;
        }
        if let Some(failure) = self.resolve_stored().await? {
            return Ok(Ended::failed(failure));
        }
        if let Some(failure) = self.select_runtimes(prepared.has_runtimes).await? {
            return Ok(Ended::failed(failure));
        }
        self.run
            .events
            .emit(AgentEvent::DirectoryEntered {
                path: plan.layout.source.clone(),
            })
            .await;
        self.restore_cache().await?;
        if plan.show_changes {
            self.run.guarded(self.sandbox.record_sources(plan)).await?;
        }
        self.run.events.emit(registration(work)).await;
        for message in work.warnings.iter().cloned() {
            self.run.warn(message).await;
        }
        self.run.tell_problems().await;
        for message in work.hints.iter().cloned() {
            self.run.hint(message).await;
        }
        for message in work.caveats.iter().cloned() {
            self.run.events.emit(Notice::Caveat { message }).await;
        }
        Ok(Ended::succeeded())
    }

    /// The log lines between finding the buildspec and selecting the runtimes (contract §4.3).
    fn start_sequence(&self, work: &Work) -> Vec<AgentEvent> {
        let mut events = vec![AgentEvent::BuildspecLocated {
            path: work.location.clone(),
        }];
        if !work.unknown_keys.is_empty() {
            events.push(AgentEvent::UnknownKeys {
                sections: work
                    .unknown_keys
                    .iter()
                    .map(|unknown| UnknownKeys {
                        section: unknown.section.clone(),
                        keys: unknown.keys.clone(),
                    })
                    .collect(),
            });
        }
        events.extend(
            work.shell
                .clone()
                .map(|shell| AgentEvent::ShellSelected { shell }),
        );
        events.extend(
            self.run
                .plan
                .source_words
                .clone()
                .map(|source| AgentEvent::HttpTimeoutRaised { source }),
        );
        events.push(AgentEvent::EnvironmentProcessed {
            parameter_store: work
                .stored
                .iter()
                .any(|stored| stored.store == Store::ParameterStore),
        });
        events
    }
}

/// The log lines between the cache and the first command (contract §4.3).
fn registration(work: &Work) -> AgentEvent {
    AgentEvent::Registered {
        phases: work
            .phases
            .iter()
            .filter(|phase| phase.named)
            .map(|phase| PhaseCommands {
                phase: phase.phase,
                commands: phase.commands.len(),
            })
            .collect(),
    }
}

fn secondary(sources: &[(String, String)]) -> Vec<SecondarySource> {
    let sources = sources.iter().cloned();
    sources
        .map(|(identifier, directory)| SecondarySource {
            identifier,
            directory,
        })
        .collect()
}
