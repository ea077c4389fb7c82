//! Tar streams into containers and out of them.

use std::time::Duration;

use bollard::query_parameters::{
    DownloadFromContainerOptionsBuilder, UploadToContainerOptionsBuilder,
};
use futures_util::{StreamExt, TryStreamExt};

use super::failure::failed;
use crate::engine::{ByteStream, ContainerId, EngineError, Operation, UploadStream};

/// How long an upload may take; the client's timeout covers the whole body.
const UPLOAD_TIMEOUT: Duration = Duration::from_hours(24);

pub(super) async fn upload(
    client: &bollard::Docker,
    container: &ContainerId,
    directory: &str,
    tar: UploadStream,
) -> Result<(), EngineError> {
    let options = UploadToContainerOptionsBuilder::default()
        .path(directory)
        .build();
    client
        .clone()
        .with_timeout(UPLOAD_TIMEOUT)
        .upload_to_container(&container.0, Some(options), bollard::body_try_stream(tar))
        .await
        .map_err(failed(Operation::Upload))
}

pub(super) fn download(
    client: &bollard::Docker,
    container: &ContainerId,
    path: &str,
) -> ByteStream {
    let options = DownloadFromContainerOptionsBuilder::default()
        .path(path)
        .build();
    let operation = Operation::Download(path.to_owned());
    client
        .download_from_container(&container.0, Some(options))
        .map_err(move |error| failed(operation.clone())(error))
        .boxed()
}
