//! Writes new entries.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::{FlockOperation, flock};

use super::archive::Writer;
use super::entry::{Entry, EntryKind, Paths, milliseconds};
use super::own_file::is_same_file;
use crate::host::file;

/// An archive that is being written; gone when it is dropped before it is published.
pub struct Writing {
    archive: Archive,
    own: WriterFiles,
}

/// Where the tar is written to.
pub struct Archive(Writer);

impl std::fmt::Debug for Writing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writing")
            .field("own", &self.own)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive").finish_non_exhaustive()
    }
}

impl Write for Archive {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The result of publishing an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    New(Entry),
    /// Another build was first, and its entry stays.
    AlreadyThere,
}

/// The files of one writer.
#[derive(Debug)]
struct WriterFiles {
    directory: PathBuf,
    id: String,
    /// The name of its files without their ends.
    stem: String,
    /// Whoever looks for what killed writers left finds this locked.
    _lock: File,
    /// Whether the archive belongs to an entry by now.
    published: bool,
}

impl Writing {
    /// Begins an archive in an existing directory; `writer` distinguishes it from others.
    pub(super) fn begin(
        directory: &Path,
        kind: EntryKind,
        version: &str,
        key: Option<&str>,
        writer: &str,
    ) -> io::Result<Self> {
        let id = Entry::id(kind, version, key);
        let stem = format!("{id}.{writer}");
        let path = directory.join(format!("{stem}.tar.zst"));
        let file = loop {
            let file = file::make_own(&path)?;
            flock(&file, FlockOperation::LockExclusive)?;
            // A sweep may have removed the file between its making and its locking.
            if is_same_file(&file, &path) {
                break file;
            }
        };
        let own = WriterFiles {
            directory: directory.to_owned(),
            id,
            stem,
            _lock: file.try_clone()?,
            published: false,
        };
        Ok(Self {
            archive: Archive(Writer::new(file)?),
            own,
        })
    }

    /// Where the tar is to be written to.
    pub fn archive(&mut self) -> &mut Archive {
        &mut self.archive
    }

    /// Completes the archive and publishes it as an entry. An entry with a key never replaces
    /// another.
    pub fn publish(
        self,
        kind: EntryKind,
        key: Option<String>,
        paths: Paths,
        files: u64,
        build: &str,
    ) -> io::Result<Published> {
        let Self { archive, mut own } = self;
        let written = archive.0.finish()?;
        let entry = Entry {
            kind,
            key,
            version: paths.version(),
            paths,
            archive: format!("{}.tar.zst", own.stem),
            checksum: written.checksum,
            size: written.size,
            unpacked_size: written.unpacked,
            files,
            created: milliseconds(SystemTime::now()),
            build: build.to_owned(),
        };
        if entry.own_id() != own.id {
            return Err(io::Error::other(
                "the key of the cache entry changed while it was written",
            ));
        }
        own.publish(entry)
    }
}

impl WriterFiles {
    fn publish(&mut self, entry: Entry) -> io::Result<Published> {
        let draft = self.draft();
        let place = self.directory.join(format!("{}.json", self.id));
        let mut file = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)?;
        serde_json::to_writer(&mut file, &entry)?;
        file.sync_all()?;
        if entry.key.is_some() {
            match fs::hard_link(&draft, &place) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    return Ok(Published::AlreadyThere);
                }
                Err(error) => return Err(error),
            }
            self.published = true;
            fs::remove_file(&draft)?;
        } else {
            let before = Entry::read(&place).ok();
            fs::rename(&draft, &place)?;
            self.published = true;
            // Readers of the old archive have it open. When two builds replace the same entry, the
            // next sweep removes the rest.
            if let Some(before) = before.filter(|before| before.archive != entry.archive) {
                let _ = fs::remove_file(self.directory.join(before.archive));
            }
        }
        File::open(&self.directory)?.sync_all()?;
        Ok(Published::New(entry))
    }

    fn draft(&self) -> PathBuf {
        self.directory.join(format!("{}.json", self.stem))
    }
}

impl Drop for WriterFiles {
    fn drop(&mut self) {
        if !self.published {
            let _ = fs::remove_file(self.draft());
            let _ = fs::remove_file(self.directory.join(format!("{}.tar.zst", self.stem)));
        }
    }
}
