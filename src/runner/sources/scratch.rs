//! Directories on the host that a build needs while it runs.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::engine::CopyOnWrite;
use crate::host::{directory, file};
use crate::runner::sources::whiteouts;
use crate::source::excludes::LeftOut;

/// The extension of the file beside a directory that says which container still uses it.
const KEPT: &str = "kept";

/// The extension of the file beside a directory whose lock says that somebody uses it.
const LOCK: &str = "lock";

/// How much a note can say: a container and an image.
const LONGEST_NOTE: u64 = 16 * 1024;

/// A build's own directory below the scratch root; whoever holds its lock is using it.
///
/// The lock goes with the process, so a directory whose lock is free was left by a killed run and
/// may go with the next sweep.
#[derive(Debug)]
pub struct Scratch {
    directory: PathBuf,
    lock_path: PathBuf,
    _lock: File,
}

impl Scratch {
    /// Makes the directory of the build `name`.
    pub fn create(root: &Path, name: &str) -> io::Result<Self> {
        // What a build makes may be nobody else's to see.
        directory::make_own(root)?;
        let directory = root.join(name);
        let lock_path = root.join(format!("{name}.{LOCK}"));
        let lock = loop {
            let lock = file::make_own(&lock_path)?;
            flock(&lock, FlockOperation::LockExclusive)?;
            // A sweep may have removed the file between its making and its locking.
            if is_same_file(&lock, &lock_path) {
                break lock;
            }
        };
        fs::create_dir(&directory)?;
        Ok(Self {
            directory,
            lock_path,
            _lock: lock,
        })
    }

    /// Notes an image with which the directory can be emptied when this user may not do it.
    pub(in crate::runner) fn note_image(&self, image: &str) -> io::Result<()> {
        fs::write(&self.lock_path, image)
    }

    /// The image that was noted.
    pub(in crate::runner) fn image(&self) -> Option<String> {
        read(&self.lock_path).filter(|image| !image.is_empty())
    }

    /// Makes the directories that a copy-on-write view of `lower` needs, without what is left out.
    pub fn copy_on_write(
        &self,
        lower: &Path,
        left_out: &LeftOut,
        index: usize,
    ) -> io::Result<CopyOnWrite> {
        let base = self.base(index);
        if base.to_str().is_none() {
            return Err(io::Error::other(format!(
                "the path `{}` is not valid UTF-8",
                base.display()
            )));
        }
        let link = base.join("lower");
        let mut overlay = CopyOnWrite {
            lower: vec![link.clone()],
            upper: self.upper(index),
            work: base.join("work"),
            without: unwanted_features(),
        };
        fs::create_dir_all(&overlay.upper)?;
        fs::create_dir(&overlay.work)?;
        // The upper directory's mode becomes that of the tree's root.
        fs::set_permissions(&overlay.upper, fs::metadata(lower)?.permissions())?;
        // A symlink stands for the tree, whose own path may hold what mount options cannot.
        std::os::unix::fs::symlink(lower, &link)?;
        if !left_out.is_empty() {
            let layer = base.join("left-out");
            fs::create_dir(&layer)?;
            whiteouts::write(&layer, lower, left_out)?;
            overlay.lower.insert(0, layer);
        }
        Ok(overlay)
    }

    fn base(&self, index: usize) -> PathBuf {
        self.directory.join(index.to_string())
    }

    /// Where the changes of a copy-on-write view are.
    pub fn upper(&self, index: usize) -> PathBuf {
        self.base(index).join("upper")
    }

    /// The directory, for a helper that may remove more than this user can.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Leaves the directory to a container that lives on, named in its keeping file; a sweep does not
    /// see it any more.
    pub fn keep(self, container: &str) -> io::Result<()> {
        let image = self.image().unwrap_or_default();
        fs::write(
            self.directory.with_extension(KEPT),
            format!("{container}\n{image}"),
        )?;
        fs::remove_file(&self.lock_path)
    }

