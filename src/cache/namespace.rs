//! The caches that go by one name: a project's own, or shared by several.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{FlockOperation, flock};

use super::archive::{Damage, Reader};
use super::entry::{Entry, EntryKind, milliseconds};
use super::publish::{Writing, is_same_file};
use super::record::LastRun;
use crate::host::directory;
use crate::host::file::{self, FileError};

/// The record of the last build.
const RECORD: &str = "last-run.json";

/// How an archive's name ends.
const ARCHIVE: &str = ".tar.zst";

/// How the name of a record begins that is being written.
const RECORD_DRAFT: &str = ".record-";

/// How many bytes an entry or a record has at the most.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// How long nobody writes a record.
const RECORD_LIMIT: Duration = Duration::from_hours(1);

/// The caches that go by one name.
#[derive(Debug, Clone)]
pub struct Namespace {
    name: String,
    directory: PathBuf,
}

/// A lock of this machine; it goes when this does, or the process.
#[derive(Debug)]
pub struct Locked {
    _file: File,
}

/// A file that a killed writer left.
#[derive(Debug)]
pub struct Unfinished {
    path: PathBuf,
    _lock: Option<File>,
}

impl Unfinished {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it, and what its writer made for it; returns how many bytes that were. One that is gone
    /// is no error: whoever replaced its entry was quicker.
    pub fn remove(self) -> io::Result<u64> {
        let size = fs::metadata(&self.path).map_or(0, |metadata| metadata.len());
        if let Some(name) = self.path.file_name().and_then(|name| name.to_str())
            && let Some(stem) = name.strip_suffix(ARCHIVE)
        {
            let _ = fs::remove_file(self.path.with_file_name(format!("{stem}.json")));
        }
        match fs::remove_file(&self.path) {
            Ok(()) => Ok(size),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }
}

impl Namespace {
    pub(super) fn new(name: String, directory: PathBuf) -> Self {
        Self { name, directory }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns all entries, the newest first. What is no entry is passed over.
    pub fn entries(&self) -> io::Result<Vec<Entry>> {
        let mut entries: Vec<Entry> = self
            .files()?
            .iter()
            .filter(|path| path.extension().is_some_and(|kind| kind == "json"))
            .filter_map(|path| {
                let entry = Entry::read(path).ok()?;
                // Neither a draft nor a copy.
                let is_its_own = path.file_stem()?.to_str()? == entry.own_id();
                (is_its_own && is_name(&entry.archive)).then_some(entry)
            })
            .collect();
        entries.sort_by(|one, other| {
            let order = other.created.cmp(&one.created);
            order.then_with(|| one.key.cmp(&other.key))
        });
        Ok(entries)
    }

    /// Returns the very entry, if there is one.
    pub fn exact(
        &self,
        kind: EntryKind,
        version: &str,
        key: Option<&str>,
    ) -> io::Result<Option<Entry>> {
        if !directory::is_own(&self.directory)? {
            return Ok(None);
        }
        let path = self.entry_path(&Entry::id(kind, version, key));
        match Entry::read(&path) {
            Ok(entry) => {
                let is_it = entry.version == version && entry.key.as_deref() == key;
                Ok(Some(entry).filter(|entry| is_it && is_name(&entry.archive)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            // What is no entry stands in the way of one.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
                ) =>
            {
                let _ = fs::remove_file(&path);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Returns the keyed entries of this version whose keys begin with `prefix`, the newest first.
    pub fn by_prefix(
        &self,
        kind: EntryKind,
        version: &str,
        prefix: &str,
    ) -> io::Result<Vec<Entry>> {
        let mut entries = self.entries()?;
        entries.retain(|entry| {
            let key = entry.key.as_deref();
            entry.kind == kind
                && entry.version == version
                && key.is_some_and(|key| key.starts_with(prefix))
        });
        Ok(entries)
    }

    /// Opens an entry's archive, once all of it has been found to be what was written. A damaged one
    /// is removed. Reads a file: not for the threads that wait for others.
    pub fn open(&self, entry: &Entry) -> Result<Reader, Damage> {
        let opened = match file::open_own(&self.directory.join(&entry.archive)) {
            Ok(file) => {
                // Tells when it was last used; whoever may not write it cannot tell.
                let _ = file.set_modified(SystemTime::now());
                Reader::open(file, entry)
            }
            Err(error) if error.is_not_found() => Err(Damage::Gone),
            Err(error) => Err(Damage::Unreadable(error.into())),
        };
        if matches!(opened, Err(Damage::Damaged | Damage::Gone)) {
            // Whoever may not remove it finds it damaged every time.
            let _ = self.remove(entry);
        }
        opened
    }

    /// When an entry was last used, in milliseconds since 1970.
    pub fn last_used(&self, entry: &Entry) -> u64 {
        let modified = fs::metadata(self.directory.join(&entry.archive))
            .and_then(|metadata| metadata.modified());
        modified.map_or(entry.created, milliseconds)
    }

    /// Begins a new entry; `writer` is a text that no other writer has, fit for a file's name.
    pub fn begin(
        &self,
        kind: EntryKind,
        version: &str,
        key: Option<&str>,
        writer: &str,
    ) -> io::Result<Writing> {
        self.make()?;
        Writing::begin(&self.directory, kind, version, key, writer)
    }

    /// Removes an entry; returns whether it was this one that was there.
    pub fn remove(&self, entry: &Entry) -> io::Result<bool> {
        let path = self.entry_path(&entry.own_id());
        // Another build may have put a new one into its place.
        let is_there = Entry::read(&path).is_ok_and(|there| there.archive == entry.archive);
        if is_there {
            fs::remove_file(&path)?;
        }
        match fs::remove_file(self.directory.join(&entry.archive)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(is_there),
        }
    }

    /// Removes what writers left that were killed: archives that nobody holds and that are no
    /// entry's. Returns how many bytes that were.
    pub fn sweep(&self) -> io::Result<u64> {
        let mut gone = 0;
        for unfinished in self.unfinished()? {
            gone += unfinished.remove()?;
        }
        Ok(gone)
    }

    /// Finds what writers left that were killed. Nobody else takes it for that as long as it is held.
    pub fn unfinished(&self) -> io::Result<Vec<Unfinished>> {
        let files = self.files()?;
        Ok(files
            .into_iter()
            .filter_map(|path| self.unfinished_file(path))
            .collect())
    }

    fn unfinished_file(&self, path: PathBuf) -> Option<Unfinished> {
        let name = path.file_name()?.to_str()?;
        if name.starts_with(RECORD_DRAFT) {
            let written = fs::metadata(&path).ok()?.modified().ok()?;
            let is_old = written.elapsed().is_ok_and(|age| age > RECORD_LIMIT);
            return is_old.then_some(Unfinished { path, _lock: None });
        }
        let stem = name.strip_suffix(ARCHIVE)?;
        let file = file::open_own(&path).ok()?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).ok()?;
        let (id, _) = stem.split_once('.')?;
        // Looked at under the lock: its writer may just have published it.
        let entry = Entry::read(&self.entry_path(id));
        let draft = self.directory.join(format!("{stem}.json"));
        if entry.is_ok_and(|entry| path.ends_with(&entry.archive)) {
            // Its writer was killed when all but this was done.
            return draft.exists().then_some(Unfinished {
                path: draft,
                _lock: Some(file),
            });
        }
        is_same_file(&file, &path).then_some(Unfinished {
            path,
            _lock: Some(file),
        })
    }

    /// Takes a lock of this name, unless somebody has it.
    pub fn try_lock(&self, name: &str) -> io::Result<Option<Locked>> {
        self.make()?;
        let file = file::make_own(&self.directory.join(format!("{name}.lock")))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Locked { _file: file })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns what the last build did.
    pub fn record(&self) -> io::Result<Option<LastRun>> {
        if !directory::is_own(&self.directory)? {
            return Ok(None);
        }
        match read_own(&self.directory.join(RECORD)) {
            Ok(text) => Ok(serde_json::from_slice(&text).ok()),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes down what a build did.
    pub fn write_record(&self, record: &LastRun) -> io::Result<()> {
        self.make()?;
        let mut file = tempfile::Builder::new()
            .prefix(RECORD_DRAFT)
            .tempfile_in(&self.directory)?;
        serde_json::to_writer(&mut file, record)?;
        file.persist(self.directory.join(RECORD))?;
        Ok(())
    }

    /// Removes the directory when nothing is kept in it any more.
    pub fn remove_if_empty(&self) -> io::Result<()> {
        let empty = self.entries()?.is_empty()
            && !self
                .files()?
                .iter()
                .any(|path| path.to_string_lossy().ends_with(ARCHIVE));
        if empty {
            for path in self.files()? {
                fs::remove_file(path)?;
            }
            match fs::remove_dir(&self.directory) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    fn make(&self) -> io::Result<()> {
        for made in self
            .directory
            .parent()
            .into_iter()
            .chain([&*self.directory])
        {
            directory::make_own(made)?;
        }
        Ok(())
    }

    fn entry_path(&self, id: &str) -> PathBuf {
        self.directory.join(format!("{id}.json"))
    }

    fn files(&self) -> io::Result<Vec<PathBuf>> {
        if !directory::is_own(&self.directory)? {
            return Ok(Vec::new());
        }
        match fs::read_dir(&self.directory) {
            Ok(entries) => Ok(entries.flatten().map(|entry| entry.path()).collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

/// Reads a file of the store that describes something.
pub(super) fn read_own(path: &Path) -> Result<Vec<u8>, FileError> {
    file::read_whole(file::open_own(path)?, MOST_BYTES)
}

/// Whether a text is the name of a file and leads nowhere else.
fn is_name(text: &str) -> bool {
    Path::new(text).file_name().is_some_and(|name| name == text)
}
