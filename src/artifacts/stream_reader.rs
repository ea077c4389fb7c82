//! Reads a stream of the engine on a thread, like a file.

use futures_util::StreamExt;

use super::DownloadError;
use crate::engine::ByteStream;
use crate::engine::pipe::{self, StreamReader};

/// Runs `read` on a thread with the content of `stream`; a missing path is an empty stream. Do not
/// drop the future, or the thread continues alone: end the stream instead.
pub(crate) async fn read_from<T: Send + 'static>(
    stream: ByteStream,
    read: impl FnOnce(StreamReader) -> Result<T, DownloadError> + Send + 'static,
) -> Result<T, DownloadError> {
    let (source, feeder) = pipe::reader();
    let reader = tokio::task::spawn_blocking(move || read(source));
    let there = stream.take_while(|chunk| {
        let is_absent = matches!(chunk, Err(error) if error.is_not_found());
        std::future::ready(!is_absent)
    });
    let fed = feeder.feed(there.boxed()).await;
    let read = reader
        .await
        .map_err(|error| DownloadError::Read(error.into()))?;
    match (fed, read) {
        // A write error is not an error of the stream.
        (_, Err(error @ DownloadError::Write { .. })) => Err(error),
        // A stream that broke off also looks damaged; the engine's reason is the better one.
        (Err(error), _) => Err(error.into()),
        (Ok(()), read) => read,
    }
}
