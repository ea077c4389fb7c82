//! Brings what is in the store into the container.

use std::io::{self, Write};

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;

use super::filter::{Direction, Outlet, Passed, TRAILER, pass};
use crate::cache::Reader;
use crate::engine::process::feed;
use crate::engine::{ContainerId, Engine, EngineError, Operation, UploadStream};
use crate::plan::cache::{CachePaths, Place};

/// How much is handed on at once.
const CHUNK: usize = 256 * 1024;

/// How many chunks may wait.
const WAITING: usize = 4;

type Chunk = io::Result<Bytes>;

/// Unpacks what of an archive is within the paths; `directory` says where each place is.
pub(super) async fn pour<E: Engine>(
    engine: &E,
    container: &ContainerId,
    has_tar: bool,
    reader: Reader,
    paths: CachePaths,
    directory: impl Fn(Place) -> String,
) -> Result<Passed, EngineError> {
    let (sender, mut places) = mpsc::channel(1);
    let reading = tokio::task::spawn_blocking(move || {
        let mut tap = Tap {
            places: sender,
            current: None,
            buffer: BytesMut::new(),
        };
        let passed = pass(reader, &paths, Direction::Restore, &mut tap);
        match passed.and_then(|passed| tap.close().map(|()| passed)) {
            Ok(passed) => Ok(passed),
            Err(error) => {
                // What is unpacking must not take the end of its input for the end of the archive.
                if let Some(current) = tap.current.take() {
                    let _ = current.blocking_send(Err(io::ErrorKind::InvalidData.into()));
                }
                Err(error)
            }
        }
    });
    let mut failure = None;
    while let Some((place, chunks)) = places.recv().await {
        let tar = chunks_of(chunks);
        if let Err(error) = unpack(engine, container, has_tar, &directory(place), tar).await {
            failure = Some(error);
            break;
        }
    }
    drop(places);
    let passed = reading.await.map_err(io::Error::other).flatten();
    match (failure, passed) {
        (Some(error), _) => Err(error),
        (None, Ok(passed)) => Ok(passed),
        (None, Err(error)) => Err(EngineError {
            operation: Operation::Upload,
            status: None,
            source: error.into(),
        }),
    }
}

/// Unpacks with the image's own tar, else with the engine's.
async fn unpack<E: Engine>(
    engine: &E,
    container: &ContainerId,
    has_tar: bool,
    directory: &str,
    tar: UploadStream,
) -> Result<(), EngineError> {
    if !has_tar {
        return engine.upload(container, directory, tar).await;
    }
    let command = ["tar", "-x", "-p", "-f", "-", "-C", directory];
    let fed = feed(engine, container, &command, tar).await?;
    if fed.status == 0 {
        return Ok(());
    }
    Err(EngineError {
        operation: Operation::Upload,
        status: None,
        source: fed.words.into(),
    })
}

fn chunks_of(chunks: mpsc::Receiver<Chunk>) -> UploadStream {
    Box::pin(futures_util::stream::unfold(chunks, async |mut chunks| {
        Some((chunks.recv().await?, chunks))
    }))
}

/// Hands chunks to the async side, a tar for each place; waits when it is behind.
struct Tap {
    places: mpsc::Sender<(Place, mpsc::Receiver<Chunk>)>,
    current: Option<mpsc::Sender<Chunk>>,
    buffer: BytesMut,
}

impl Tap {
    fn close(&mut self) -> io::Result<()> {
        if self.current.is_some() {
            self.write_all(&TRAILER)?;
            self.flush()?;
            self.current = None;
        }
        Ok(())
    }
}

impl Outlet for Tap {
    fn enter(&mut self, place: Place) -> io::Result<()> {
        self.close()?;
        let (sender, chunks) = mpsc::channel(WAITING);
        self.places
            .blocking_send((place, chunks))
            .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        self.current = Some(sender);
        Ok(())
    }
}

impl Write for Tap {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let (Some(current), false) = (&self.current, self.buffer.is_empty()) else {
            return Ok(());
        };
        current
            .blocking_send(Ok(self.buffer.split().freeze()))
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
