//! Removes a directory tree of any depth and with any permissions.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat};
use rustix::fs::{chmodat, fstat, openat, renameat, statat, unlinkat};
use rustix::io::Errno;

/// How many names of a directory are read at once.
const MANY: usize = 4096;

/// How many nested directories are open at once.
const DEEPEST: usize = 32;

const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Removes a directory tree. A missing one is no error.
///
/// Symlinks are not followed, and other file systems are not entered. Deep directories are moved up
/// first: a build can nest directories deeper than paths and open files allow.
pub fn remove(directory: &Path) -> io::Result<()> {
    let name = path_name(directory)?;
    let top = match open(CWD, &name) {
        Err(Errno::NOENT) => return Ok(()),
        opened => opened?,
    };
    let mut emptying = Emptying {
        found: fstat(&top)?,
        top,
        moved: 0,
    };
    let whole = emptying.top.try_clone()?;
    emptying.empty(whole.as_fd(), 0)?;
    match unlinkat(CWD, &*name, AtFlags::REMOVEDIR) {
        Err(Errno::NOENT) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn path_name(path: &Path) -> io::Result<CString> {
    use std::os::unix::ffi::OsStrExt as _;
    CString::new(path.as_os_str().as_bytes())
        .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))
}

struct Emptying {
    top: OwnedFd,
    found: Stat,
    moved: u64,
}

impl Emptying {
    /// Empties a directory at this depth below the topmost.
    fn empty(&mut self, directory: BorrowedFd<'_>, depth: usize) -> io::Result<()> {
        loop {
            let names = names(directory)?;
            if names.is_empty() {
                return Ok(());
            }
            for name in names {
                if gone(directory, &name)? {
                    continue;
                }
                if depth == DEEPEST {
                    self.bring_up(directory, &name)?;
                    continue;
                }
                let below = match open(directory, &name) {
                    Err(Errno::NOENT) => continue,
                    opened => opened?,
                };
                if fstat(&below)?.st_dev != self.found.st_dev {
                    let other = "another file system is mounted inside it";
                    return Err(io::Error::new(io::ErrorKind::ResourceBusy, other));
                }
                self.empty(below.as_fd(), depth + 1)?;
                gone(directory, &name)?;
            }
        }
    }

