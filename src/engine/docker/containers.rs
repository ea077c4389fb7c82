//! The operations on containers from the outside.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::errors::Error as BollardError;
use bollard::models::ContainerStateStatusEnum;
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, CreateContainerOptions, InspectContainerOptions,
    ListContainersOptionsBuilder, RemoveContainerOptionsBuilder, RenameContainerOptionsBuilder,
    StartContainerOptions, WaitContainerOptionsBuilder,
};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, TryStreamExt};

use super::answers::{counted, streaming};
use super::create_body::create_body;
use super::errors::{failed, ignore_absent};
use super::limits::{Limits, watched};
use super::podman;
use crate::engine::{
    Attachment, ContainerId, ContainerSpec, CreatedContainer, EngineError, ListedContainer,
    Operation, Product,
};

/// How often a container to be removed is looked for: Docker 20.10 waits for ever for a container
/// that it removes just when the wait begins.
const REMOVAL_PAUSE: Duration = Duration::from_secs(1);

/// How many errors are taken for a container that is being removed.
const MOST_COMPLAINTS: u32 = 20;

pub(super) async fn create(
    client: &bollard::Docker,
    product: Product,
    spec: &ContainerSpec,
) -> Result<CreatedContainer, EngineError> {
    if product == Product::Podman {
        podman::make_volumes(client, spec).await?;
    }
    let options = CreateContainerOptions {
        name: Some(spec.name.clone()),
        platform: spec.platform.clone().unwrap_or_default(),
    };
    let created = client
        .create_container(Some(options), create_body(spec))
        .await
        .map_err(failed(Operation::CreateContainer))?;
    Ok(CreatedContainer {
        id: ContainerId(created.id),
        warnings: created.warnings,
    })
}

/// Returns a request that asks whether a container has processes, or will have.
pub(super) fn is_alive(
    client: &bollard::Docker,
    container: &ContainerId,
    operation: Operation,
    limits: Limits,
) -> impl Fn() -> BoxFuture<'static, Result<bool, EngineError>> + Send + 'static {
    asks(client, container, operation, limits, |state| {
        !matches!(
            state,
            Some(
                ContainerStateStatusEnum::EXITED
                    | ContainerStateStatusEnum::DEAD
                    | ContainerStateStatusEnum::REMOVING
            )
        )
    })
}

/// Returns a request that asks whether a container exists. While an ended container is being
/// removed, Podman answers with various errors: the request is repeated then.
fn is_there(
    client: &bollard::Docker,
    container: &ContainerId,
    limits: Limits,
) -> impl Fn() -> BoxFuture<'static, Result<bool, EngineError>> + Send + 'static {
    let ask = asks(client, container, Operation::Wait, limits, |_| true);
    let complaints = Arc::new(AtomicU32::new(0));
    move || {
        let (asked, complaints) = (ask(), Arc::clone(&complaints));
        async move {
            match asked.await {
                Err(error)
                    if error.status.is_some()
                        && complaints.fetch_add(1, Ordering::Relaxed) < MOST_COMPLAINTS =>
                {
                    Ok(true)
                }
                answered => answered,
            }
        }
        .boxed()
    }
}

/// Asks whether a container exists and whether `judge` accepts its state.
fn asks(
    client: &bollard::Docker,
    container: &ContainerId,
    operation: Operation,
    limits: Limits,
    is_well: fn(Option<ContainerStateStatusEnum>) -> bool,
) -> impl Fn() -> BoxFuture<'static, Result<bool, EngineError>> + Send + 'static {
    let (client, container) = (client.clone(), container.clone());
    move || {
        let (client, container) = (client.clone(), container.clone());
        let failed = failed(operation.clone());
        let asked = async move {
            let inspected = client.inspect_container(&container.0, None::<InspectContainerOptions>);
            match inspected.await {
                Ok(found) => Ok(is_well(found.state.and_then(|state| state.status))),
                // Podman's word for one that has ended, which the client library does not know.
                Err(BollardError::JsonDataError { message, .. })
                    if message.starts_with("unknown variant `stopped`") =>
                {
                    Ok(is_well(Some(ContainerStateStatusEnum::EXITED)))
                }
                Err(error) => match failed(error) {
                    error if error.is_not_found() => Ok(false),
                    error => Err(error),
                },
            }
        };
        limits.request(operation.clone(), asked).boxed()
    }
}

