//! Connects blocking readers and writers on threads with the async streams of an engine, through
//! bounded channels.

use std::io::{self, ErrorKind, Read, Write};

use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::mpsc;

use super::EngineError;

/// The size of a chunk, in bytes.
const CHUNK: usize = 256 * 1024;

/// How many chunks may wait.
const WAITING: usize = 8;

/// The end of a stream that a thread writes to; blocks while the channel is full.
#[derive(Debug)]
pub struct StreamWriter<E> {
    sender: mpsc::Sender<Result<Bytes, E>>,
    buffer: BytesMut,
}

/// Creates a writer and the stream of what is written. The stream ends when the writer is dropped;
/// unflushed bytes are lost.
pub fn writer<E: Send + 'static>() -> (
    StreamWriter<E>,
    impl Stream<Item = Result<Bytes, E>> + Send + 'static,
) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let writer = StreamWriter {
        sender,
        buffer: BytesMut::new(),
    };
    let stream = stream::unfold(receiver, async |mut receiver| {
        Some((receiver.recv().await?, receiver))
    });
    (writer, stream)
}

impl<E> StreamWriter<E> {
    /// Ends the stream with an error.
    pub fn fail(self, error: E) {
        // Nobody is left to tell when the receiver is gone.
        let _ = self.sender.blocking_send(Err(error));
    }
}

impl<E> Write for StreamWriter<E> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.sender
            .blocking_send(Ok(self.buffer.split().freeze()))
            .map_err(|_| ErrorKind::BrokenPipe.into())
    }
}

/// Reads a stream on a thread. A stream that breaks off is an error, so that half of it is never
/// taken for the whole.
#[derive(Debug)]
pub struct StreamReader {
    receiver: mpsc::Receiver<Option<Bytes>>,
    current: Bytes,
    ended: bool,
}

/// Feeds a [`StreamReader`].
#[derive(Debug)]
pub struct StreamFeeder(mpsc::Sender<Option<Bytes>>);

/// Creates a reader for a thread and the feeder for the async side.
pub fn reader() -> (StreamReader, StreamFeeder) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let reader = StreamReader {
        receiver,
        current: Bytes::new(),
        ended: false,
    };
    (reader, StreamFeeder(sender))
}

impl StreamFeeder {
    /// Feeds a stream to the reader until its end or its error. A dropped reader is no error: the
    /// reader has its own.
    pub async fn feed(
        self,
        mut stream: impl Stream<Item = Result<Bytes, EngineError>> + Unpin,
    ) -> Result<(), EngineError> {
        while let Some(chunk) = stream.next().await {
            if self.0.send(Some(chunk?)).await.is_err() {
                return Ok(());
            }
        }
        let _ = self.0.send(None).await;
        Ok(())
    }
}

impl Read for StreamReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() && !self.ended {
            match self.receiver.blocking_recv() {
                Some(Some(chunk)) => self.current = chunk,
                Some(None) => self.ended = true,
                None => return Err(ErrorKind::UnexpectedEof.into()),
            }
        }
        let count = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Operation;

    async fn read(chunks: Vec<Result<Bytes, EngineError>>) -> io::Result<Vec<u8>> {
        let (mut reader, feeder) = reader();
        let reading = tokio::task::spawn_blocking(move || {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).map(|_| bytes)
        });
        let _ = feeder.feed(stream::iter(chunks).boxed()).await;
        reading.await.unwrap()
    }

    #[tokio::test]
    async fn a_stream_is_read_whole_or_not_at_all() {
        let chunk = || Ok(Bytes::from_static(b"ab"));
        assert_eq!(read(vec![chunk(), chunk()]).await.unwrap(), b"abab");
        let broken = Err(EngineError {
            operation: Operation::ReadOutput,
            status: None,
            source: "broken".into(),
        });
        let error = read(vec![chunk(), broken]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn what_is_written_is_streamed_and_ends_with_its_error() {
        let (mut writer, stream) = writer::<&str>();
        let writing = tokio::task::spawn_blocking(move || {
            writer.write_all(&vec![7; 3 * CHUNK]).unwrap();
            writer.flush().unwrap();
            writer.fail("broken");
        });
        let chunks: Vec<_> = stream.collect().await;
        writing.await.unwrap();
        let length: usize = chunks.iter().flatten().map(Bytes::len).sum();
        assert_eq!(length, 3 * CHUNK);
        assert_eq!(chunks.last().unwrap(), &Err("broken"));
    }
}
