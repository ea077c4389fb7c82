//! Tar streams into containers and out of them.

use bollard::query_parameters::{
    DownloadFromContainerOptionsBuilder, UploadToContainerOptionsBuilder,
};
use futures_util::{StreamExt, TryStreamExt};

use super::answers::{counted, streaming, uploading};
use super::containers::is_alive;
use super::errors::failed;
use super::limits::{Limits, progress, watched};
use crate::engine::{ByteStream, ContainerId, EngineError, Operation, UploadStream};

pub(super) async fn upload(
    client: &bollard::Docker,
    container: &ContainerId,
    directory: &str,
    tar: UploadStream,
    limits: Limits,
) -> Result<(), EngineError> {
    let options = UploadToContainerOptionsBuilder::default()
        .path(directory)
        .build();
    let (tar, stuck) = progress(tar, limits.request);
    let client = uploading(client);
    let uploaded =
        client.upload_to_container(&container.0, Some(options), bollard::body_try_stream(tar));
    tokio::select! {
        uploaded = uploaded => uploaded.map_err(failed(Operation::Upload)),
        () = stuck => Err(EngineError::no_answer(Operation::Upload, limits.request)),
    }
}

pub(super) fn download(
    client: &bollard::Docker,
    container: &ContainerId,
    path: &str,
    limits: Limits,
) -> ByteStream {
    let options = DownloadFromContainerOptionsBuilder::default()
        .path(path)
        .build();
    let operation = Operation::Download(path.to_owned());
    let (streaming, budget) = streaming(client);
    let tar = streaming
        .download_from_container(&container.0, Some(options))
        .map_err(failed(operation.clone()))
        .boxed();
    let tar = counted(tar, budget, operation.clone());
    let alive = is_alive(client, container, operation.clone(), limits);
    watched(tar, limits.silence(), move || {
        let (alive, operation) = (alive(), operation.clone());
        async move {
            // What is cut short must not pass for whole.
            alive.await?.then_some(true).ok_or_else(|| EngineError {
                operation,
                status: None,
                source: "the container is gone".into(),
            })
        }
    })
    .boxed()
}
