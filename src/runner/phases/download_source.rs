//! DOWNLOAD_SOURCE: the sources come in, the buildspec and the environment are read (contract §4.3).

use crate::runner::{Ended, Interruption, Run, RunError};
use crate::engine::Engine;
use crate::event::{AgentEvent, Notice, PhaseCommands, SecondarySource, SourceEvent, UnknownKeys};
use crate::plan::{Reading, Store, Work};

impl<E: Engine> Run<'_, E> {
    /// DOWNLOAD_SOURCE: the sources come in, the buildspec and the environment are read.
    pub(in crate::runner) async fn download_source(&mut self) -> Result<Ended, Interruption> {
        let plan = self.plan;
        let ready = SourceEvent::Ready {
            directory: plan.layout.source.clone(),
            secondary: secondary(&plan.layout.secondary),
            transfer: self
                .sandbox
                .as_ref()
                .map_or_else(Vec::new, |sandbox| sandbox.ways().to_vec()),
        };
        let work = match &plan.reading {
            Reading::SourceFailed { context, hint } => {
                let reason = context.clone();
                let failed = SourceEvent::Failed { context: reason };
                self.events.emit(failed).await;
                let message = hint.clone();
                self.events.emit(Notice::Hint { message }).await;
                return Ok(Ended::failed(context.clone()));
            }
            Reading::Accepted(work) => {
                self.events.emit(ready).await;
                work
            }
            Reading::Refused {
                location,
                context,
                hint,
            } => {
                self.events.emit(ready).await;
                if let Some(path) = location.clone() {
                    self.events
                        .emit(AgentEvent::BuildspecLocated { path })
                        .await;
                }
                if let Some(message) = hint.clone() {
                    self.events.emit(Notice::Hint { message }).await;
                }
                return Ok(Ended::failed(context.clone()));
            }
        };
        let cancellation = self.cancellation;
        let has_session = self.debugger.is_some();
        let sandbox = self.sandbox.as_mut().ok_or(RunError::ContainerDied)?;
        let prepared = cancellation
            .guard(sandbox.prepare(plan, work, has_session))
            .await
            .map_err(Interruption::Cancelled)??;
        for message in prepared.notes {
            self.events.emit(Notice::Warning { message }).await;
        }
        for event in self.start_sequence(work) {
            self.events.emit(event).await;
        }
        if let Some(failure) = self.resolve_stored(work).await? {
            return Ok(Ended::failed(failure));
        }
        if let Some(failure) = self.select_runtimes(work, prepared.has_runtimes).await? {
            return Ok(Ended::failed(failure));
        }
        self.events
            .emit(AgentEvent::DirectoryEntered {
                path: plan.layout.source.clone(),
            })
            .await;
        self.restore_cache(work).await?;
        self.events.emit(registration(work)).await;
        for message in work.warnings.iter().cloned() {
            self.events.emit(Notice::Warning { message }).await;
        }
        Ok(Ended::succeeded())
    }

    /// What the agent says between finding the buildspec and the runtimes (contract §4.3).
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
            self.plan
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

/// What the agent says between the cache and the first command (contract §4.3).
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
