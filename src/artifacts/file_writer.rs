//! Writes the files of an artifact into a directory, several at a time.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, available_parallelism};
use std::time::SystemTime;

use super::DownloadError;

/// The largest file that is held in memory while it waits to be written.
const SMALL: u64 = 128 * 1024;

/// How many of them may wait.
const WAITING: usize = 32;

/// The most threads that write them.
const MOST_WRITERS: usize = 4;

/// The block size for holes: a block of zeros becomes a hole, in bytes.
const BLOCK: usize = 64 * 1024;

/// The metadata of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attributes {
    pub(super) mode: u32,
    /// When it was changed last.
    pub(super) modified: SystemTime,
}

/// A small file that waits to be written.
struct Waiting {
    index: usize,
    path: PathBuf,
    attributes: Attributes,
    content: Vec<u8>,
}

/// The results of the writers.
#[derive(Default)]
struct WriterReport {
    failure: Option<DownloadError>,
    /// Files whose names the host takes for those of others.
    same: Vec<usize>,
}

/// Writes files below a directory, and never into an existing one.
pub(super) struct FileWriter {
    directory: PathBuf,
    told: Arc<Mutex<WriterReport>>,
    sender: SyncSender<Waiting>,
    writers: Vec<JoinHandle<()>>,
    /// The directory that was made last: files come directory by directory.
    made: PathBuf,
    buffer: Vec<u8>,
}

impl FileWriter {
    pub(super) fn new(directory: &Path) -> Self {
        let (sender, receiver) = sync_channel(WAITING);
        let receiver = Arc::new(Mutex::new(receiver));
        let told = Arc::new(Mutex::new(WriterReport::default()));
        let writers = available_parallelism().map_or(1, usize::from);
        let writers = (0..writers.min(MOST_WRITERS))
            .map(|_| {
                let (receiver, told) = (receiver.clone(), told.clone());
                std::thread::spawn(move || write_what_waits(&receiver, &told))
            })
            .collect();
        Self {
            directory: directory.to_path_buf(),
            told,
            sender,
            writers,
            made: PathBuf::new(),
            buffer: vec![0; BLOCK],
        }
    }

    /// Writes the file `index` with the path `kept`, or queues it.
    pub(super) fn file(
        &mut self,
        index: usize,
        kept: &Path,
        attributes: Attributes,
        size: u64,
        mut content: impl Read,
    ) -> Result<(), DownloadError> {
        let path = self.place(kept)?;
        if size <= SMALL {
            let mut whole = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
            content
                .read_to_end(&mut whole)
                .map_err(DownloadError::Read)?;
            let waiting = Waiting {
                index,
                path,
                attributes,
                content: whole,
            };
            // A writer that ended has reported its error.
            let _ = self.sender.send(waiting);
            return self.failure();
        }
        let Some(mut file) = create(&path, attributes).map_err(failed(&path))? else {
            lock(&self.told).same.push(index);
            return Ok(());
        };
        loop {
            let filled = fill(&mut content, &mut self.buffer).map_err(DownloadError::Read)?;
            if filled == 0 {
                break;
            }
            write_block(&mut file, &self.buffer[..filled]).map_err(failed(&path))?;
        }
        // A hole at the end needs the length of the file to be set.
        file.set_len(size)
            .and_then(|()| finish(&file, attributes))
            .map_err(failed(&path))
    }

    /// Waits until all files are written, and returns those that were not written because the file
    /// system of the host takes their names for those of others.
    pub(super) fn end(self) -> Result<Vec<usize>, DownloadError> {
        drop(self.sender);
        let mut died = false;
        for writer in self.writers {
            died |= writer.join().is_err();
        }
        let told = std::mem::take(&mut *lock(&self.told));
        match told.failure {
            Some(failure) => Err(failure),
            None if died => Err(DownloadError::Read(io::Error::other(
                "a thread that writes artifacts stopped unexpectedly",
            ))),
            None => Ok(told.same),
        }
    }

    fn place(&mut self, kept: &Path) -> Result<PathBuf, DownloadError> {
        let path = self.directory.join(kept);
        if let Some(directory) = path.parent()
            && directory != self.made
        {
            fs::create_dir_all(directory).map_err(failed(directory))?;
            self.made = directory.to_path_buf();
        }
        Ok(path)
    }

    fn failure(&self) -> Result<(), DownloadError> {
        lock(&self.told).failure.take().map_or(Ok(()), Err)
    }
}

