//! A namespace of caches: of one project, or shared by several.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{FlockOperation, flock};

use super::archive::{Damage, Reader};
use super::entry::{Entry, EntryKind, milliseconds};
use super::own_file::{is_same_file, read_own};
use super::publish::Writing;
use super::record::LastRun;
use crate::host::directory;
use crate::host::file;

/// The record of the last build.
const RECORD: &str = "last-run.json";

/// The extension of archives.
const ARCHIVE: &str = ".tar.zst";

/// The prefix of a record that is being written.
const RECORD_DRAFT: &str = ".record-";

/// A record that is older than this is not being written any more.
const RECORD_LIMIT: Duration = Duration::from_hours(1);

/// The caches of one namespace.
#[derive(Debug, Clone)]
pub struct Namespace {
    name: String,
    directory: PathBuf,
}

/// A lock on this machine, held until this value is dropped or the process ends.
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

    /// Removes it with the other files of its writer; returns their size in bytes. A missing file
    /// is no error.
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

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns all entries, the newest first. Other files are ignored.
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

    /// Returns the entry with exactly this identity.
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
            // A broken file blocks the entry of this name.
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

    /// Verifies and opens the archive of an entry; removes a damaged one. Reads the whole file: do
    /// not call it on an async thread.
    pub fn open(&self, entry: &Entry) -> Result<Reader, Damage> {
        let opened = match file::open_own(&self.directory.join(&entry.archive)) {
            Ok(file) => {
                // Records the use; without write permission it is not recorded.
                let _ = file.set_modified(SystemTime::now());
                Reader::open(file, entry)
            }
            Err(error) if error.is_not_found() => Err(Damage::Gone),
            Err(error) => Err(Damage::Unreadable(error.into())),
        };
        if matches!(opened, Err(Damage::Damaged | Damage::Gone)) {
            // Without write permission it stays, and is damaged every time.
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

    /// Begins a new entry; `writer` is unique among writers and valid in a file name.
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

    /// Removes an entry; returns whether it was still this one.
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

    /// Removes the leftovers of killed writers: unlocked archives without an entry. Returns their
    /// size in bytes.
    pub fn sweep(&self) -> io::Result<u64> {
        let mut gone = 0;
        for unfinished in self.unfinished()? {
            gone += unfinished.remove()?;
        }
        Ok(gone)
    }

    /// Finds the leftovers of killed writers, and locks them.
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
            // Its writer was killed after publishing the entry.
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

    /// Takes a lock of this name, unless it is held.
    pub fn try_lock(&self, name: &str) -> io::Result<Option<Locked>> {
        self.make()?;
        let file = file::make_own(&self.directory.join(format!("{name}.lock")))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Locked { _file: file })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the record of the last build.
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

    /// Writes the record of a build.
    pub fn write_record(&self, record: &LastRun) -> io::Result<()> {
        self.make()?;
        let mut file = tempfile::Builder::new()
            .prefix(RECORD_DRAFT)
            .tempfile_in(&self.directory)?;
        serde_json::to_writer(&mut file, record)?;
        file.persist(self.directory.join(RECORD))?;
        Ok(())
    }

    /// Removes the directory when it is empty.
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

/// Whether a text is the name of a file and leads nowhere else.
fn is_name(text: &str) -> bool {
    Path::new(text).file_name().is_some_and(|name| name == text)
}
