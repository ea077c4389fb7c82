//! Examines whether builds can run here: the engine, what it lets containers do, this machine.
//!
//! What can be tried is tried, with containers of a tiny image that is made for it
//! (`trial`, `program`): no image need be there, and none stays. Each [`Check`] says what was found, and
//! each that is not well what to do about it.

mod check;
mod containers;
mod credentials;
mod disk;
mod engine;
mod mounts;
mod program;
mod pull;
mod tools;
mod trial;

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

pub use check::{Check, Subject, Verdict};

use crate::engine::{Engine, EngineDetails, EngineError, EngineFacts};
use crate::ownership::Owner;
use crate::runner::Cancellation;
use trial::Trials;

/// How long the engine may take to say what it is.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);

/// What an examination needs to know of its surroundings.
#[derive(Debug, Clone)]
pub struct ExaminationInputs {
    pub owner: Owner,
    /// A name that no other examination has, fit for a tag of an image.
    pub id: String,
    pub scratch_root: PathBuf,
    /// Where everything is that cobuild keeps, on this machine.
    pub cache_directory: PathBuf,
    pub docker_config: Option<PathBuf>,
    /// The image to pull, when somebody has named one.
    pub pull: Option<String>,
    pub now: Timestamp,
}

/// What an engine says of itself.
#[derive(Debug, Clone, Default)]
pub struct ReachedEngine {
    pub facts: EngineFacts,
    pub details: EngineDetails,
}

/// Asks the engine what it is.
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

/// Examines an engine that answers. `None` when somebody stops it; then too nothing is left behind.
pub async fn examine_engine<E: Engine>(
    engine: &E,
    reached: &ReachedEngine,
    surroundings: &ExaminationInputs,
    cancellation: &Cancellation,
) -> Option<Vec<Check>> {
    let mut checks = engine::checks(reached, surroundings.now);
    let trials = Trials::prepare(engine, reached, surroundings).await;
    let tried = async {
        tokio::join!(
            try_containers(&trials, reached),
            pull::checks(engine, surroundings)
        )
    };
    let tried = cancellation.guard(tried).await;
    trials.clear_away().await;
    let (containers, pulls) = tried.ok()?;
    checks.extend(containers);
    checks.extend(pulls);
    checks.push(disk::of_engine(reached));
    checks.sort_by_key(|check| check.subject);
    Some(checks)
}

/// Tries a container as such, and what it may do side by side.
async fn try_containers<E: Engine>(trials: &Trials<'_, E>, reached: &ReachedEngine) -> Vec<Check> {
    let container = containers::container(trials).await;
    let (mut checks, views) = if container.verdict == Verdict::Ok {
        tokio::join!(
            containers::checks(trials, reached),
            mounts::checks(trials, reached)
        )
    } else {
        let not_tried = |subject: &Subject| Check::not_tried(*subject, "no container runs");
        let checks = Subject::OF_CONTAINERS.iter().map(not_tried).collect();
        (checks, Vec::new())
    };
    checks.extend(views);
    checks.push(container);
    checks
}

/// What is not examined where no engine answers.
pub fn without_engine() -> Vec<Check> {
    let subjects = Subject::OF_ENGINE.iter().chain(Subject::OF_CONTAINERS);
    subjects
        .map(|subject| Check::not_tried(*subject, "no engine answers"))
        .collect()
}

/// Examines this machine, as far as it is not the engine's.
pub async fn examine_machine(surroundings: &ExaminationInputs) -> Vec<Check> {
    let (git, credentials) = tokio::join!(
        tools::git(),
        credentials::helpers(surroundings.docker_config.as_deref())
    );
    vec![disk::of_cache(surroundings), git, credentials]
}
