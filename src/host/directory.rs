//! Directories of cobuild: caches, state, and the files of running builds.
//!
//! They are trusted only when no other user can have put anything there: each belongs to this user,
//! is not a symlink, and is not writable by others. Each parent directory belongs to root or to
//! this user; where others may write, it is sticky as `/tmp`.

mod removal;
mod user;

use std::ffi::OsString;
use std::fs::{self, DirBuilder, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

pub use removal::remove;
pub use user::user;

/// Write permission of others.
const OTHERS_WRITE: u32 = 0o002;
const GROUP_WRITES: u32 = 0o020;

/// The sticky bit: only owners rename or remove their files.
const STICKY: u32 = 0o1000;

/// How many symlinks are followed on the way to a directory, as in the kernel.
const MOST_LINKS: usize = 40;

/// Why a directory is not trusted.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    #[error("cannot use the directory `{}`", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("`{}` must be a directory, but it is a symbolic link", .0.display())]
    Link(PathBuf),
    #[error("`{}` is not a directory", .0.display())]
    NotADirectory(PathBuf),
    #[error("`{}` belongs to user {owner}, not to user {user} who runs cobuild", path.display())]
    Foreign {
        /// The directory, or a link on the way to it.
        path: PathBuf,
        owner: u32,
        user: u32,
    },
    #[error(
        "other users than its owner, user {owner}, can write to `{}` (mode {:04o})",
        path.display(),
        mode & 0o7777
    )]
    Writable {
        path: PathBuf,
        owner: u32,
        mode: u32,
    },
}

impl DirectoryError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }

    /// Whether another user may control the directory, rather than that an operation failed.
    pub fn is_unsafe(&self) -> bool {
        !matches!(self, Self::Io { .. } | Self::NotADirectory(_))
    }
}

impl From<DirectoryError> for io::Error {
    fn from(error: DirectoryError) -> Self {
        match error {
            DirectoryError::Io { source, .. } => source,
            other => Self::new(io::ErrorKind::PermissionDenied, other),
        }
    }
}

/// Creates a directory of this user, with missing parents.
///
/// Parents may be symlinks that no other user can have made; the directory itself must not be one.
pub fn make_own(path: &Path) -> Result<(), DirectoryError> {
    let me = Me::now();
    let path = std::path::absolute(path).map_err(DirectoryError::io(path))?;
    if let Some(above) = path.parent() {
        me.pass(above, Missing::Made)?;
    }
    let found = loop {
        match fs::symlink_metadata(&path) {
            Ok(found) => break found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(&path)?,
            Err(error) => return Err(DirectoryError::io(&path)(error)),
        }
    };
    me.check_own(&path, &found)
}

/// Checks that no other user can replace this existing directory.
///
/// An engine follows the path again, with more privileges than this user.
pub fn is_settled(path: &Path) -> Result<(), DirectoryError> {
    let me = Me::now();
    if let Some(above) = path.parent() {
        me.pass(above, Missing::Told)?;
    }
    me.check_owner(path, &metadata(path)?)
}

/// Checks a directory of this user; returns whether it exists.
pub fn is_own(path: &Path) -> Result<bool, DirectoryError> {
    let me = Me::now();
    let path = std::path::absolute(path).map_err(DirectoryError::io(path))?;
    if let Some(above) = path.parent()
        && !me.pass(above, Missing::Told)?
    {
        return Ok(false);
    }
    match fs::symlink_metadata(&path) {
        Ok(found) => me.check_own(&path, &found).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(DirectoryError::io(&path)(error)),
    }
}

/// Whether a directory can be the home of this user: this user or root owns it.
pub fn is_home(path: &Path) -> bool {
    let me = Me::now();
    path.is_absolute() && fs::metadata(path).map_or(true, |found| me.trusts(found.uid()))
}

/// What to do about a missing directory on the way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Made,
    Told,
}

fn make(path: &Path) -> Result<(), DirectoryError> {
    match DirBuilder::new().mode(0o700).create(path) {
        // Another process was quicker; its directory is checked like any other.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map_err(DirectoryError::io(path)),
    }
}

/// The identity of this process.
struct Me {
    user: u32,
    group: u32,
}

