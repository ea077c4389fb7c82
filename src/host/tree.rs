//! Reads trees that somebody else made, even while they change.
//!
//! A directory stays open, and its entries are reached from there by name: no symlink is followed,
//! even one that appears meanwhile.

use std::ffi::{CStr, OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, openat, readlinkat, statat};

use super::file::{FileError, READ, regular};

/// An open directory.
#[derive(Debug)]
pub struct Directory(OwnedFd);

impl Directory {
    /// Opens a directory that the user named, or one of cobuild; symlinks are followed.
    pub fn open(path: &Path) -> io::Result<Self> {
        let opened = rustix::fs::open(path, READ | OFlags::DIRECTORY, Mode::empty())?;
        Ok(Self(opened))
    }

    /// Opens the directory of this name in it.
    pub fn enter(&self, name: &OsStr) -> io::Result<Self> {
        let flags = READ | OFlags::DIRECTORY | OFlags::NOFOLLOW;
        Ok(Self(openat(&self.0, name, flags, Mode::empty())?))
    }

    /// Opens the directory at this path below it; the empty path is itself.
    pub fn descend(&self, below: &Path) -> io::Result<Self> {
        let mut here = Self(self.0.try_clone()?);
        for name in below.components() {
            let Component::Normal(name) = name else {
                return Err(io::ErrorKind::InvalidInput.into());
            };
            here = here.enter(name)?;
        }
        Ok(here)
    }

    /// Opens the regular file of this name in it.
    pub fn file(&self, name: &OsStr) -> Result<File, FileError> {
        let opened = openat(&self.0, name, READ | OFlags::NOFOLLOW, Mode::empty());
        regular(opened.map_err(io::Error::from)?)
    }

    /// Reads the target of the symlink of this name.
    pub fn link(&self, name: &OsStr) -> io::Result<PathBuf> {
        let text = readlinkat(&self.0, name, Vec::new())?;
        Ok(OsString::from_vec(text.into_bytes()).into())
    }

    /// Returns the metadata of this name, `None` when there is nothing.
    pub fn entry(&self, name: &OsStr) -> io::Result<Option<Entry>> {
        match statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(Entry(stat))),
            Err(rustix::io::Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the metadata of the directory itself.
    pub fn own(&self) -> io::Result<Entry> {
        Ok(Entry(rustix::fs::fstat(&self.0)?))
    }

    /// Whether an extended attribute of it has this value.
    pub fn has_attribute(&self, name: &str, value: u8) -> bool {
        let mut found = [0_u8; 1];
        rustix::fs::fgetxattr(&self.0, name, &mut found)
            .is_ok_and(|length| length == 1 && found == [value])
    }

    /// The names in it, one after the other, in no order.
    pub fn names(&self) -> io::Result<impl Iterator<Item = io::Result<OsString>> + use<>> {
        let name = |name: &CStr| OsStr::from_bytes(name.to_bytes()).to_owned();
        let entries = rustix::fs::Dir::read_from(&self.0)?;
        Ok(entries
            .map(move |entry| entry.map(|entry| name(entry.file_name())))
            .filter(|name| !matches!(name, Ok(name) if name == "." || name == ".."))
            .map(|name| name.map_err(io::Error::from)))
    }
}

/// The metadata of an entry.
#[derive(Debug, Clone, Copy)]
pub struct Entry(Stat);

#[expect(
    clippy::useless_conversion,
    reason = "the kinds of numbers differ from machine to machine"
)]
impl Entry {
    fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.0.st_mode)
    }

    pub fn is_directory(&self) -> bool {
        self.kind() == FileType::Directory
    }

    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        self.kind() == FileType::RegularFile
    }

    /// Whether it is a symlink.
    pub fn is_link(&self) -> bool {
        self.kind() == FileType::Symlink
    }

    /// Whether it is a whiteout of an overlay: the entry was removed.
    pub fn is_whiteout(&self) -> bool {
        self.kind() == FileType::CharacterDevice && self.0.st_rdev == 0
    }

    /// Its kind and its permissions, as a number.
    pub fn mode(&self) -> u32 {
        self.0.st_mode
    }

    pub fn owner(&self) -> u32 {
        self.0.st_uid
    }

    /// How long it is, in bytes.
    pub fn length(&self) -> u64 {
        u64::try_from(self.0.st_size).unwrap_or(0)
    }

    /// When it was changed last, in seconds and parts of one.
    pub fn changed(&self) -> (i64, i64) {
        let parts = i64::try_from(self.0.st_mtime_nsec).unwrap_or(0);
        (i64::from(self.0.st_mtime), parts)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn no_link_is_followed_on_any_way() {
        let tree = tempfile::tempdir().unwrap();
        fs::create_dir_all(tree.path().join("a/b")).unwrap();
        fs::write(tree.path().join("a/b/text"), "text").unwrap();
        symlink("a", tree.path().join("link")).unwrap();
        symlink("text", tree.path().join("a/b/link")).unwrap();
        let top = Directory::open(tree.path()).unwrap();
        let inner = top.descend(Path::new("a/b")).unwrap();
        assert!(inner.file(OsStr::new("text")).is_ok());
        assert!(inner.file(OsStr::new("link")).is_err());
        assert_eq!(inner.link(OsStr::new("link")).unwrap(), Path::new("text"));
        assert!(inner.entry(OsStr::new("link")).unwrap().unwrap().is_link());
        assert!(inner.entry(OsStr::new("none")).unwrap().is_none());
        for below in ["link", "link/b", "a/../a", "/"] {
            assert!(top.descend(Path::new(below)).is_err(), "{below}");
        }
        let mut names: Vec<OsString> = inner.names().unwrap().map(Result::unwrap).collect();
        names.sort();
        assert_eq!(names, ["link", "text"]);
        // The directory is the same wherever its path leads by now.
        fs::rename(tree.path().join("a"), tree.path().join("c")).unwrap();
        assert!(inner.file(OsStr::new("text")).is_ok());
    }
}
