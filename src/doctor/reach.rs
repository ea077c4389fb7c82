//! Asks an engine who it is.

use std::time::Duration;

use crate::engine::{Engine, EngineDetails, EngineError, EngineFacts};

/// How long the engine may take to describe itself.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);

/// A reachable engine and its properties.
#[derive(Debug, Clone, Default)]
pub struct ReachedEngine {
    pub facts: EngineFacts,
    pub details: EngineDetails,
}

/// Asks the engine for its properties.
pub async fn reach<E: Engine>(engine: &E) -> Result<ReachedEngine, EngineError> {
    let asked = async {
        let facts = engine.facts().await?;
        let details = engine.details().await?;
        Ok(ReachedEngine { facts, details })
    };
    match tokio::time::timeout(ANSWER_LIMIT, asked).await {
        Ok(reached) => reached,
        Err(_) => Err(EngineError {
            operation: crate::engine::Operation::Connect,
            status: None,
            source: format!(
                "the engine did not answer within {} s",
                ANSWER_LIMIT.as_secs()
            )
            .into(),
        }),
    }
}
