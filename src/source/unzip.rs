//! Unpacks a zip file into a directory, and writes nowhere else.
//!
//! Symlinks are created last, so that nothing is written through a link of the same zip. Entries
//! that cannot be unpacked as they are stored are skipped and reported.

use std::cell::Cell;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, Permissions};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

use zip::read::ZipFile;
use zip::result::ZipError;
use zip::{System, ZipArchive};

use crate::host::file;

/// Modes of entries without one.
const FILE_MODE: u32 = 0o644;
const DIRECTORY_MODE: u32 = 0o755;

/// The permissions that a directory needs while its content is written.
const OWNER_ENTERS: u32 = 0o700;

/// The longest target that a symlink can have.
const LONGEST_TARGET: u64 = 4096;

/// The size of a write, in bytes.
const CHUNK: usize = 64 * 1024;

/// The longest table of contents that is read, in bytes: it takes some fifteen times as much memory.
const MOST_CONTENTS: u64 = 6 * 1024 * 1024;

/// The limit for the paths and targets of all symlinks, in bytes.
const MOST_LINK_BYTES: usize = 16 * 1024 * 1024;

/// The most directories that are created.
const MOST_DIRECTORIES: usize = 300_000;

/// The size of a directory on a file system, in bytes.
const BLOCK: u64 = 4096;

/// How many skipped entries are reported individually.
const TOLD: usize = 10;

/// Why a zip file cannot be unpacked.
#[derive(Debug, thiserror::Error)]
pub enum UnzipError {
    #[error("cannot read the zip file")]
    Unreadable(#[source] io::Error),
    #[error("the file is damaged or not a zip file: {0}")]
    Damaged(String),
    #[error("`{0}` is encrypted")]
    Encrypted(String),
    #[error("`{name}` uses a compression or feature that cobuild does not support: {reason}")]
    Unsupported { name: String, reason: String },
    #[error("the zip file unpacks to {size} bytes, but only {room} bytes are free")]
    TooLarge { size: u128, room: u64 },
    /// Its table of contents, which is kept in memory, is too long.
    #[error(
        "the zip file has too many entries: its table of contents is longer than {MOST_CONTENTS} bytes"
    )]
    TooManyEntries,
    /// Its symlinks are too long together, which are kept in memory until all else is written.
    #[error("the symlinks in the zip file take more than {MOST_LINK_BYTES} bytes")]
    TooManyLinks,
    #[error("the zip file has too many directories")]
    TooManyDirectories,
    #[error("cannot write `{}`", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("unpacking was stopped")]
    Stopped,
}

/// Unpacks `zip` into the empty directory `into` and returns warnings about skipped entries. With
/// `only`, unpacks just the file of that path.
///
/// Keeps the modes and symlinks of zips from Unix. Of entries with the same name the last one
/// counts. Blocks; ends early when `stop` is set.
pub fn unzip(
    zip: &Path,
    into: &Path,
    only: Option<&Path>,
    stop: &AtomicBool,
) -> Result<Vec<String>, UnzipError> {
    let left = Rc::new(Cell::new(MOST_CONTENTS));
    let source = Bounded {
        file: file::open(zip).map_err(|error| UnzipError::Unreadable(error.into()))?,
        left: Rc::clone(&left),
    };
    let opened = ZipArchive::new(source);
    if left.get() == 0 {
        return Err(UnzipError::TooManyEntries);
    }
    // From here on it is read entry by entry.
    left.set(u64::MAX);
    let mut archive = opened.map_err(|error| broken("", error))?;
    let room = room(into)?;
    let mut unpacking = Unpacking {
        into,
        stop,
        left_out: Vec::new(),
        more_left_out: 0,
        link_bytes: 0,
        links: Vec::new(),
        directories: Vec::new(),
    };
    // The file system must have room for the declared size; entries cannot unpack to more.
    let mut size = 0;
    let mut directories = HashSet::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_data(index);
        let entry = entry.map_err(|error| broken("", error))?;
        size += u128::from(entry.size());
        add_directories(entry.name_raw(), &mut directories);
        if directories.len() > MOST_DIRECTORIES {
            return Err(UnzipError::TooManyDirectories);
        }
    }
    size += u128::from(BLOCK) * directories.len() as u128;
    if only.is_none() && size > u128::from(room) {
        return Err(UnzipError::TooLarge { size, room });
    }
    for index in 0..archive.len() {
        if stop.load(Ordering::Relaxed) {
            return Err(UnzipError::Stopped);
        }
        let entry = archive.by_index_data(index);
        let name = entry.map_or_else(|_| String::new(), |entry| name(entry.name_raw()));
        let entry = archive
            .by_index(index)
            .map_err(|error| broken(&name, error))?;
        unpacking.entry(entry, only)?;
    }
    unpacking.finish()
}

/// Adds the directories of a name to the set, as hashes.
fn add_directories(name: &[u8], directories: &mut HashSet<u64>) {
    let mut hasher = DefaultHasher::new();
    let mut parts = name.split(|byte| *byte == b'/').peekable();
    while let Some(part) = parts.next() {
        // What is behind the last slash is no directory.
        if parts.peek().is_none() {
            return;
        }
        part.hash(&mut hasher);
        directories.insert(hasher.finish());
        // Enough to see that there are too many.
        if directories.len() > MOST_DIRECTORIES {
            return;
        }
    }
}

