//! Recognizes lost engines and dead containers behind errors.

use std::time::Duration;

use crate::engine::{Engine, EngineError};
use crate::phase::PhaseContext;
use crate::runner::RunError;
use crate::runner::live::Live;
use crate::runner::run::Run;

/// How long an engine may take to learn that a container has ended, and how often it is asked.
const DEATH_LIMIT: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl<E: Engine> Run<'_, E> {
    /// Returns the cause of an error: a lost engine, or else the ended container of `live`. Either
    /// breaks current operations in many ways.
    pub(in crate::runner) async fn cause(
        &self,
        error: RunError,
        live: Option<&Live<'_, E>>,
    ) -> RunError {
        match &error {
            RunError::ContainerDied => {}
            RunError::Engine(error) if !error.is_no_answer() => {}
            _ => return error,
        }
        if let Err(gone) = self.engine.facts().await {
            return RunError::Engine(gone);
        }
        match live {
            Some(live) if live.has_died(cut_off_by(&error)).await => RunError::ContainerDied,
            _ => error,
        }
    }
}

impl<E: Engine> Live<'_, E> {
    /// Whether the container has ended. The engine may notice it late, and gets time to do so, except after an
    /// error of a program that ended by itself, which its container has survived.
    pub(in crate::runner) async fn has_died(&self, error: Option<&EngineError>) -> bool {
        let container = self.sandbox.container();
        if error.is_some_and(EngineError::is_of_program) {
            return matches!(
                self.run.engine.is_alive(container).await,
                Ok(false) | Err(_)
            );
        }
        let ended = async {
            while let Ok(true) = self.run.engine.is_alive(container).await {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        tokio::time::timeout(DEATH_LIMIT, ended).await.is_ok()
    }
}

fn cut_off_by(error: &RunError) -> Option<&EngineError> {
    match error {
        RunError::Engine(error) => Some(error),
        _ => None,
    }
}

/// The text for a container that cannot run or that ended (contract §2.5); its code is not known,
/// so this one is assumed.
pub(in crate::runner) fn container_died() -> PhaseContext {
    PhaseContext::new(
        "CLIENT_ERROR",
        "Build container found dead before completing the build. build container died because it was out of memory, or the Docker image is not supported. ErrorCode: 500",
    )
}