impl Me {
    fn now() -> Self {
        Self {
            user: user(),
            group: rustix::process::getegid().as_raw(),
        }
    }

    /// Walks down to a directory and returns whether it exists. Checks the owner of each directory
    /// and symlink on the way.
    fn pass(&self, path: &Path, missing: Missing) -> Result<bool, DirectoryError> {
        let mut left: Vec<OsString> = super::parts(path);
        let mut here = PathBuf::from("/");
        let mut links = 0;
        self.check_way(&here, &metadata(&here)?)?;
        while let Some(name) = left.pop() {
            if name == ".." {
                here.pop();
                continue;
            }
            let next = here.join(&name);
            let found = match fs::symlink_metadata(&next) {
                Ok(found) => found,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    if missing == Missing::Told {
                        return Ok(false);
                    }
                    make(&next)?;
                    metadata(&next)?
                }
                Err(error) => return Err(DirectoryError::io(&next)(error)),
            };
            if found.is_symlink() {
                links += 1;
                if links > MOST_LINKS {
                    return Err(DirectoryError::io(path)(rustix::io::Errno::LOOP.into()));
                }
                self.check_owner(&next, &found)?;
                let target = fs::read_link(&next).map_err(DirectoryError::io(&next))?;
                if target.is_absolute() {
                    here = PathBuf::from("/");
                }
                left.extend(super::parts(&target));
                continue;
            }
            if !found.is_dir() {
                return Err(DirectoryError::NotADirectory(next));
            }
            self.check_way(&next, &found)?;
            here = next;
        }
        Ok(true)
    }

    fn check_way(&self, path: &Path, found: &Metadata) -> Result<(), DirectoryError> {
        self.check_owner(path, found)?;
        let mode = found.mode();
        let is_open = mode & OTHERS_WRITE != 0
            // A private group of the user, as on many systems.
            || (mode & GROUP_WRITES != 0 && found.gid() != self.group && found.gid() != 0);
        if is_open && mode & STICKY == 0 {
            return Err(writable(path, found));
        }
        Ok(())
    }

    fn check_owner(&self, path: &Path, found: &Metadata) -> Result<(), DirectoryError> {
        if self.trusts(found.uid()) {
            return Ok(());
        }
        Err(self.foreign(path, found))
    }

    fn foreign(&self, path: &Path, found: &Metadata) -> DirectoryError {
        DirectoryError::Foreign {
            path: path.to_path_buf(),
            owner: found.uid(),
            user: self.user,
        }
    }

    fn trusts(&self, owner: u32) -> bool {
        owner == 0 || owner == self.user || is_outside(owner)
    }

    /// Checks a directory of cobuild's own.
    fn check_own(&self, path: &Path, found: &Metadata) -> Result<(), DirectoryError> {
        if found.is_symlink() {
            return Err(DirectoryError::Link(path.to_path_buf()));
        }
        if !found.is_dir() {
            return Err(DirectoryError::NotADirectory(path.to_path_buf()));
        }
        if found.uid() != self.user {
            return Err(self.foreign(path, found));
        }
        let mode = found.mode();
        if mode & OTHERS_WRITE != 0 || (mode & GROUP_WRITES != 0 && found.gid() != self.group) {
            return Err(writable(path, found));
        }
        if mode & GROUP_WRITES != 0 {
            // Created with the umask of the user.
            let closed = Permissions::from_mode(mode & 0o7777 & !GROUP_WRITES);
            fs::set_permissions(path, closed).map_err(DirectoryError::io(path))?;
        }
        Ok(())
    }
}

fn writable(path: &Path, found: &Metadata) -> DirectoryError {
    DirectoryError::Writable {
        path: path.to_path_buf(),
        owner: found.uid(),
        mode: found.mode(),
    }
}

fn metadata(path: &Path) -> Result<Metadata, DirectoryError> {
    fs::symlink_metadata(path).map_err(DirectoryError::io(path))
}

/// Whether this is the overflow user, which the kernel shows for users outside this namespace, such
/// as the real root in an unprivileged container. No process in here can be that user.
fn is_outside(owner: u32) -> bool {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let shown = read("/proc/sys/kernel/overflowuid");
    shown.trim().parse() == Ok(owner) && !is_mapped(&read("/proc/self/uid_map"), owner)
}

