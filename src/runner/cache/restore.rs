//! Unpacks an archive of the store into the container.

use std::io::{self, Write};
use std::path::Path;

use futures_util::StreamExt;
use tokio::sync::mpsc;

use super::filter::{Direction, FilterResult, Outlet, Parent, TRAILER, pass};
use crate::artifacts::listing::quote;
use crate::cache::Reader;
use crate::engine::pipe::{self, StreamWriter};
use crate::engine::process::read;
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
    let (sender, mut steps) = mpsc::channel(1);
    let reading = tokio::task::spawn_blocking(move || {
        let mut tap = Tap {
            steps: sender,
            parents: Vec::new(),
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
    while let Some(Step {
        place,
        parents,
        tar,
    }) = steps.recv().await
    {
        let directory = directory(place);
        let taken = async {
            make(engine, container, &directory, &parents).await?;
            unpacker.unpack(engine, container, &directory, tar).await
        };
        if let Err(error) = taken.await {
            failure = Some(error);
            break;
        }
    }
    drop(steps);
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

/// Makes the directories that are missing, with their owners and modes of when they were saved.
/// What is there stays as it is: it came with the image or the source.
async fn make<E: Engine>(
    engine: &E,
    container: &ContainerId,
    directory: &str,
    parents: &[Parent],
) -> Result<(), EngineError> {
    if parents.is_empty() {
        return Ok(());
    }
    let script = making(directory, parents).into();
    let mut printed = read(engine, container, &["sh"], script, &[0]).await?;
    while let Some(chunk) = printed.next().await {
        chunk?;
    }
    Ok(())
}

/// A directory that cannot be made, or not be given away, is left to whoever unpacks.
fn making(directory: &str, parents: &[Parent]) -> Vec<u8> {
    let mut script = b"make() {
    if [ ! -d \"$3\" ]; then mkdir \"$3\" && chown \"$2\" \"$3\" && chmod \"$1\" \"$3\"; fi
} < /dev/null > /dev/null 2>&1
"
    .to_vec();
    for parent in parents {
        // With five digits GNU's chmod takes away the bit that a directory has from the one above.
        let numbers = format!(
            "make {:05o} {}:{} ",
            parent.mode, parent.owner, parent.group
        );
        script.extend_from_slice(numbers.as_bytes());
        quote(&mut script, &Path::new(directory).join(&parent.path));
        script.push(b'\n');
    }
    script.extend_from_slice(b"exit 0\n");
    script
}

/// A tar for one place, and the directories that it needs.
struct Step {
    place: CacheRoot,
    parents: Vec<Parent>,
    tar: UploadStream,
}

/// Hands a tar for each place to the async side.
struct Tap {
    steps: mpsc::Sender<Step>,
    parents: Vec<(CacheRoot, Parent)>,
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
        let (needed, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.parents)
            .into_iter()
            .partition(|(needed, _)| *needed == place);
        self.parents = others;
        let step = Step {
            place,
            parents: needed.into_iter().map(|(_, parent)| parent).collect(),
            tar: Box::pin(stream),
        };
        self.steps
            .blocking_send(step)
            .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        self.current = Some(writer);
        Ok(())
    }

    fn need(&mut self, place: CacheRoot, directory: Parent) -> io::Result<()> {
        self.parents.push((place, directory));
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
