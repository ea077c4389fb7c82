//! Shares the object files of a repository and of the stores that it borrows from.
//!
//! Git follows links among objects, and each store names others to borrow from. Both are checked
//! here: only regular files of stores in allowed directories are shared.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::blocking::GoesOn;
use super::directory::{AllowedDirectories, is_real_directory};
use crate::host::file::{self, FileError};

/// How many repositories may borrow from each other in a row, as in git.
const MOST_BORROWING: usize = 5;

/// How many stores a repository may have, and a store may name.
const MOST_STORES: usize = 1_000;

/// The longest list of stores to borrow from.
const LONGEST_LIST: u64 = 1024 * 1024;

/// The files of a pack that can be shared; an index over several packs cannot.
const PACKED: &[&str] = &["pack", "idx", "rev", "bitmap"];

/// The stores of a repository, its own first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Stores {
    /// Full paths, without links.
    pub(super) directories: Vec<PathBuf>,
    /// What is borrowed and cannot be used.
    pub(super) missing: Vec<Missing>,
}

/// A store that a repository borrows from and may not use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) store: PathBuf,
    pub(super) target: PathBuf,
    /// Whether it is there, and out of bounds.
    pub(super) is_there: bool,
}

/// A store to borrow from, as `info/alternates` names it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Borrowed {
    /// A full path within the bounds.
    From(PathBuf),
    Not(Missing),
}

impl Stores {
    /// Finds the stores of a repository.
    pub(super) fn of(common: &Path, bounds: &AllowedDirectories) -> Self {
        let mut stores = Self::default();
        let own = common.join("objects");
        if !is_real_directory(&own) {
            return stores;
        }
        stores.directories.push(own.clone());
        let mut waiting = vec![(own, MOST_BORROWING)];
        while let Some((store, depth)) = waiting.pop() {
            for borrowed in borrowed(&store, bounds).unwrap_or_default() {
                match borrowed {
                    Borrowed::Not(missing) => {
                        if stores.missing.len() < MOST_STORES {
                            stores.missing.push(missing);
                        }
                    }
                    Borrowed::From(target) => {
                        let is_new = !stores.directories.contains(&target);
                        if depth > 0 && is_new && stores.directories.len() < MOST_STORES {
                            stores.directories.push(target.clone());
                            waiting.push((target, depth - 1));
                        }
                    }
                }
            }
        }
        stores
    }

    /// Creates a store with links to the same objects below `place` for each store, and returns the
    /// paths.
    pub(super) fn show(&self, place: &Path, goes_on: &GoesOn) -> io::Result<Vec<PathBuf>> {
        let mut shown = Vec::new();
        for (index, store) in self.directories.iter().enumerate() {
            let here = place.join(format!("store-{index}"));
            fs::create_dir_all(here.join("pack"))?;
            goes_on.check()?;
            for file in packs(store)? {
                symlink(
                    store.join("pack").join(&file),
                    here.join("pack").join(&file),
                )?;
            }
            for directory in loose(store)? {
                symlink(store.join(&directory), here.join(&directory))?;
            }
            shown.push(here);
        }
        Ok(shown)
    }

    /// Adds the objects to the store `into`, as hard links where possible, else as copies.
    pub(super) fn link(&self, into: &Path, goes_on: &GoesOn) -> io::Result<()> {
        let mut room =
            rustix::fs::statvfs(into).map(|it| it.f_bavail.saturating_mul(it.f_frsize))?;
        let mut hand_on = |from: &Path, to: &Path| {
            goes_on.check()?;
            match fs::hard_link(from, to) {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
                // Another file system, or a file that somebody else owns.
                Err(_) => {}
            }
            let file = file::open(from)?;
            // A file with holes is longer than what it takes where it is.
            let size = file.metadata()?.len();
            room = room
                .checked_sub(size)
                .ok_or_else(|| io::Error::from(io::ErrorKind::StorageFull))?;
            io::copy(
                &mut io::Read::take(file, size),
                &mut fs::File::create_new(to)?,
            )
            .map(|_| ())
        };
        fs::create_dir_all(into.join("pack"))?;
        for store in &self.directories {
            for file in packs(store)? {
                let below = Path::new("pack").join(file);
                hand_on(&store.join(&below), &into.join(&below))?;
            }
            for directory in loose(store)? {
                let here = into.join(&directory);
                fs::create_dir_all(&here)?;
                for entry in fs::read_dir(store.join(&directory))? {
                    let entry = entry?;
                    hand_on(&entry.path(), &here.join(entry.file_name()))?;
                }
            }
        }
        Ok(())
    }
}

