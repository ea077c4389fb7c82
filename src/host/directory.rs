//! Directories that are cobuild's own: what it caches, what it remembers, what running builds need.
//!
//! They are believed only when nobody else can have put anything there: each belongs to this user, is no
//! link, and nobody else may write into it; and whatever lies above them is root's or this user's, and
//! where others may write they cannot rename what is not theirs, as in `/tmp`.

mod removal;

use std::ffi::OsString;
use std::fs::{self, DirBuilder, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

pub use removal::remove;

/// Who may write besides the owner.
const OTHERS_WRITE: u32 = 0o002;
const GROUP_WRITES: u32 = 0o020;

/// Nobody renames or removes what is another's.
const STICKY: u32 = 0o1000;

/// How many links are followed on the way to one directory, as by the system.
const MOST_LINKS: usize = 40;

/// Why a directory is not taken for cobuild's own.
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
    /// Somebody else can put there whatever he wants.
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

    /// Whether somebody else may have a hand in it, rather than that the system does not let us.
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

/// Makes a directory that is this user's own, and those above it that are not there.
///
/// Links may stand above it where nobody else can have made them; the directory itself is none.
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

/// Checks that nobody else can put another directory in the place of this one, which is there.
///
/// An engine goes down the path once more, with more rights than this user has.
pub fn is_settled(path: &Path) -> Result<(), DirectoryError> {
    let me = Me::now();
    if let Some(above) = path.parent() {
        me.pass(above, Missing::Told)?;
    }
    me.check_owner(path, &metadata(path)?)
}

/// Checks a directory that is to be this user's own; whether it is there.
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

/// The user on whose behalf this process acts.
pub fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Whether a directory can be the home of this process's user: nobody else owns it but root.
pub fn is_home(path: &Path) -> bool {
    let me = Me::now();
    path.is_absolute() && fs::metadata(path).map_or(true, |found| me.trusts(found.uid()))
}

/// What is done about a directory on the way that is not there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Made,
    Told,
}

fn make(path: &Path) -> Result<(), DirectoryError> {
    match DirBuilder::new().mode(0o700).create(path) {
        // Somebody was quicker, and is looked at like everybody.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map_err(DirectoryError::io(path)),
    }
}

/// Who this process is.
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

    /// Goes down to a directory; whether it is there. Each one on the way, and each link, was made by
    /// somebody who may.
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

    /// Checks a directory on the way.
    fn check_way(&self, path: &Path, found: &Metadata) -> Result<(), DirectoryError> {
        self.check_owner(path, found)?;
        let mode = found.mode();
        let is_open = mode & OTHERS_WRITE != 0
            // The group that a user has to himself, as many systems make it.
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
            // Made with the user's own mask, by nobody else.
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

/// Whether the kernel shows this user in the place of one that this namespace has no number for: the
/// machine's own root, to a container without his rights. Nobody in here can be that user.
fn is_outside(owner: u32) -> bool {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let shown = read("/proc/sys/kernel/overflowuid");
    shown.trim().parse() == Ok(owner) && !is_mapped(&read("/proc/self/uid_map"), owner)
}

/// Whether a map of users, as `user_namespaces(7)` has it, has a number; one that cannot be read has all.
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