/// Copies a written file to a second name; returns whether the name was free on the host.
pub(super) fn copy(directory: &Path, from: &Path, kept: &Path) -> Result<bool, DownloadError> {
    let (from, path) = (directory.join(from), directory.join(kept));
    let copied = || -> io::Result<bool> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut source = File::open(&from)?;
        let metadata = source.metadata()?;
        let attributes = Attributes {
            mode: metadata.permissions().mode() & 0o777,
            modified: metadata.modified()?,
        };
        let Some(mut file) = create(&path, attributes)? else {
            return Ok(false);
        };
        // The kernel copies, and shares blocks where the file system supports it.
        io::copy(&mut source, &mut file)?;
        finish(&file, attributes)?;
        Ok(true)
    };
    copied().map_err(failed(&path))
}

fn write_what_waits(receiver: &Mutex<Receiver<Waiting>>, told: &Mutex<WriterReport>) {
    loop {
        let Ok(waiting) = lock(receiver).recv() else {
            return;
        };
        let written = || {
            let Some(mut file) = create(&waiting.path, waiting.attributes)? else {
                return Ok(false);
            };
            file.write_all(&waiting.content)?;
            finish(&file, waiting.attributes)?;
            Ok(true)
        };
        match written() {
            Ok(true) => {}
            Ok(false) => lock(told).same.push(waiting.index),
            Err(source) => {
                let failure = failed(&waiting.path)(source);
                lock(told).failure.get_or_insert(failure);
            }
        }
    }
}

/// Makes a file; `None` when there is one of this name.
fn create(path: &Path, attributes: Attributes) -> io::Result<Option<File>> {
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(readable(attributes.mode))
        .open(path);
    match made {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
        made => made.map(Some),
    }
}

fn finish(file: &File, attributes: Attributes) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(readable(attributes.mode)))?;
    file.set_modified(attributes.modified)
}

/// Gives the owner read and write permission, whatever the file had in the container.
fn readable(mode: u32) -> u32 {
    mode & 0o777 | 0o600
}

fn write_block(file: &mut File, block: &[u8]) -> io::Result<()> {
    if block.iter().all(|byte| *byte == 0) {
        let length = i64::try_from(block.len()).map_err(io::Error::other)?;
        file.seek(SeekFrom::Current(length))?;
        return Ok(());
    }
    file.write_all(block)
}

/// Fills the buffer as far as there is content.
fn fill(content: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match content.read(&mut buffer[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> DownloadError {
    let path = path.to_path_buf();
    move |source| DownloadError::Write { path, source }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;
    use std::time::Duration;

    use super::*;

    const ATTRIBUTES: Attributes = Attributes {
        mode: 0o4451,
        modified: SystemTime::UNIX_EPOCH,
    };

    #[test]
    fn what_is_nothing_but_zeros_takes_no_room() {
        let directory = tempfile::tempdir().unwrap();
        let size = 64 * 1024 * 1024;
        let mut content = io::Cursor::new(b"begun").chain(io::repeat(0).take(size - 5));
        let mut placing = FileWriter::new(directory.path());
        let kept = Path::new("a/holes");
        placing
            .file(0, kept, ATTRIBUTES, size, &mut content)
            .unwrap();
        assert!(placing.end().unwrap().is_empty());
        let made = fs::metadata(directory.path().join(kept)).unwrap();
        assert_eq!(made.len(), size);
        assert!(
            made.blocks() * 512 <= 1024 * 1024,
            "{} blocks",
            made.blocks()
        );
        assert_eq!(made.permissions().mode() & 0o7777, 0o651);
        assert_eq!(made.modified().unwrap(), ATTRIBUTES.modified);
    }

    #[test]
    fn what_is_there_is_not_written_to() {
        let directory = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let target = elsewhere.path().join("target");
        fs::write(&target, "mine").unwrap();
        for (name, size) in [("small", 3), ("large", SMALL + 1)] {
            std::os::unix::fs::symlink(&target, directory.path().join(name)).unwrap();
            let mut placing = FileWriter::new(directory.path());
            let content = io::repeat(b'x').take(size);
            placing
                .file(7, Path::new(name), ATTRIBUTES, size, content)
                .unwrap();
            assert_eq!(placing.end().unwrap(), [7], "{name}");
        }
        assert_eq!(fs::read_to_string(&target).unwrap(), "mine");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_told() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("gone")).unwrap();
        let mut placing = FileWriter::new(directory.path());
        placing.made = directory.path().join("gone");
        fs::remove_dir(directory.path().join("gone")).unwrap();
        let placed = placing.file(0, Path::new("gone/x"), ATTRIBUTES, 1, &b"x"[..]);
        std::thread::sleep(Duration::from_millis(10));
        let error = placed.and_then(|()| placing.end()).unwrap_err();
        assert!(error.to_string().contains("gone/x"), "{error}");
    }
}
