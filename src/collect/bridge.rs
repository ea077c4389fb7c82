//! Hands a stream of the engine to a thread that reads it as a file.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use tokio::sync::mpsc;

use super::CollectError;
use crate::engine::ByteStream;

/// How many chunks of the stream may wait.
const WAITING: usize = 16;

/// Runs `read` on a thread of its own with the content of `stream`; a path that does not exist is an
/// empty stream. The future must not be dropped, or the thread goes on without it: end the stream.
pub(super) async fn read_from<T: Send + 'static>(
    mut stream: ByteStream,
    read: impl FnOnce(ChunkReader) -> Result<T, CollectError> + Send + 'static,
) -> Result<T, CollectError> {
    let (sender, chunks) = mpsc::channel(WAITING);
    let reader = tokio::task::spawn_blocking(move || {
        read(ChunkReader {
            chunks,
            current: Bytes::new(),
        })
    });
    let mut failure = None;
    while let Some(chunk) = stream.next().await {
        match chunk {
            // The reader is gone when it failed; its own error says why.
            Ok(chunk) => {
                if sender.send(chunk).await.is_err() {
                    break;
                }
            }
            Err(error) if error.is_not_found() => break,
            Err(error) => {
                failure = Some(error);
                break;
            }
        }
    }
    drop(sender);
    let read = reader
        .await
        .map_err(|error| CollectError::Read(error.into()))?;
    match (failure, read) {
        // What cannot be written is no fault of the stream's.
        (_, Err(error @ CollectError::Write { .. })) => Err(error),
        // A stream that broke off also looks damaged; the engine's reason is the better one.
        (Some(error), _) => Err(error.into()),
        (None, read) => read,
    }
}

/// Reads what the async side sends.
pub(super) struct ChunkReader {
    chunks: mpsc::Receiver<Bytes>,
    current: Bytes,
}

impl Read for ChunkReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.chunks.blocking_recv() {
                Some(chunk) => self.current = chunk,
                None => return Ok(0),
            }
        }
        let count = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}
