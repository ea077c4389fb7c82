//! Directories on the host for a running build.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::engine::CopyOnWrite;
use crate::host::{directory, file};
use crate::runner::sources::whiteouts;
use crate::source::excludes::LeftOut;

/// The extension of the file beside a directory that names the container that still uses it.
const KEPT: &str = "kept";

/// The extension of the lock file beside a directory.
const LOCK: &str = "lock";

/// The longest note, in bytes.
const LONGEST_NOTE: u64 = 16 * 1024;

/// A build's own directory below the scratch root, in use while it is locked.
///
/// The lock ends with the process, so an unlocked directory was left by a killed run, and the next
/// sweep removes it.
#[derive(Debug)]
pub struct Scratch {
    directory: PathBuf,
    lock_path: PathBuf,
    _lock: File,
}

impl Scratch {
    /// Creates the directory of the build `name`.
    pub fn create(root: &Path, name: &str) -> io::Result<Self> {
        // Other users must not see the files of a build.
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

    /// Records an image for emptying the directory when this user may not do it.
    pub(in crate::runner) fn note_image(&self, image: &str) -> io::Result<()> {
        fs::write(&self.lock_path, image)
    }

    /// The recorded image.
    pub(in crate::runner) fn image(&self) -> Option<String> {
        read(&self.lock_path).filter(|image| !image.is_empty())
    }

    /// Creates the directories of an overlay over `lower`, which hides the excluded paths.
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
        };
        fs::create_dir_all(&overlay.upper)?;
        fs::create_dir(&overlay.work)?;
        // A symlink stands for the tree, whose own path may contain characters that mount options
        // cannot.
        std::os::unix::fs::symlink(lower, &link)?;
        if !left_out.is_empty() {
            let layer = base.join("left-out");
            fs::create_dir(&layer)?;
            whiteouts::write(&layer, lower, left_out)?;
            overlay.lower.insert(0, layer);
        }
        // It becomes the root of the tree.
        whiteouts::imitate(&overlay.upper, lower)?;
        Ok(overlay)
    }

    fn base(&self, index: usize) -> PathBuf {
        self.directory.join(index.to_string())
    }

    /// Where the changes of a copy-on-write view are.
    pub fn upper(&self, index: usize) -> PathBuf {
        self.base(index).join("upper")
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Keeps the directory for a container, which is named in a file beside it; sweeps ignore it
    /// from then on.
    pub fn keep(self, container: &str) -> io::Result<()> {
        let image = self.image().unwrap_or_default();
        fs::write(
            self.directory.with_extension(KEPT),
            format!("{container}\n{image}"),
        )?;
        fs::remove_file(&self.lock_path)
    }

    /// Removes everything. Fails when the build left files that this user may not remove.
    pub fn remove(&self) -> io::Result<()> {
        directory::remove(&self.directory)?;
        // A sweep may have removed it already.
        match fs::remove_file(&self.lock_path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// Takes over the directories that killed runs left below `root`; each is locked against other
/// sweeps.
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

/// Lists the directories in use below `root`.
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

/// Lists the files in `root` with this extension; none when another user may have made them.
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

/// A directory that is kept for a container.
#[derive(Debug)]
pub struct KeptScratch {
    pub directory: PathBuf,
    pub container: String,
    image: String,
}

impl KeptScratch {
    /// Takes the directory back after the container was removed; `None` when another process does.
    pub fn take_over(&self) -> io::Result<Option<Scratch>> {
        let lock_path = self.directory.with_extension(LOCK);
        // The note of another process that takes it back stays.
        let lock = file::make_own(&lock_path)?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Ok(None);
        }
        match fs::remove_file(self.directory.with_extension(KEPT)) {
            Ok(()) => {}
            // Another process was quicker, and has removed the directory.
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

/// Lists the kept directories below `root`.
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

/// Reads a file of cobuild.
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
