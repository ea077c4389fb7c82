//! Opens files that others made, such as those of a source or a build.
//!
//! Only regular files are opened, so that nothing waits for a pipe and no device is read. The
//! caller bounds what is read.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags, openat};

/// The flags of every open: do not wait for the writer of a pipe, do not take over a terminal.
pub(super) const READ: OFlags = OFlags::RDONLY
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it is {0}, not a regular file")]
    NotRegular(&'static str),
    #[error("it points outside `{}`", .0.display())]
    LeadsOut(PathBuf),
    #[error("it belongs to user {0}")]
    Foreign(u32),
    #[error("other users than its owner can write to it")]
    Writable,
    #[error("it is longer than {0} bytes")]
    TooLong(u64),
}

impl FileError {
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

impl From<FileError> for io::Error {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Io(error) => error,
            FileError::NotRegular("a directory") => Self::from(io::ErrorKind::IsADirectory),
            other => Self::new(io::ErrorKind::InvalidInput, other),
        }
    }
}

/// Opens a regular file that the user named; links are followed.
pub fn open(path: &Path) -> Result<File, FileError> {
    let file = rustix::fs::open(path, READ, Mode::empty()).map_err(io::Error::from)?;
    regular(file)
}

/// Whether a path leads to what is neither a file nor a directory: a device, a pipe or a socket.
pub fn is_stream(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|it| !it.is_file() && !it.is_dir())
}

/// Opens a regular file by its path, which must not be a symlink itself; symlinks above it are
/// followed.
pub fn open_itself(path: &Path) -> Result<File, FileError> {
    let flags = READ | OFlags::NOFOLLOW;
    regular(rustix::fs::open(path, flags, Mode::empty()).map_err(no_link)?)
}

/// Opens a file that the user named, or a stream that the user connected, such as `/dev/stdin` or
/// the pipe of `<(...)`.
pub fn open_named(path: &Path) -> Result<File, FileError> {
    let is_connected = ["/dev", "/proc"].iter().any(|root| path.starts_with(root));
    if is_connected {
        return Ok(File::open(path)?);
    }
    open(path)
}

/// Opens the regular file `below` a directory that the user named. Symlinks are followed as long as
/// they point inside that directory.
pub fn open_within(root: &Path, below: &Path) -> Result<File, FileError> {
    let root = root.canonicalize()?;
    let path = root.join(below).canonicalize()?;
    let Ok(below) = path.strip_prefix(&root) else {
        return Err(FileError::LeadsOut(root));
    };
    // Once more without following: a build may change the tree meanwhile.
    open_beneath(&root, below)
}

/// Opens the regular file `below` a directory; no link is followed from there on.
pub fn open_beneath(root: &Path, below: &Path) -> Result<File, FileError> {
    let step = |directory: &OwnedFd, name: &OsStr, flags: OFlags| {
        let opened = openat(directory, name, flags | OFlags::NOFOLLOW, Mode::empty());
        opened.map_err(no_link)
    };
    let directory = READ | OFlags::DIRECTORY;
    let mut here = rustix::fs::open(root, directory, Mode::empty()).map_err(io::Error::from)?;
    let mut names = below.components().peekable();
    while let Some(name) = names.next() {
        let Component::Normal(name) = name else {
            return Err(FileError::LeadsOut(root.to_path_buf()));
        };
        if names.peek().is_none() {
            return regular(step(&here, name, READ)?);
        }
        here = step(&here, name, directory)?;
    }
    Err(FileError::NotRegular("a directory"))
}

/// Opens a file of cobuild in a directory of its own: a regular file that belongs to this user and
/// is not writable by others. Symlinks are not followed.
pub fn open_own(path: &Path) -> Result<File, FileError> {
    let file = rustix::fs::open(path, READ | OFlags::NOFOLLOW, Mode::empty());
    own(regular(file.map_err(no_link)?)?)
}

/// Opens a file of cobuild for reading and writing, and creates it when missing.
pub fn make_own(path: &Path) -> Result<File, FileError> {
    let flags = READ | OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW;
    let file = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR);
    own(regular(file.map_err(no_link)?)?)
}

fn no_link(error: rustix::io::Errno) -> FileError {
    match error {
        rustix::io::Errno::LOOP | rustix::io::Errno::MLINK => {
            FileError::NotRegular("a symbolic link")
        }
        error => FileError::Io(error.into()),
    }
}

