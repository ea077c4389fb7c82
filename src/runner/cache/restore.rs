//! Unpacks an archive of the store into the container.

use std::io::{self, Write};

use tokio::sync::mpsc;

use super::filter::{Direction, FilterResult, Outlet, TRAILER, pass};
use crate::cache::Reader;
use crate::engine::pipe::{self, StreamWriter};
use crate::engine::{ContainerId, Engine, EngineError, Operation, UploadStream};
use crate::plan::cache::{CachePaths, CacheRoot};
use crate::runner::sources::unpacker::Unpacker;

/// Unpacks the entries of an archive within the paths; `directory` returns the directory of each
/// root.
pub(super) async fn pour<E: Engine>(
    engine: &E,
    container: &ContainerId,
    unpacker: Unpacker,
    reader: Reader,
    paths: CachePaths,
    directory: impl Fn(CacheRoot) -> String,
) -> Result<FilterResult, EngineError> {
    let (sender, mut places) = mpsc::channel(1);
    let reading = tokio::task::spawn_blocking(move || {
        let mut tap = Tap {
            places: sender,
            current: None,
        };
        let passed = pass(reader, &paths, Direction::Restore, &mut tap);
        match passed.and_then(|passed| tap.close().map(|()| passed)) {
            Ok(passed) => Ok(passed),
            Err(error) => {
                // The unpacking program must not take a broken stream for the end of the archive.
                if let Some(current) = tap.current.take() {
                    current.fail(io::ErrorKind::InvalidData.into());
                }
                Err(error)
            }
        }
    });
    let mut failure = None;
    while let Some((place, tar)) = places.recv().await {
        let directory = directory(place);
        let taken = unpacker.unpack(engine, container, &directory, tar);
        if let Err(error) = taken.await {
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

/// Hands a tar for each place to the async side.
struct Tap {
    places: mpsc::Sender<(CacheRoot, UploadStream)>,
    current: Option<StreamWriter<io::Error>>,
}

impl Tap {
    fn close(&mut self) -> io::Result<()> {
        if let Some(mut current) = self.current.take() {
            current.write_all(&TRAILER)?;
            current.flush()?;
        }
        Ok(())
    }

    fn current(&mut self) -> io::Result<&mut StreamWriter<io::Error>> {
        self.current
            .as_mut()
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Outlet for Tap {
    fn enter(&mut self, place: CacheRoot) -> io::Result<()> {
        self.close()?;
        let (writer, stream) = pipe::writer();
        self.places
            .blocking_send((place, Box::pin(stream)))
            .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        self.current = Some(writer);
        Ok(())
    }
}

impl Write for Tap {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.current()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.current()?.flush()
    }
}
