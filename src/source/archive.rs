//! A source tree as a tar stream, in constant memory.

use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use tar::{Builder, EntryType, Header};
use tokio::sync::mpsc;
use walkdir::WalkDir;

use crate::engine::UploadStream;

/// How much is handed on at once.
const CHUNK: usize = 256 * 1024;

/// How many chunks may wait.
const WAITING: usize = 4;

/// Streams the tree below `root` as a tar whose entries lie below `prefix`.
///
/// Modes, times and symlinks are kept, the owner is root as in the cloud. Sockets and devices are
/// left out. An error of the tree ends the stream and names the path.
pub fn stream(root: PathBuf, prefix: String) -> UploadStream {
    let (sender, receiver) = mpsc::channel(WAITING);
    // Ends by itself: when all is sent, when the tree fails, or when nobody receives any more.
    tokio::task::spawn_blocking(move || {
        let mut pipe = Pipe {
            sender: sender.clone(),
            buffer: BytesMut::with_capacity(CHUNK),
        };
        let written = write(&root, &prefix, &mut pipe).and_then(|()| pipe.flush());
        if let Err(error) = written {
            // Nobody is left to tell when the receiver is gone.
            let _ = sender.blocking_send(Err(error));
        }
    });
    Box::pin(futures_util::stream::unfold(
        receiver,
        async |mut receiver| Some((receiver.recv().await?, receiver)),
    ))
}

/// Writes the tree below `root` as a tar whose entries lie below `prefix`.
fn write(root: &Path, prefix: &str, out: &mut impl Write) -> io::Result<()> {
    let mut tar = Builder::new(out);
    for entry in WalkDir::new(root) {
        let entry = entry.map_err(io::Error::from)?;
        let below = entry.path().strip_prefix(root).map_err(io::Error::other)?;
        let name = Path::new(prefix.trim_start_matches('/')).join(below);
        // The root itself may be a symlink to the tree.
        let metadata = if entry.depth() == 0 {
            std::fs::metadata(entry.path())
        } else {
            std::fs::symlink_metadata(entry.path())
        };
        let appended =
            metadata.and_then(|metadata| append(&mut tar, entry.path(), &name, &metadata));
        appended.map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("cannot read `{}`: {error}", entry.path().display()),
            )
        })?;
    }
    tar.finish()
}

fn append(
    tar: &mut Builder<impl Write>,
    path: &Path,
    name: &Path,
    metadata: &Metadata,
) -> io::Result<()> {
    let kind = metadata.file_type();
    if kind.is_socket() || kind.is_block_device() || kind.is_char_device() || kind.is_fifo() {
        tracing::warn!(path = %path.display(), "left out: neither file, directory nor symlink");
        return Ok(());
    }
    let mut header = Header::new_gnu();
    header.set_mode(metadata.mode() & 0o7777);
    header.set_mtime(u64::try_from(metadata.mtime()).unwrap_or(0));
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    if kind.is_symlink() {
        header.set_entry_type(EntryType::Symlink);
        return tar.append_link(&mut header, name, std::fs::read_link(path)?);
    }
    if kind.is_dir() {
        header.set_entry_type(EntryType::Directory);
        return tar.append_data(&mut header, name, io::empty());
    }
    header.set_entry_type(EntryType::Regular);
    header.set_size(metadata.len());
    // A file that shrinks or grows meanwhile must not shift what follows it.
    let content = File::open(path)?.chain(io::repeat(0)).take(metadata.len());
    tar.append_data(&mut header, name, content)
}

/// Hands chunks to the async side; waits when it is behind.
struct Pipe {
    sender: mpsc::Sender<io::Result<Bytes>>,
    buffer: BytesMut,
}

impl Write for Pipe {
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
        let chunk = self.buffer.split().freeze();
        self.sender
            .blocking_send(Ok(chunk))
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn modes_symlinks_odd_names_and_empty_directories_are_kept() {
        let tree = tempfile::tempdir().unwrap();
        let root = tree.path();
        let long = format!("{}/{}", "d".repeat(120), "f".repeat(120));
        std::fs::create_dir_all(root.join("d".repeat(120))).unwrap();
        std::fs::create_dir(root.join("empty")).unwrap();
        for name in ["a b:c,d", "ünï", "-dash", "new\nline", long.as_str()] {
            std::fs::write(root.join(name), name).unwrap();
        }
        std::fs::set_permissions(root.join("-dash"), PermissionsExt::from_mode(0o755)).unwrap();
        symlink("/nowhere", root.join("dangling")).unwrap();

        let mut bytes = Vec::new();
        write(root, "/codebuild/src", &mut bytes).unwrap();
        let mut archive = tar::Archive::new(bytes.as_slice());
        let mut seen = std::collections::BTreeMap::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().to_string_lossy().into_owned();
            let header = entry.header().clone();
            let mut content = String::new();
            entry.read_to_string(&mut content).unwrap();
            assert_eq!(header.uid().unwrap(), 0);
            seen.insert(name, (header.entry_type(), header.mode().unwrap(), content));
        }
        for name in ["a b:c,d", "ünï", "-dash", "new\nline", long.as_str()] {
            assert_eq!(seen[&format!("codebuild/src/{name}")].2, name);
        }
        assert_eq!(seen["codebuild/src/-dash"].1, 0o755);
        assert_eq!(seen["codebuild/src/dangling"].0, EntryType::Symlink);
        assert_eq!(seen["codebuild/src/empty"].0, EntryType::Directory);
    }
}
