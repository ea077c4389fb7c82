//! A source tree as a tar stream, in constant memory.

mod attributes;

use std::collections::HashMap;
use std::fs::Metadata;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tar::{Builder, EntryType, Header};
use tokio::sync::oneshot;
use walkdir::WalkDir;

use self::attributes::Attributes;
use super::excludes::LeftOut;
use crate::engine::{UploadStream, pipe};
use crate::host::file::{FileError, open_itself};

/// Files with smaller holes are sent without sparse maps, in bytes.
const WORTHWHILE_HOLES: u64 = 1024 * 1024;

/// A tree to send.
#[derive(Debug, Clone)]
pub struct SourceTree {
    pub root: PathBuf,
    /// The directory that the entries lie below.
    pub prefix: String,
    /// What of it is not sent.
    pub left_out: LeftOut,
    /// Whether the receiver supports GNU sparse files. A sparse entry has the owner of the file,
    /// and should be unpacked without it.
    pub sparse: bool,
    /// Whether the receiver knows the extensions of pax: fractions of times, and attributes.
    pub extended: bool,
}

/// The summary of a tree that was sent completely.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// How many sockets, pipes and devices were left out.
    pub special: usize,
    /// How many files disappeared while the tree was sent.
    pub vanished: usize,
}

/// The summary of a sent tree, or the error that names the path.
pub type Outcome = oneshot::Receiver<io::Result<Sent>>;

/// Streams a tree as a tar, and returns how it ended.
///
/// Modes, times, symlinks and hard links are kept, and for who knows them fractions of times and the
/// attributes of users; the owner is root, as in the cloud. Sockets,
/// pipes, devices and files that disappear meanwhile are left out. Any other error of the tree ends
/// the stream and names the path.
pub fn stream(tree: SourceTree) -> (UploadStream, Outcome) {
    let (mut pipe, stream) = pipe::writer();
    let (tell, outcome) = oneshot::channel();
    // The thread ends when everything is sent, when the tree fails, or when the receiver is gone.
    tokio::task::spawn_blocking(move || {
        let sent = write(&tree, &mut pipe).and_then(|sent| pipe.flush().map(|()| sent));
        if let Err(error) = &sent {
            pipe.fail(io::Error::new(error.kind(), error.to_string()));
        }
        let _ = tell.send(sent);
    });
    (Box::pin(stream), outcome)
}

/// Writes a tree as a tar.
fn write(tree: &SourceTree, out: &mut impl Write) -> io::Result<Sent> {
    let mut packer = Packer {
        tar: Builder::new(out),
        sparse: tree.sparse,
        extended: tree.extended,
        linked: HashMap::new(),
        sent: Sent::default(),
    };
    let mut walk = WalkDir::new(&tree.root).into_iter();
    while let Some(entry) = walk.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if error.depth() > 0 && is_gone(error.io_error()) => {
                packer.sent.vanished += 1;
                continue;
            }
            Err(error) => {
                let path = error.path().unwrap_or(&tree.root).to_path_buf();
                return Err(unreadable(&path, &error.into()));
            }
        };
        let path = entry.path();
        let below = path.strip_prefix(&tree.root).map_err(io::Error::other)?;
        if tree.left_out.contains(below) {
            if entry.file_type().is_dir() {
                walk.skip_current_dir();
            }
            continue;
        }
        let name = Path::new(tree.prefix.trim_start_matches('/')).join(below);
        // The root itself may be a symlink to the tree.
        let metadata = if entry.depth() == 0 {
            std::fs::metadata(path)
        } else {
            std::fs::symlink_metadata(path)
        };
        match metadata.and_then(|metadata| packer.append(path, &name, &metadata)) {
            Ok(()) => {}
            Err(error) if entry.depth() > 0 && is_gone(Some(&error)) => packer.sent.vanished += 1,
            Err(error) => return Err(unreadable(path, &error)),
        }
    }
    packer.tar.finish()?;
    Ok(packer.sent)
}

/// Whether a path does not exist any more, or has become a symlink.
fn is_gone(error: Option<&io::Error>) -> bool {
    error.is_some_and(|error| {
        error.kind() == ErrorKind::NotFound
            || error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
    })
}