/// Returns what a store borrows from, each once; `None` when it borrows nothing.
pub(super) fn borrowed(store: &Path, bounds: &AllowedDirectories) -> Option<Vec<Borrowed>> {
    let list = file::open_beneath(store, Path::new("info/alternates"))
        .and_then(|file| file::read_whole(file, LONGEST_LIST));
    let list = match list {
        Ok(list) => list,
        Err(error) if error.is_not_found() => return None,
        Err(error) => {
            let missing = unreadable(store, &error);
            return Some(vec![Borrowed::Not(missing)]);
        }
    };
    let list = String::from_utf8_lossy(&list);
    let lines: BTreeSet<&str> = list
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    Some(
        lines
            .into_iter()
            .take(MOST_STORES)
            .map(|line| {
                let target = store.join(line);
                let there = target.canonicalize().ok().filter(|there| there.is_dir());
                match there {
                    Some(there) if bounds.hold(&there) => Borrowed::From(there),
                    there => Borrowed::Not(Missing {
                        store: store.to_path_buf(),
                        target,
                        is_there: there.is_some(),
                    }),
                }
            })
            .collect(),
    )
}

fn unreadable(store: &Path, error: &FileError) -> Missing {
    tracing::debug!(%error, store = %store.display(), "it cannot be told what is borrowed");
    Missing {
        store: store.to_path_buf(),
        target: store.join("info/alternates"),
        is_there: false,
    }
}

/// The names of a store's packs and of what belongs to them.
fn packs(store: &Path) -> io::Result<Vec<PathBuf>> {
    let directory = store.join("pack");
    if !is_real_directory(&directory) {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = PathBuf::from(entry.file_name());
        let is_packed = name
            .extension()
            .and_then(|kind| kind.to_str())
            .is_some_and(|kind| PACKED.contains(&kind));
        if is_packed && entry.file_type()?.is_file() {
            names.push(name);
        }
    }
    Ok(names)
}

/// The names of a store's directories of single objects; one that holds anything but files is none.
fn loose(store: &Path) -> io::Result<Vec<PathBuf>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(store)? {
        let entry = entry?;
        let name = PathBuf::from(entry.file_name());
        let is_loose = name
            .to_str()
            .is_some_and(|name| name.len() == 2 && name.bytes().all(|it| it.is_ascii_hexdigit()));
        if !is_loose || !entry.file_type()?.is_dir() {
            continue;
        }
        let mut all = fs::read_dir(entry.path())?;
        if all.all(|it| {
            it.and_then(|it| it.file_type())
                .is_ok_and(|kind| kind.is_file())
        }) {
            names.push(name);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::git::blocking::off_thread;

    fn write(path: PathBuf, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[tokio::test]
    async fn no_object_comes_from_elsewhere() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().canonicalize().unwrap();
        let (tree, secret) = (root.join("tree"), root.join("secret"));
        let store = tree.join("objects");
        write(secret.join("objects/ab/secret"), "secret");
        write(secret.join("objects/pack/secret.pack"), "secret");
        write(store.join("cd/plain"), "plain");
        write(store.join("ef/plain"), "plain");
        write(store.join("pack/a.pack"), "pack");
        write(store.join("pack/multi-pack-index"), "index");
        let link =
            |target: &str, name: &str| symlink(secret.join(target), store.join(name)).unwrap();
        link("objects/ab", "ab");
        link("objects/ab/secret", "ef/secret");
        link("objects/pack/secret.pack", "pack/b.pack");
        let alternates = "../../secret/objects\n/nowhere\n# a comment\n../objects\n";
        write(store.join("info/alternates"), alternates);

        let bounds = AllowedDirectories::of_directory(&tree, &[]);
        let stores = Stores::of(&tree, &bounds);
        assert_eq!(stores.directories, std::slice::from_ref(&store));
        let missing: Vec<bool> = stores.missing.iter().map(|it| it.is_there).collect();
        assert_eq!(missing, [true, false]);
        let (again, place) = (stores.clone(), root.join("shown"));
        let shown = off_thread(move |goes_on| again.show(&place, goes_on)).await;
        let shown = shown.unwrap();
        let linked = root.join("linked");
        fs::create_dir(&linked).unwrap();
        let (again, into) = (stores.clone(), linked.clone());
        let done = off_thread(move |goes_on| again.link(&into, goes_on)).await;
        done.unwrap();
        for here in [&shown[0], &linked] {
            assert_eq!(fs::read(here.join("cd/plain")).unwrap(), b"plain");
            assert_eq!(fs::read_dir(here.join("pack")).unwrap().count(), 1);
            let count = fs::read_dir(here).unwrap().count();
            assert_eq!(count, 2, "nothing but `cd` and `pack`");
        }

        let bounds = AllowedDirectories::of_directory(&tree, std::slice::from_ref(&secret));
        let stores = Stores::of(&tree, &bounds);
        assert_eq!(stores.directories, [store, secret.join("objects")]);
    }
}
