//! Gathers the facts of the world for a plan: the only place that uses the clock and randomness.

use jiff::Timestamp;
use uuid::Uuid;

use crate::plan::{Facts, Plan, Reading};
use crate::settings::{Environment, StateDirectory};

/// The region of a build when this machine's environment names none (assumed).
const DEFAULT_REGION: &str = "us-east-1";

/// The AWS account of a local build (assumed).
const NO_ACCOUNT: &str = "000000000000";

/// Whether a build gets a number of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbering {
    /// Takes the next number.
    Take,
    /// Returns the number of the next build without taking it.
    Look,
}

/// Remembers what people are told once of `project`.
pub(super) fn remember(environment: &Environment, project: &str, plan: &Plan) {
    let Reading::Accepted(work) = &plan.reading else {
        return;
    };
    if !work.hints.is_empty() {
        let state = StateDirectory::new(environment.state_directory());
        if let Err(error) = state.note_told_of_cache(project) {
            tracing::info!(%error, "what people are told once is told again");
        }
    }
}

/// Gathers the facts for a build of `project` with this number of sources.
pub(super) fn gather(
    environment: &Environment,
    project: &str,
    sources: usize,
    numbering: Numbering,
) -> Facts {
    let state = StateDirectory::new(environment.state_directory());
    let number = match numbering {
        Numbering::Take => state.take_build_number(project),
        Numbering::Look => state.next_build_number(project),
    };
    let build_number = number.unwrap_or_else(|error| {
        tracing::info!(%error, "builds are not counted");
        1
    });
    let region = ["AWS_REGION", "AWS_DEFAULT_REGION"]
        .into_iter()
        .find_map(|name| environment.get_filled(name));
    let uuid = || Uuid::new_v4().to_string();
    Facts {
        start: Timestamp::now(),
        uuid: uuid(),
        auth_token: uuid(),
        project_uuid: uuid(),
        directory_numbers: (0..sources).map(|_| Uuid::new_v4().as_fields().0).collect(),
        build_number,
        has_told_of_cache: state.has_told_of_cache(project),
        user: environment.get_filled("USER").unwrap_or("root").to_owned(),
        region: region.unwrap_or(DEFAULT_REGION).to_owned(),
        account: NO_ACCOUNT.to_owned(),
    }
}