/// Returns the file when no other user can have written it.
fn own(file: File) -> Result<File, FileError> {
    let found = file.metadata()?;
    if found.uid() != super::directory::user() {
        return Err(FileError::Foreign(found.uid()));
    }
    let by_group = found.mode() & 0o020 != 0 && found.gid() != rustix::process::getegid().as_raw();
    if by_group || found.mode() & 0o002 != 0 {
        return Err(FileError::Writable);
    }
    Ok(file)
}

/// Reads a file of at most `most` bytes.
pub fn read_whole(file: File, most: u64) -> Result<Vec<u8>, FileError> {
    let mut content = Vec::new();
    file.take(most.saturating_add(1))
        .read_to_end(&mut content)?;
    if content.len() as u64 > most {
        return Err(FileError::TooLong(most));
    }
    Ok(content)
}

pub(super) fn regular(file: OwnedFd) -> Result<File, FileError> {
    let file = File::from(file);
    let kind = file.metadata()?.file_type();
    if kind.is_file() {
        return Ok(file);
    }
    Err(FileError::NotRegular(name_of(kind)))
}

fn name_of(kind: std::fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn tree() -> tempfile::TempDir {
        let tree = tempfile::tempdir().unwrap();
        fs::create_dir_all(tree.path().join("in/deep")).unwrap();
        fs::write(tree.path().join("secret"), "secret").unwrap();
        fs::write(tree.path().join("in/deep/text"), "text").unwrap();
        let link = |name: &str, target: &str| symlink(target, tree.path().join(name)).unwrap();
        link("in/out", "../secret");
        link("in/within", "deep/text");
        link("in/up", "..");
        link("in/zero", "/dev/zero");
        link("in/loop", "loop");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            tree.path().join("in/pipe"),
            rustix::fs::FileType::Fifo,
            Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        tree
    }

    #[test]
    fn a_link_is_followed_within_the_directory_and_not_out_of_it() {
        let tree = tree();
        let root = tree.path().join("in");
        let read = |below: &str| {
            open_within(&root, Path::new(below))
                .and_then(|file| read_whole(file, 100))
                .map(|text| String::from_utf8(text).unwrap())
        };
        for below in ["deep/text", "within", "up/in/deep/text", "deep/../within"] {
            assert_eq!(read(below).unwrap(), "text", "{below}");
        }
        for below in ["out", "up/secret", "../secret", "zero", "/dev/zero"] {
            assert!(
                matches!(read(below), Err(FileError::LeadsOut(_))),
                "{below}"
            );
        }
        for below in ["within", "out", "zero", "pipe", "deep", "gone"] {
            assert!(open_itself(&root.join(below)).is_err(), "{below}");
        }
        assert!(open_itself(&root.join("deep/text")).is_ok());
        for below in ["pipe", "deep", "", "loop", "gone"] {
            assert!(read(below).is_err(), "{below}");
        }
    }

    #[test]
    fn beneath_a_directory_no_link_is_followed() {
        let tree = tree();
        let root = tree.path().join("in");
        assert!(open_beneath(&root, Path::new("deep/text")).is_ok());
        for below in [
            "within",
            "out",
            "up/in/deep/text",
            "../secret",
            "/dev/null",
            "",
        ] {
            assert!(open_beneath(&root, Path::new(below)).is_err(), "{below}");
        }
    }

    #[test]
    fn a_file_of_ones_own_is_no_link_and_nobody_else_can_write_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let tree = tree();
        let own = tree.path().join("in/own");
        make_own(&own).unwrap();
        assert_eq!(own.metadata().unwrap().mode() & 0o777, 0o600);
        assert!(open_own(&own).is_ok());
        for below in ["in/within", "in/out", "in/pipe", "in/loop", "in"] {
            let path = tree.path().join(below);
            assert!(open_own(&path).is_err(), "{below}");
            assert!(make_own(&path).is_err(), "{below}");
        }
        fs::set_permissions(&own, fs::Permissions::from_mode(0o602)).unwrap();
        assert!(matches!(open_own(&own), Err(FileError::Writable)));
    }

    #[test]
    fn what_has_no_end_is_not_opened_and_what_is_too_long_is_not_read() {
        let tree = tree();
        assert!(matches!(
            open(&tree.path().join("in/pipe")),
            Err(FileError::NotRegular("a pipe"))
        ));
        assert!(open(Path::new("/dev/zero")).is_err());
        let file = || open(&tree.path().join("in/within")).unwrap();
        assert_eq!(read_whole(file(), 4).unwrap(), b"text");
        assert!(matches!(read_whole(file(), 3), Err(FileError::TooLong(3))));
    }
}
