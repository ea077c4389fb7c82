//! Between threads that read and write, and the engine's streams: bounded, so that neither side runs ahead.

use std::io::{self, ErrorKind, Read, Write};

use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::mpsc;

use super::EngineError;

/// How much is handed on at once.
const CHUNK: usize = 256 * 1024;

/// How many chunks may wait.
const WAITING: usize = 8;

/// The end of a stream that a thread writes into; waits when the other side is behind.
#[derive(Debug)]
pub struct StreamWriter<E> {
    sender: mpsc::Sender<Result<Bytes, E>>,
    buffer: BytesMut,
}

/// Makes a stream of what a thread writes. It ends with the writer; what is to arrive must be flushed.
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

/// What a thread reads of a stream. It ends when the stream did; a stream that is cut short is an error,
/// so that half of it is never taken for the whole.
#[derive(Debug)]
pub struct StreamReader {
    receiver: mpsc::Receiver<Option<Bytes>>,
    current: Bytes,
    ended: bool,
}

/// Feeds a [`StreamReader`].
#[derive(Debug)]
pub struct StreamFeeder(mpsc::Sender<Option<Bytes>>);

/// Makes the two ends of what a thread is to read.
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
    /// Hands a stream to the reader, to its end or its error. A reader that is gone is no error: its own
    /// says why.
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