    /// Moves a deep directory up to the topmost one.
    fn bring_up(&mut self, from: BorrowedFd<'_>, name: &CStr) -> io::Result<()> {
        match make_accessible(from, name) {
            Err(Errno::NOENT) => return Ok(()),
            made => made?,
        }
        loop {
            self.moved += 1;
            let free = CString::new(format!(".moved-{}", self.moved))?;
            match renameat(from, name, &self.top, &*free) {
                Ok(()) | Err(Errno::NOENT) => return Ok(()),
                // The name is taken.
                Err(Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Removes a file or an empty directory; returns `false` for a directory with content.
fn gone(directory: BorrowedFd<'_>, name: &CStr) -> io::Result<bool> {
    let is_directory = match unlinkat(directory, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(true),
        Err(Errno::ISDIR) => true,
        Err(Errno::PERM | Errno::ACCESS) => is_directory(directory, name)?,
        Err(error) => return Err(error.into()),
    };
    if !is_directory {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    match unlinkat(directory, name, AtFlags::REMOVEDIR) {
        Ok(()) | Err(Errno::NOENT) => Ok(true),
        Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether a name is a directory; a missing entry counts as one.
fn is_directory(directory: BorrowedFd<'_>, name: &CStr) -> io::Result<bool> {
    let found = match statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => return Ok(true),
        found => found?,
    };
    Ok(FileType::from_raw_mode(found.st_mode) == FileType::Directory)
}

/// Opens a directory, even one without permissions for its owner.
fn open(directory: impl AsFd, name: &CStr) -> rustix::io::Result<OwnedFd> {
    match openat(&directory, name, DIRECTORY, Mode::empty()) {
        Err(Errno::ACCESS) => {
            make_accessible(directory.as_fd(), name)?;
            openat(&directory, name, DIRECTORY, Mode::empty())
        }
        opened => opened,
    }
}

/// Gives the owner permissions for a directory. No other user can replace it with a symlink
/// meanwhile: it lies in a directory of this user.
fn make_accessible(directory: BorrowedFd<'_>, name: &CStr) -> rustix::io::Result<()> {
    let found = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
    let mode = Mode::from_raw_mode(found.st_mode);
    let is_directory = FileType::from_raw_mode(found.st_mode) == FileType::Directory;
    if !is_directory || mode.contains(Mode::RWXU) || found.st_uid != super::user() {
        return Ok(());
    }
    chmodat(directory, name, mode | Mode::RWXU, AtFlags::empty())
}

/// Returns the first names of a directory; none when it was removed meanwhile.
fn names(directory: BorrowedFd<'_>) -> io::Result<Vec<CString>> {
    match read_names(directory) {
        Err(Errno::NOENT) => Ok(Vec::new()),
        read => Ok(read?),
    }
}

fn read_names(directory: BorrowedFd<'_>) -> rustix::io::Result<Vec<CString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if name != c"." && name != c".." {
            names.push(name.to_owned());
        }
        if names.len() == MANY {
            break;
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn no_link_is_followed_and_nothing_else_is_left() {
        let place = tempfile::tempdir().unwrap();
        let (outside, tree) = (place.path().join("outside"), place.path().join("tree"));
        fs::create_dir_all(outside.join("deep")).unwrap();
        fs::write(outside.join("deep/mine"), "mine").unwrap();
        fs::create_dir_all(tree.join("a/b/c")).unwrap();
        fs::create_dir_all(tree.join(".moved-1/full/of")).unwrap();
        fs::write(tree.join(".moved-2"), "").unwrap();
        for index in 0..MANY + 10 {
            fs::write(tree.join(format!("a/{index}")), "").unwrap();
        }
        for link in ["link", "a/link", "a/b/link"] {
            symlink(&outside, tree.join(link)).unwrap();
        }
        fs::write(tree.join("a/b/c/file"), "").unwrap();
        for directory in ["a/b/c", "a/b", "a"] {
            fs::set_permissions(tree.join(directory), PermissionsExt::from_mode(0o0)).unwrap();
        }
        remove(&tree).unwrap();
        assert!(!tree.exists());
        assert_eq!(fs::read(outside.join("deep/mine")).unwrap(), b"mine");
        remove(&tree).unwrap();
        symlink(&outside, &tree).unwrap();
        assert!(remove(&tree).is_err());
        assert!(outside.join("deep/mine").exists());
    }

    #[test]
    fn what_somebody_else_removes_meanwhile_is_no_error() {
        let place = tempfile::tempdir().unwrap();
        let tree = place.path().join("tree");
        fs::create_dir(&tree).unwrap();
        let opened = fs::File::open(&tree).unwrap();
        fs::remove_dir(&tree).unwrap();
        assert!(names(opened.as_fd()).unwrap().is_empty());
        assert!(gone(opened.as_fd(), c"file").unwrap());
        assert!(is_directory(opened.as_fd(), c"file").unwrap());
    }

    #[test]
    fn a_tree_may_be_deeper_than_files_can_be_open() {
        let place = tempfile::tempdir().unwrap();
        let tree = place.path().join("tree");
        fs::create_dir(&tree).unwrap();
        let mut here = fs::File::open(&tree).map(OwnedFd::from).unwrap();
        for _ in 0..2000 {
            rustix::fs::mkdirat(&here, c"deeper", Mode::RWXU).unwrap();
            here = openat(&here, c"deeper", DIRECTORY, Mode::empty()).unwrap();
        }
        remove(&tree).unwrap();
        assert!(!tree.exists());
    }
}
