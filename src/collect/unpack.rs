//! Reads a tar stream from the engine and keeps the files that are wanted.

use std::fs::{self, File, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use tar::{Archive, Entry, EntryType};
use tokio::sync::mpsc;

use crate::engine::{ByteStream, EngineError};
use crate::plan::artifacts::join;

/// How many chunks of the stream may wait.
const WAITING: usize = 16;

/// Why files could not be brought out.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The stream is no tar, or a file of the host cannot be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The stream is damaged.
    #[error("cannot read the files from the container")]
    Read(#[source] io::Error),
}

/// An entry of the stream that has no content of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    /// The entry's absolute path in the container.
    pub(super) path: PathBuf,
    /// The absolute path it stands for.
    pub(super) target: String,
}

/// What the receiver of a stream does with an entry.
pub(super) trait Receiver: Send + 'static {
    /// Says where to write the regular file at this absolute path of the container; `None` skips it.
    fn place(&mut self, path: &Path) -> Option<Placement>;

    /// Learns of a symlink or a hard link.
    fn refer(&mut self, reference: Reference);
}

/// Where a file's content goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Placement {
    /// Into this file, whose directory is made when it is not there.
    File(PathBuf),
    /// Nowhere: that the file is there was all that was asked.
    Nowhere,
}

/// Unpacks the stream of a path that is called `root`, and gives the receiver back.
///
/// The first component of every entry stands for `root`, whatever it says. A path that does not
/// exist has no entries. The future must not be dropped: files may still be written then.
pub(super) async fn unpack<R: Receiver>(
    mut stream: ByteStream,
    root: &str,
    mut receiver: R,
) -> Result<R, CollectError> {
    let (sender, chunks) = mpsc::channel(WAITING);
    let root = root.to_owned();
    let reader = tokio::task::spawn_blocking(move || {
        let source = ChunkReader {
            chunks,
            current: Bytes::new(),
        };
        read_entries(source, Path::new(&root), &mut receiver).map(|()| receiver)
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
    // A stream that broke off also looks damaged; the engine's reason is the better one.
    match failure {
        Some(error) => Err(error.into()),
        None => read,
    }
}

fn read_entries(
    source: ChunkReader,
    root: &Path,
    receiver: &mut impl Receiver,
) -> Result<(), CollectError> {
    let mut archive = Archive::new(source);
    for entry in archive.entries().map_err(CollectError::Read)? {
        let mut entry = entry.map_err(CollectError::Read)?;
        let Some(path) = entry.path().ok().and_then(|name| path_of(&name, root)) else {
            continue;
        };
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                if let Some(Placement::File(file)) = receiver.place(&path) {
                    write(&mut entry, &file)
                        .map_err(|source| CollectError::Write { path: file, source })?;
                }
            }
            kind @ (EntryType::Symlink | EntryType::Link) => {
                if let Some(target) = link_target(&entry, root, &path, kind) {
                    receiver.refer(Reference { path, target });
                }
            }
            // Directories come with their files; devices and fifos have no content.
            _ => {}
        }
    }
    Ok(())
}

/// The path that an entry's name means, if it stays below `root`.
fn path_of(name: &Path, root: &Path) -> Option<PathBuf> {
    let mut components = name
        .components()
        .filter(|component| *component != Component::CurDir);
    // The root's own name, which a link may have changed.
    let Component::Normal(_) = components.next()? else {
        return None;
    };
    let mut path = root.to_path_buf();
    for component in components {
        let Component::Normal(part) = component else {
            return None;
        };
        path.push(part);
    }
    Some(path)
}

fn link_target(
    entry: &Entry<'_, impl Read>,
    root: &Path,
    path: &Path,
    kind: EntryType,
) -> Option<String> {
    let target = entry.link_name().ok()??;
    if kind == EntryType::Link {
        // Hard links name an entry of the same stream.
        return Some(path_of(&target, root)?.to_string_lossy().into_owned());
    }
    let directory = path.parent()?.to_string_lossy();
    Some(join(&directory, &target.to_string_lossy()))
}

fn write(entry: &mut Entry<'_, impl Read>, path: &Path) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut file = File::create(path)?;
    io::copy(entry, &mut file)?;
    let header = entry.header();
    // Without set-user-id bits, which have no business outside the container.
    file.set_permissions(Permissions::from_mode(header.mode()? & 0o777 | 0o600))?;
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(header.mtime()?);
    file.set_modified(modified)
}

/// Reads what the async side sends.
struct ChunkReader {
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