    /// Removes everything. Fails when the build left what this user may not remove.
    pub fn remove(&self) -> io::Result<()> {
        directory::remove(&self.directory)?;
        // Whoever finds it without a directory and free may have been quicker.
        match fs::remove_file(&self.lock_path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// The features of overlays that keep changes elsewhere than in plain sight, where the kernel has them
/// on by default.
fn unwanted_features() -> Vec<&'static str> {
    let is_on = |feature: &str| {
        fs::read_to_string(format!("/sys/module/overlay/parameters/{feature}"))
            .is_ok_and(|value| value.trim() == "Y")
    };
    // The second needs the first.
    ["metacopy", "redirect_dir"]
        .into_iter()
        .filter(|feature| is_on(feature))
        .collect()
}

/// Takes over what killed runs left below `root`; holding each lock keeps other sweeps away.
pub fn abandoned(root: &Path) -> Vec<Scratch> {
    files(root, LOCK)
        .into_iter()
        .filter_map(|lock_path| {
            let lock = file::open_own(&lock_path).ok()?;
            flock(&lock, FlockOperation::NonBlockingLockExclusive).ok()?;
            is_same_file(&lock, &lock_path).then(|| Scratch {
                directory: lock_path.with_extension(""),
                lock_path,
                _lock: lock,
            })
        })
        .collect()
}

/// Lists the directories below `root` that somebody uses.
pub fn occupied(root: &Path) -> Vec<PathBuf> {
    files(root, LOCK)
        .into_iter()
        .filter(|lock_path| {
            let lock = file::open_own(lock_path);
            lock.is_ok_and(|lock| {
                flock(&lock, FlockOperation::NonBlockingLockExclusive)
                    == Err(rustix::io::Errno::WOULDBLOCK)
            })
        })
        .map(|lock_path| lock_path.with_extension(""))
        .collect()
}

/// The files in `root` whose names end so; none where somebody else may have made them.
fn files(root: &Path, extension: &str) -> Vec<PathBuf> {
    let is_own = directory::is_own(root).unwrap_or(false);
    let Some(entries) = is_own.then(|| fs::read_dir(root).ok()).flatten() else {
        return Vec::new();
    };
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|kind| kind == extension))
        .collect()
}

/// A directory that was left to a container.
#[derive(Debug)]
pub struct KeptScratch {
    pub directory: PathBuf,
    pub container: String,
    image: String,
}

impl KeptScratch {
    /// Takes the directory back, once the container is gone; `None` when somebody else does.
    pub fn take_over(&self) -> io::Result<Option<Scratch>> {
        let lock_path = self.directory.with_extension(LOCK);
        // What another one that takes it back has noted there stays.
        let lock = file::make_own(&lock_path)?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Ok(None);
        }
        match fs::remove_file(self.directory.with_extension(KEPT)) {
            Ok(()) => {}
            // Somebody else was quicker, and has removed what the lock was for.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::remove_file(&lock_path)?;
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
        let scratch = Scratch {
            directory: self.directory.clone(),
            lock_path,
            _lock: lock,
        };
        scratch.note_image(&self.image)?;
        Ok(Some(scratch))
    }
}

/// Lists the directories below `root` that were left to containers.
pub fn kept(root: &Path) -> Vec<KeptScratch> {
    files(root, KEPT)
        .into_iter()
        .filter_map(|path| {
            let text = read(&path)?;
            let mut lines = text.lines();
            Some(KeptScratch {
                container: lines.next()?.to_owned(),
                image: lines.next().unwrap_or_default().to_owned(),
                directory: path.with_extension(""),
            })
        })
        .collect()
}

/// What a file of cobuild's own says.
fn read(path: &Path) -> Option<String> {
    let text = file::read_whole(file::open_own(path).ok()?, LONGEST_NOTE).ok()?;
    String::from_utf8(text).ok()
}

fn is_same_file(open: &File, path: &Path) -> bool {
    match (open.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(named)) => open.ino() == named.ino() && open.dev() == named.dev(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_locked_is_abandoned_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let living = Scratch::create(root.path(), "living").unwrap();
        let dead = Scratch::create(root.path(), "dead").unwrap();
        let tree = tempfile::tempdir().unwrap();
        dead.copy_on_write(tree.path(), &LeftOut::default(), 0)
            .unwrap();
        let dead_directory = dead.directory().to_owned();
        drop(dead);
        // A child that another test is just starting holds every lock until it has started.
        let abandoned = std::iter::repeat_with(|| abandoned(root.path()))
            .take(100)
            .inspect(|_| std::thread::yield_now())
            .find(|abandoned| !abandoned.is_empty())
            .unwrap();
        assert_eq!(abandoned.len(), 1);
        abandoned[0].remove().unwrap();
        assert!(!dead_directory.exists());
        assert!(living.directory().exists());
        assert!(tree.path().exists(), "the tree itself stays");
        living.remove().unwrap();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_kept_directory_is_taken_back_once() {
        let root = tempfile::tempdir().unwrap();
        let scratch = Scratch::create(root.path(), "kept").unwrap();
        scratch.note_image("image:1").unwrap();
        scratch.keep("0123").unwrap();
        assert!(abandoned(root.path()).is_empty());
        let [one, other] = [(); 2].map(|()| kept(root.path()).remove(0));
        assert_eq!(one.container, "0123");
        let scratch = one.take_over().unwrap().unwrap();
        assert_eq!(scratch.image().as_deref(), Some("image:1"));
        assert!(other.take_over().unwrap().is_none(), "somebody has it");
        assert_eq!(scratch.image().as_deref(), Some("image:1"));
        assert_eq!(occupied(root.path()), [scratch.directory()]);
        scratch.remove().unwrap();
        drop(scratch);
        assert!(other.take_over().unwrap().is_none(), "it is gone");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
