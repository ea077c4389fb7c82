//! The volumes of Docker layers in an engine.

use std::time::Duration;

use crate::cli::args::{Connection, EngineArgs};
use crate::engine::{Engine, ListedVolume};
use crate::ownership::{HOST, ObjectKind, Owner};
use crate::runner::LAYERS_LABEL;
use crate::settings::Environment;

/// How long an engine may take to tell of its volumes.
const PATIENCE: Duration = Duration::from_secs(5);

/// The engine, if there is one, and this machine's volumes of Docker layers in it that this user's cobuild
/// made; an engine that does not answer has none.
pub(super) async fn volumes(
    engine: &EngineArgs,
    environment: &Environment,
    owner: &Owner,
) -> Option<(Connection, Vec<ListedVolume>)> {
    let listing = async {
        let connection = engine.connect(environment).await.ok()?;
        let volumes = connection.engine.list_volumes(LAYERS_LABEL).await.ok()?;
        Some((connection, volumes))
    };
    let (connection, mut volumes) = tokio::time::timeout(PATIENCE, listing).await.ok()??;
    volumes.retain(|volume| {
        let host = volume.labels.get(HOST);
        host.is_some_and(|host| host == owner.host())
            && owner.has_made(ObjectKind::Volume, &volume.name, &volume.labels)
    });
    Some((connection, volumes))
}

/// The namespace of a volume.
pub(super) fn namespace_of(volume: &ListedVolume) -> &str {
    volume.labels.get(LAYERS_LABEL).map_or("", String::as_str)
}