/// A file of which a bounded number of bytes is read.
struct Bounded {
    file: File,
    left: Rc<Cell<u64>>,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        let left = self.left.get().saturating_sub(read as u64);
        self.left.set(left);
        if left == 0 && read > 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(read)
    }
}

impl Seek for Bounded {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}

/// How many bytes can be written below a directory.
fn room(directory: &Path) -> Result<u64, UnzipError> {
    let system = rustix::fs::statvfs(directory).map_err(|error| UnzipError::Write {
        path: directory.to_path_buf(),
        source: error.into(),
    })?;
    Ok(system.f_bavail.saturating_mul(system.f_frsize))
}

fn name(raw: &[u8]) -> String {
    String::from_utf8_lossy(raw).into_owned()
}

/// Converts an error of an archive or of one entry.
fn broken(name: &str, error: ZipError) -> UnzipError {
    // Reading wraps what it finds only then.
    let wrapped = match &error {
        ZipError::Io(wrapper) => wrapper
            .get_ref()
            .and_then(|it| it.downcast_ref::<ZipError>()),
        _ => None,
    };
    match wrapped.cloned().unwrap_or(error) {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => {
            UnzipError::Encrypted(name.to_owned())
        }
        error @ (ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_)) => {
            UnzipError::Unsupported {
                name: name.to_owned(),
                reason: error.to_string(),
            }
        }
        // An archive that can be opened but not read is truncated.
        error => UnzipError::Damaged(match name {
            "" => error.to_string(),
            name => format!("`{name}`: {error}"),
        }),
    }
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EntryType {
    File,
    Directory,
    Symlink,
    Other,
}

struct Unpacking<'a> {
    into: &'a Path,
    stop: &'a AtomicBool,
    left_out: Vec<String>,
    /// How many entries more are left out than are told.
    more_left_out: usize,
    /// How many bytes the paths and targets of all symlinks have.
    link_bytes: usize,
    /// Path and target of each symlink.
    links: Vec<(PathBuf, Vec<u8>)>,
    /// Path and mode of each directory that has one.
    directories: Vec<(PathBuf, u32)>,
}