pub(super) async fn attach(
    client: &bollard::Docker,
    container: &ContainerId,
    limits: Limits,
) -> Result<Attachment, EngineError> {
    let options = AttachContainerOptionsBuilder::default()
        .stream(true)
        .stdin(true)
        .stdout(true)
        .stderr(true)
        .build();
    let (streaming, budget) = streaming(client);
    let attached = streaming
        .attach_container(&container.0, Some(options))
        .await
        .map_err(failed(Operation::Attach))?;
    let output = attached
        .output
        .map_ok(LogOutput::into_bytes)
        .map_err(failed(Operation::ReadOutput));
    let output = counted(output, budget, Operation::ReadOutput);
    let alive = is_alive(client, container, Operation::ReadOutput, limits);
    Ok(Attachment {
        input: attached.input,
        output: watched(output, limits.silence(), alive).boxed(),
    })
}

pub(super) async fn start(
    client: &bollard::Docker,
    container: &ContainerId,
) -> Result<(), EngineError> {
    client
        .start_container(&container.0, None::<StartContainerOptions>)
        .await
        .map_err(failed(Operation::StartContainer))
}

pub(super) async fn wait_removed(
    client: &bollard::Docker,
    container: &ContainerId,
    limits: Limits,
) -> Result<(), EngineError> {
    let options = WaitContainerOptionsBuilder::default()
        .condition("removed")
        .build();
    let (streaming, budget) = streaming(client);
    let ended = streaming
        .wait_container(&container.0, Some(options))
        .filter_map(|ended| {
            std::future::ready(match ended {
                // The exit status of the main process says nothing of the build.
                Ok(_) | Err(BollardError::DockerContainerWaitError { .. }) => None,
                Err(error) => Some(Err::<(), _>(failed(Operation::Wait)(error))),
            })
        })
        .boxed();
    let ended = counted(ended, budget, Operation::Wait);
    let is_there = is_there(client, container, limits);
    let mut ended = std::pin::pin!(watched(ended, REMOVAL_PAUSE, is_there));
    match ended.next().await {
        Some(Err(error)) => ignore_absent(error),
        Some(Ok(())) | None => Ok(()),
    }
}

pub(super) async fn remove(
    client: &bollard::Docker,
    container: &ContainerId,
) -> Result<(), EngineError> {
    let options = RemoveContainerOptionsBuilder::default()
        .force(true)
        .v(true)
        .build();
    client
        .remove_container(&container.0, Some(options))
        .await
        .or_else(|error| ignore_absent(failed(Operation::RemoveContainer)(error)))
}

pub(super) async fn rename(
    client: &bollard::Docker,
    container: &ContainerId,
    name: &str,
) -> Result<(), EngineError> {
    let options = RenameContainerOptionsBuilder::default().name(name).build();
    client
        .rename_container(&container.0, options)
        .await
        .map_err(failed(Operation::RenameContainer))
}

pub(super) async fn list(
    client: &bollard::Docker,
    label: &str,
    state: Option<&str>,
) -> Result<Vec<ListedContainer>, EngineError> {
    let mut filters = HashMap::from([("label".to_owned(), vec![label.to_owned()])]);
    if let Some(state) = state {
        filters.insert("status".to_owned(), vec![state.to_owned()]);
    }
    let options = ListContainersOptionsBuilder::default()
        .all(true)
        .filters(&filters)
        .build();
    let containers = client
        .list_containers(Some(options))
        .await
        .map_err(failed(Operation::ListContainers))?;
    Ok(containers
        .into_iter()
        .filter_map(|container| {
            Some(ListedContainer {
                id: ContainerId(container.id?),
                name: own_name(&container.names.unwrap_or_default()),
                image: container.image.unwrap_or_default(),
                image_id: container.image_id.unwrap_or_default(),
                labels: container.labels.unwrap_or_default().into_iter().collect(),
                state: container
                    .state
                    .map(|state| state.to_string())
                    .unwrap_or_default(),
                created: container.created.and_then(|time| u64::try_from(time).ok()),
            })
        })
        .collect())
}

/// The name of a container, without its aliases in linked containers.
fn own_name(names: &[String]) -> String {
    names
        .iter()
        .map(|name| name.strip_prefix('/').unwrap_or(name))
        .find(|name| !name.contains('/'))
        .unwrap_or_default()
        .to_owned()
}
