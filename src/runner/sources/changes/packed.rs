//! Lists the files of a tree of the container with the engine alone, which packs all of it: for
//! images that lack the programs.

use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use tokio::sync::mpsc;

use super::walked::{PATIENCE, Walked};
use crate::artifacts::DownloadError;
use crate::artifacts::entries::{Entries, Entry, EntryKind};
use crate::artifacts::stream_reader::read_from;
use crate::engine::{ContainerId, Engine};
use crate::source::changes::{DIRECTORY, FileFacts, LINK, REGULAR};

/// How many bytes of files are read.
const MOST_BYTES: u64 = 4 << 30;

/// Files from this length on are told by their times, as by the programs.
const LONG: u64 = 64 << 20;

/// How many files are handed over at once.
const AT_ONCE: usize = 256;

/// The type of what is neither file nor directory nor link.
const OTHER: u32 = 0;

/// A file of the archive.
struct PackedFile {
    path: PathBuf,
    mode: u32,
    size: u64,
    content: Vec<u8>,
    stamp: Vec<u8>,
}

/// How the reading of an archive ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Whole,
    /// Nobody wants more.
    Unwanted,
    TooLarge,
}

/// Calls `each` for the files at and below the directory `root`, a directory before what is in it,
/// until it says no. Paths are relative to `root`, which is the empty path.
///
/// A further name of a file is told by the name that comes first. The future may be dropped.
pub(super) async fn files<E: Engine>(
    engine: &E,
    container: &ContainerId,
    root: &Path,
    mut each: impl FnMut(&Path, FileFacts<'_>) -> bool,
) -> Result<Walked, DownloadError> {
    let (sender, mut receiver) = mpsc::channel(4);
    let stream = engine.download(container, &root.to_string_lossy());
    // Its thread ends with the stream, or with the receiver.
    let reading = read_from(stream, move |stream| read(stream, &sender));
    let taking = async {
        loop {
            let next = tokio::time::timeout(PATIENCE, receiver.recv()).await;
            let files: Vec<PackedFile> = match next {
                Err(_) => return Some(Walked::Silent),
                Ok(None) => return None,
                Ok(Some(files)) => files,
            };
            if !files.iter().all(|file| each(&file.path, file.facts())) {
                return Some(Walked::Refused);
            }
        }
    };
    tokio::pin!(reading, taking);
    let read = tokio::select! {
        read = &mut reading => {
            if let Some(walked) = taking.await {
                return Ok(walked);
            }
            read?
        }
        walked = &mut taking => match walked {
            Some(walked) => return Ok(walked),
            None => reading.await?,
        },
    };
    Ok(match read {
        Reading::Whole => Walked::Whole,
        Reading::Unwanted => Walked::Refused,
        Reading::TooLarge => Walked::TooLarge,
    })
}

impl PackedFile {
    fn facts(&self) -> FileFacts<'_> {
        FileFacts {
            mode: self.mode,
            size: self.size,
            content: &self.content,
            stamp: &self.stamp,
        }
    }
}

fn read(
    stream: impl Read,
    sender: &mpsc::Sender<Vec<PackedFile>>,
) -> Result<Reading, DownloadError> {
    let mut entries = Entries::new(stream);
    let mut files = Vec::new();
    let mut length = 0_u64;
    while let Some(entry) = entries.next().map_err(DownloadError::Read)? {
        let (size, content) = match &entry.kind {
            EntryKind::File(size) if *size < LONG => {
                let content = entries.content(*size).map_err(DownloadError::Read)?;
                let sum = checksum(content).map_err(DownloadError::Read)?;
                (*size, sum.to_le_bytes().to_vec())
            }
            EntryKind::File(size) => (*size, Vec::new()),
            EntryKind::Symlink(target) | EntryKind::HardLink(target) => {
                (0, target.as_os_str().as_bytes().to_vec())
            }
            EntryKind::Directory | EntryKind::Other => (0, Vec::new()),
        };
        files.push(packed(&entry, size, content));
        length = length.saturating_add(size);
        let is_too_large = length > MOST_BYTES;
        if (is_too_large || files.len() >= AT_ONCE)
            && sender.blocking_send(std::mem::take(&mut files)).is_err()
        {
            return Ok(Reading::Unwanted);
        }
        if is_too_large {
            return Ok(Reading::TooLarge);
        }
    }
    let sent = sender.blocking_send(files);
    Ok(sent.map_or(Reading::Unwanted, |()| Reading::Whole))
}

fn packed(entry: &Entry, size: u64, content: Vec<u8>) -> PackedFile {
    let file_type = match &entry.kind {
        EntryKind::File(_) | EntryKind::HardLink(_) => REGULAR,
        EntryKind::Directory => DIRECTORY,
        EntryKind::Symlink(_) => LINK,
        EntryKind::Other => OTHER,
    };
    let is_known = size < LONG;
    let modified = entry.modified.duration_since(UNIX_EPOCH);
    let seconds = modified.map_or(0, |modified| modified.as_secs());
    PackedFile {
        // The first component is the name of the tree.
        path: entry.name.components().skip(1).collect(),
        mode: file_type | entry.mode,
        size,
        content,
        stamp: if is_known {
            Vec::new()
        } else {
            seconds.to_le_bytes().to_vec()
        },
    }
}

/// A checksum that is good for nothing but to compare two files of one run.
fn checksum(mut content: impl Read) -> io::Result<u64> {
    let mut hasher = DefaultHasher::new();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match content.read(&mut chunk)? {
            0 => return Ok(hasher.finish()),
            count => hasher.write(chunk.get(..count).unwrap_or_default()),
        }
    }
}