fn unreadable(path: &Path, error: &io::Error) -> io::Error {
    // The receiver is gone, which is not an error of the tree.
    if error.kind() == ErrorKind::BrokenPipe {
        return error.kind().into();
    }
    let message = format!("cannot read `{}`: {error}", path.display());
    io::Error::new(error.kind(), message)
}

struct Packer<W: Write> {
    tar: Builder<W>,
    sparse: bool,
    extended: bool,
    /// Where files with several names were sent first, by device and inode.
    linked: HashMap<(u64, u64), PathBuf>,
    sent: Sent,
}

impl<W: Write> Packer<W> {
    fn append(&mut self, path: &Path, name: &Path, metadata: &Metadata) -> io::Result<()> {
        let kind = metadata.file_type();
        if kind.is_symlink() {
            // What fails comes first: an extension belongs to whatever entry follows.
            let target = std::fs::read_link(path)?;
            self.extend(metadata, || Ok(Vec::new()))?;
            let mut header = header(EntryType::Symlink, metadata);
            return self.tar.append_link(&mut header, name, target);
        }
        if kind.is_dir() {
            self.extend(metadata, || attributes::of_directory(path))?;
            let mut header = header(EntryType::Directory, metadata);
            return self.tar.append_data(&mut header, name, io::empty());
        }
        if !kind.is_file() {
            tracing::debug!(path = %path.display(), "neither file, directory nor symlink");
            self.sent.special += 1;
            return Ok(());
        }
        self.append_file(path, name)
    }

    /// Writes what the header of the next entry cannot hold.
    fn extend(
        &mut self,
        metadata: &Metadata,
        attributes: impl FnOnce() -> io::Result<Attributes>,
    ) -> io::Result<()> {
        if !self.extended {
            return Ok(());
        }
        let time = precise_time(metadata);
        let attributes = attributes()?;
        if time.is_none() && attributes.is_empty() {
            return Ok(());
        }
        let time = time.iter().map(|time| ("mtime", time.as_bytes()));
        let attributes = attributes.iter();
        let attributes = attributes.map(|(key, value)| (key.as_str(), value.as_slice()));
        self.tar.append_pax_extensions(time.chain(attributes))
    }

    fn append_file(&mut self, path: &Path, name: &Path) -> io::Result<()> {
        // It may have become anything meanwhile, even a pipe that nobody writes to.
        let mut file = match open_itself(path) {
            // What was a file is not there any more.
            Err(FileError::NotRegular(_)) => return Err(ErrorKind::NotFound.into()),
            opened => opened?,
        };
        let metadata = file.metadata()?;
        if metadata.nlink() > 1 {
            let inode = (metadata.dev(), metadata.ino());
            if let Some(first) = self.linked.get(&inode) {
                let mut header = header(EntryType::Link, &metadata);
                return self.tar.append_link(&mut header, name, first);
            }
            self.linked.insert(inode, name.to_path_buf());
        }
        self.extend(&metadata, || attributes::of_file(&file))?;
        let holes = metadata.len().saturating_sub(metadata.blocks() * 512);
        if self.sparse && holes >= WORTHWHILE_HOLES {
            return self.tar.append_file(name, &mut file);
        }
        let mut header = header(EntryType::Regular, &metadata);
        header.set_size(metadata.len());
        // A file that shrinks or grows meanwhile must not shift what follows it.
        let content = file.chain(io::repeat(0)).take(metadata.len());
        self.tar.append_data(&mut header, name, content)
    }
}

/// A time with its fraction, as pax writes it; `None` for one that a header holds.
fn precise_time(metadata: &Metadata) -> Option<String> {
    let (seconds, fraction) = (metadata.mtime(), metadata.mtime_nsec());
    (seconds >= 0 && fraction > 0).then(|| format!("{seconds}.{fraction:09}"))
}

fn header(kind: EntryType, metadata: &Metadata) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(metadata.mode() & 0o7777);
    header.set_mtime(u64::try_from(metadata.mtime()).unwrap_or(0));
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    header
}

#[cfg(test)]
mod tests;
