//! Examines whether builds can run here: the engine, what it lets containers do, this machine.
//!
//! What can be tried is tried, with containers of a tiny image made for it (`trial`, `program`): no
//! other image is needed, and none stays. Each [`Check`] says what was found, and each problem has
//! a remedy.

mod check;
mod containers;
mod credentials;
mod disk;
mod engine;
mod inputs;
mod mounts;
mod program;
mod pull;
mod reach;
mod tools;
mod trial;

pub use check::{Check, Subject, Verdict};
pub use inputs::ExaminationInputs;
pub use reach::{ReachedEngine, reach};

use crate::engine::Engine;
use crate::runner::Cancellation;
use trial::Trials;

/// Examines an engine that answers. `None` when it was stopped; nothing is left behind in either
/// case.
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

/// Tries a plain container, then all features concurrently.
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

/// Returns the checks that need an engine, as not tried.
pub fn without_engine() -> Vec<Check> {
    let subjects = Subject::OF_ENGINE.iter().chain(Subject::OF_CONTAINERS);
    subjects
        .map(|subject| Check::not_tried(*subject, "no engine answers"))
        .collect()
}

/// Examines this machine, apart from the engine.
pub async fn examine_machine(surroundings: &ExaminationInputs) -> Vec<Check> {
    let (git, credentials) = tokio::join!(
        tools::git(),
        credentials::helpers(surroundings.docker_config.as_deref())
    );
    vec![disk::of_cache(surroundings), git, credentials]
}