/// Whether a user map (see `user_namespaces(7)`) contains a user; an unreadable map contains all.
fn is_mapped(map: &str, user: u32) -> bool {
    let user = u64::from(user);
    let mut ranges = map.lines().filter_map(|line| {
        let mut numbers = line.split_whitespace().map(|word| word.parse::<u64>().ok());
        let (first, _, count) = (numbers.next()??, numbers.next()??, numbers.next()??);
        Some(first..first.saturating_add(count))
    });
    map.trim().is_empty() || ranges.any(|range| range.contains(&user))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn place() -> (tempfile::TempDir, PathBuf) {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().canonicalize().unwrap();
        (place, path)
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_directory_that_somebody_else_could_exchange_is_not_settled() {
        let place = tempfile::tempdir().unwrap();
        let tree = place.path().canonicalize().unwrap().join("open/tree");
        fs::create_dir_all(&tree).unwrap();
        assert!(is_settled(&tree).is_ok());
        let above = tree.parent().unwrap();
        fs::set_permissions(above, Permissions::from_mode(0o777)).unwrap();
        assert!(is_settled(&tree).is_err());
    }

    #[test]
    fn what_is_not_there_is_made_for_this_user_alone() {
        let (_place, root) = place();
        let own = root.join("a/b/cobuild");
        assert!(!is_own(&own).unwrap());
        assert!(!root.join("a").exists(), "nothing is made by a look");
        make_own(&own).unwrap();
        make_own(&own).unwrap();
        assert!(is_own(&own).unwrap());
        for made in [&own, &root.join("a")] {
            assert_eq!(fs::metadata(made).unwrap().mode() & 0o777, 0o700);
        }
    }

    #[test]
    fn a_link_may_stand_above_and_not_in_its_place() {
        let (_place, root) = place();
        fs::create_dir(root.join("real")).unwrap();
        symlink("real", root.join("link")).unwrap();
        make_own(&root.join("link/cobuild")).unwrap();
        assert!(root.join("real/cobuild").is_dir());
        symlink("real/cobuild", root.join("cobuild")).unwrap();
        for looked in [
            make_own(&root.join("cobuild")),
            is_own(&root.join("cobuild")).map(|_| ()),
        ] {
            assert!(matches!(looked, Err(DirectoryError::Link(_))), "{looked:?}");
        }
        fs::write(root.join("file"), "").unwrap();
        let made = make_own(&root.join("file"));
        assert!(matches!(made, Err(DirectoryError::NotADirectory(_))));
        symlink("round", root.join("round")).unwrap();
        assert!(make_own(&root.join("round/cobuild")).is_err());
    }

    #[test]
    fn where_others_can_write_nothing_is_believed() {
        let (_place, root) = place();
        let (above, own) = (root.join("above"), root.join("above/cobuild"));
        make_own(&own).unwrap();
        for (path, mode, is_fine) in [
            (&own, 0o777, false),
            (&own, 0o1777, false),
            (&own, 0o702, false),
            (&own, 0o755, true),
            (&above, 0o777, false),
            (&above, 0o1777, true),
            (&above, 0o755, true),
        ] {
            set_mode(path, mode);
            let made = make_own(&own);
            assert_eq!(made.is_ok(), is_fine, "{mode:o}: {made:?}");
            set_mode(path, 0o700);
        }
        // As a mask makes it that leaves the user's own group in.
        set_mode(&own, 0o775);
        make_own(&own).unwrap();
        assert_eq!(fs::metadata(&own).unwrap().mode() & 0o777, 0o755);
    }

    #[test]
    fn numbers_are_looked_up_in_the_map_of_users() {
        for (map, user, expected) in [
            ("         0          0 4294967295\n", 65534, true),
            ("0 1000 1\n1 100000 65536\n", 65534, true),
            ("0 1000 1\n", 65534, false),
            ("1000 1000 1\n", 1000, true),
            ("", 65534, true),
        ] {
            assert_eq!(is_mapped(map, user), expected, "{map}");
        }
    }
}
