//! Reads the events of a container that may be removed.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bollard::query_parameters::EventsOptionsBuilder;
use futures_util::{StreamExt, TryStreamExt};

use super::answers::{counted, streaming};
use super::errors::failed;
use crate::engine::{ContainerId, EngineError, Operation};

/// How long after the end of a container an engine may learn why it ended.
const DELAY: Duration = Duration::from_secs(1);

/// How long to wait for events; an engine with another clock needs longer.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn ran_out_of_memory(
    client: &bollard::Docker,
    container: &ContainerId,
) -> Result<bool, EngineError> {
    let filters = HashMap::from([
        ("container".to_owned(), vec![container.0.clone()]),
        ("event".to_owned(), vec!["oom".to_owned()]),
    ]);
    // What is remembered, and what comes in a moment: an engine learns of it a little later.
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let until = now.unwrap_or_default() + DELAY;
    let options = EventsOptionsBuilder::default()
        .since("1")
        .until(&until.as_secs().to_string())
        .filters(&filters)
        .build();
    let (streaming, budget) = streaming(client);
    let events = streaming.events(Some(options));
    let events = events.map_err(failed(Operation::Events)).boxed();
    let mut events = counted(events, budget, Operation::Events);
    match tokio::time::timeout(PATIENCE, events.next()).await {
        Ok(Some(Ok(_))) => Ok(true),
        Ok(Some(Err(error))) => Err(error),
        Ok(None) | Err(_) => Ok(false),
    }
}
