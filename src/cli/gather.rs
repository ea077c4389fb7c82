//! Gathers what a plan must know of the world: the only place that asks for time and randomness.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use crate::plan::Facts;
use crate::project;
use crate::settings::{Environment, Sources, StateDirectory};
use crate::source::git;

/// Gathers the world as it is now.
pub(super) async fn facts(sources: &Sources, environment: &Environment) -> Facts {
    let name = sources.primary.file_name().unwrap_or_default();
    let project = project::project_name(&name.to_string_lossy());
    let state = StateDirectory::new(environment.state_directory());
    let build_number = state.next_build_number(&project).unwrap_or_else(|error| {
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
        directory_numbers: (0..=sources.secondary.len())
            .map(|_| Uuid::new_v4().as_fields().0)
            .collect(),
        build_number,
        initiator: environment.get_filled("USER").unwrap_or("root").to_owned(),
        region: region.to_owned(),
        account: "000000000000".to_owned(),
        git: git::facts(&sources.primary).await,
    }
}

/// Labels by which everything in the engine can be told to be cobuild's, and whose.
pub(super) fn labels() -> BTreeMap<String, String> {
    let host = rustix::system::uname();
    [
        ("cobuild.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("cobuild.pid", std::process::id().to_string()),
        (
            "cobuild.host",
            host.nodename().to_string_lossy().into_owned(),
        ),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}
