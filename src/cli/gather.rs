//! Gathers what a plan must know of the world: the only place that asks for time and randomness.

use jiff::Timestamp;
use uuid::Uuid;

use crate::plan::{Facts, Request};
use crate::settings::{Environment, StateDirectory};

/// Whether a build gets a number of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbering {
    /// It takes the next one.
    Take,
    /// It is only told which one the next build will have.
    Look,
}

/// Gathers the world as it is now.
pub(super) fn facts(request: &Request, environment: &Environment, numbering: Numbering) -> Facts {
    let project = request.source.identity().name;
    let state = StateDirectory::new(environment.state_directory());
    let number = match numbering {
        Numbering::Take => state.take_build_number(&project),
        Numbering::Look => state.next_build_number(&project),
    };
    let build_number = number.unwrap_or_else(|error| {
        tracing::info!(%error, "builds are not counted");
        1
    });
    let uuid = || Uuid::new_v4().to_string();
    let region = ["AWS_REGION", "AWS_DEFAULT_REGION"]
        .into_iter()
        .find_map(|name| environment.get_filled(name))
        .unwrap_or("us-east-1");
    Facts {
        start: Timestamp::now(),
        uuid: uuid(),
        auth_token: uuid(),
        project_uuid: uuid(),
        directory_numbers: (0..=request.secondary.len())
            .map(|_| Uuid::new_v4().as_fields().0)
            .collect(),
        build_number,
        user: environment.get_filled("USER").unwrap_or("root").to_owned(),
        region: region.to_owned(),
        account: "000000000000".to_owned(),
    }
}
