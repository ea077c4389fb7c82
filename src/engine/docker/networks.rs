//! The operations on networks.

use std::collections::HashMap;

use bollard::query_parameters::ListNetworksOptionsBuilder;

use super::errors::failed;
use crate::engine::{EngineError, ListedObject, Operation};

pub(super) async fn list(
    client: &bollard::Docker,
    label: &str,
) -> Result<Vec<ListedObject>, EngineError> {
    let filters = HashMap::from([("label".to_owned(), vec![label.to_owned()])]);
    let options = ListNetworksOptionsBuilder::default()
        .filters(&filters)
        .build();
    let networks = client
        .list_networks(Some(options))
        .await
        .map_err(failed(Operation::ListNetworks))?;
    Ok(networks
        .into_iter()
        .filter_map(|network| {
            Some(ListedObject {
                id: network.id.unwrap_or_default(),
                name: network.name?,
                labels: network.labels.unwrap_or_default().into_iter().collect(),
                ..ListedObject::default()
            })
        })
        .collect())
}

pub(super) async fn remove(client: &bollard::Docker, name: &str) -> Result<(), EngineError> {
    let removed = client
        .remove_network(name)
        .await
        .map_err(failed(Operation::RemoveNetwork(name.to_owned())));
    match removed {
        Err(error) if !error.is_not_found() => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