impl Unpacking<'_> {
    fn entry(
        &mut self,
        mut entry: ZipFile<'_, Bounded>,
        only: Option<&Path>,
    ) -> Result<(), UnzipError> {
        let shown = name(entry.name_raw());
        let path = match safe_path(entry.name_raw()) {
            Ok(path) => path,
            Err(reason) => {
                self.leave_out(&shown, reason);
                return Ok(());
            }
        };
        if only.is_some_and(|only| only != path) {
            return Ok(());
        }
        let mode = match entry.system() {
            System::Unix => entry.external_attributes() >> 16,
            _ => 0,
        };
        let place = self.into.join(&path);
        let kind = kind(mode, entry.name_raw().ends_with(b"/"));
        if path.as_os_str().is_empty() && kind != EntryType::Directory {
            self.leave_out(&shown, "it has no name");
            return Ok(());
        }
        match kind {
            EntryType::Directory => {
                if self.make_directory(&shown, &place)? && !path.as_os_str().is_empty() {
                    let mode = permissions(mode, DIRECTORY_MODE);
                    self.directories.push((place, mode));
                }
            }
            EntryType::File => {
                let mode = permissions(mode, FILE_MODE);
                self.file(&shown, &mut entry, &place, mode)?;
            }
            EntryType::Symlink => {
                let mut target = Vec::new();
                let read = (&mut entry).take(LONGEST_TARGET).read_to_end(&mut target);
                read.map_err(|error| broken(&shown, error.into()))?;
                if target.is_empty() || target.len() as u64 == LONGEST_TARGET || target.contains(&0)
                {
                    self.leave_out(&shown, "its symlink target is empty or too long");
                } else {
                    self.link_bytes += place.as_os_str().len() + target.len();
                    if self.link_bytes > MOST_LINK_BYTES {
                        return Err(UnzipError::TooManyLinks);
                    }
                    target.shrink_to_fit();
                    self.links.push((place, target));
                }
            }
            EntryType::Other => self.leave_out(&shown, "it is not a file, directory or symlink"),
        }
        Ok(())
    }

    /// Creates a directory and its parents; returns `false` when another entry has its path.
    fn make_directory(&mut self, shown: &str, place: &Path) -> Result<bool, UnzipError> {
        match fs::create_dir_all(place) {
            Ok(()) => Ok(true),
            Err(error) => self.obstacle(shown, place, error).map(|()| false),
        }
    }

    fn file(
        &mut self,
        shown: &str,
        entry: &mut impl Read,
        place: &Path,
        mode: u32,
    ) -> Result<(), UnzipError> {
        if let Some(parent) = place.parent()
            && !self.make_directory(shown, parent)?
        {
            return Ok(());
        }
        // An earlier entry of the same place gives way, also one that nobody may write.
        if let Err(error) = fs::remove_file(place)
            && error.kind() != io::ErrorKind::NotFound
        {
            return self.obstacle(shown, place, error);
        }
        let opened = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(place);
        let mut out = match opened {
            Ok(out) => out,
            Err(error) => return self.obstacle(shown, place, error),
        };
        let failed = |source| UnzipError::Write {
            path: place.to_path_buf(),
            source,
        };
        let mut chunk = vec![0; CHUNK];
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Err(UnzipError::Stopped);
            }
            let count = entry
                .read(&mut chunk)
                .map_err(|error| broken(shown, error.into()))?;
            if count == 0 {
                break;
            }
            out.write_all(&chunk[..count]).map_err(failed)?;
        }
        out.set_permissions(Permissions::from_mode(mode))
            .map_err(failed)
    }

    /// Skips an entry whose path is taken or that the file system rejects.
    fn obstacle(&mut self, shown: &str, path: &Path, source: io::Error) -> Result<(), UnzipError> {
        let reason = match source.kind() {
            io::ErrorKind::AlreadyExists
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::NotADirectory
            // The directory is not empty, or is one, as some systems say it.
            | io::ErrorKind::DirectoryNotEmpty => "another entry of the zip has the same path",
            io::ErrorKind::InvalidFilename => "its name is too long",
            _ => {
                return Err(UnzipError::Write {
                    path: path.to_path_buf(),
                    source,
                });
            }
        };
        self.leave_out(shown, reason);
        Ok(())
    }

    fn leave_out(&mut self, shown: &str, reason: &str) {
        if self.left_out.len() < TOLD {
            let shown = shown.escape_debug();
            self.left_out
                .push(format!("`{shown}` is skipped: {reason}"));
        } else {
            self.more_left_out += 1;
        }
    }

    /// Makes the symlinks, then closes the directories.
    fn finish(mut self) -> Result<Vec<String>, UnzipError> {
        for (place, target) in std::mem::take(&mut self.links) {
            if self.stop.load(Ordering::Relaxed) {
                return Err(UnzipError::Stopped);
            }
            let shown = place.strip_prefix(self.into).unwrap_or(&place);
            let shown = shown.to_string_lossy().into_owned();
            // The place may be below another link by now, which is not followed.
            let parent = place.parent().unwrap_or(self.into);
            if leads_through_link(self.into, parent) {
                self.leave_out(&shown, "its path leads through a symlink");
                continue;
            }
            if !self.make_directory(&shown, parent)? {
                continue;
            }
            if fs::symlink_metadata(&place).is_ok_and(|there| !there.is_dir()) {
                fs::remove_file(&place).map_err(|source| UnzipError::Write {
                    path: place.clone(),
                    source,
                })?;
            }
            if let Err(error) = symlink(OsStr::from_bytes(&target), &place) {
                self.obstacle(&shown, &place, error)?;
            }
        }
        for (place, mode) in &self.directories {
            // One that a symlink has taken the place of is no directory any more.
            if fs::symlink_metadata(place).is_ok_and(|there| there.is_dir()) {
                let mode = Permissions::from_mode(mode | OWNER_ENTERS);
                fs::set_permissions(place, mode).map_err(|source| UnzipError::Write {
                    path: place.clone(),
                    source,
                })?;
            }
        }
        if self.more_left_out > 0 {
            let more = self.more_left_out;
            self.left_out
                .push(format!("{more} more entries are skipped"));
        }
        Ok(self.left_out)
    }
}

/// Whether a symlink is on the way from `root` down to `path`.
fn leads_through_link(root: &Path, path: &Path) -> bool {
    path.ancestors()
        .take_while(|ancestor| *ancestor != root)
        .any(|ancestor| fs::symlink_metadata(ancestor).is_ok_and(|there| there.is_symlink()))
}

/// Returns the relative path of a name; empty for the directory itself. Names are bytes; `\` has no
/// special meaning.
fn safe_path(name: &[u8]) -> Result<PathBuf, &'static str> {
    if name.starts_with(b"/") {
        return Err("its name is absolute");
    }
    if name.contains(&0) {
        return Err("its name contains a NUL byte");
    }
    let mut path = PathBuf::new();
    for part in name.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => return Err("its name leads outside the source"),
            part => path.push(OsStr::from_bytes(part)),
        }
    }
    Ok(path)
}

/// Tells what an entry is by its mode and by whether its name ends as a directory's.
fn kind(mode: u32, ends_as_directory: bool) -> EntryType {
    match mode & 0o170_000 {
        _ if ends_as_directory => EntryType::Directory,
        0 | 0o100_000 => EntryType::File,
        0o040_000 => EntryType::Directory,
        0o120_000 => EntryType::Symlink,
        _ => EntryType::Other,
    }
}

/// Returns the permissions of a mode, or the default for mode 0. Set-user-id bits are dropped.
fn permissions(mode: u32, default: u32) -> u32 {
    match mode {
        0 => default,
        mode => mode & 0o777,
    }
}

#[cfg(test)]
mod tests;
