//! What a build changed in a source tree, read from the upper layer of its copy-on-write view.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::excludes::LeftOut;
use crate::event::{Change, ChangeKind};

/// The attributes that mark a directory of which the lower layer shows nothing.
const OPAQUE: [&str; 2] = ["trusted.overlay.opaque", "user.overlay.opaque"];

/// Where links of the agent's lead that come with a cache.
const CACHE: &str = "/codebuild/local-cache/";

/// The layers of a view, and what cobuild itself does there.
#[derive(Debug, Clone)]
pub struct Layers {
    /// Where changes are.
    pub upper: PathBuf,
    /// The tree.
    pub lower: PathBuf,
    /// What of it stayed behind.
    pub left_out: LeftOut,
    /// The commit that `HEAD` was detached at.
    pub commit: Option<String>,
    /// Files that cobuild wrote, relative to the tree.
    pub written: BTreeSet<PathBuf>,
}

/// What changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// By path. A directory that is new or gone is one change, and so is all that is in `.git`.
    pub list: Vec<Change>,
    /// Directories that this user cannot read; what changed in them is not known.
    pub unreadable: Vec<PathBuf>,
}

impl Layers {
    /// Lists what changed: contents, kinds and permissions; not owners and times.
    ///
    /// A file that was only copied up, or written anew as it was, has not changed. Nor has what cobuild
    /// itself does to a tree: a detached `HEAD`, links into caches. Nor has git's index, which every
    /// `git status` writes.
    pub fn changes(&self) -> Changes {
        let mut found = Found::default();
        self.walk(Path::new(""), &mut found);
        found
            .changes
            .sort_by(|(one, _), (other, _)| one.as_os_str().cmp(other.as_os_str()));
        Changes {
            list: found
                .changes
                .into_iter()
                .map(|(path, kind)| Change {
                    kind,
                    path: shown(&path),
                })
                .collect(),
            unreadable: found.unreadable,
        }
    }

    /// Walks a directory that both layers have.
    fn walk(&self, top: &Path, found: &mut Found) {
        let mut directories = vec![top.to_path_buf()];
        while let Some(directory) = directories.pop() {
            let Some(names) = found.names(&self.upper, &directory) else {
                continue;
            };
            if !directory.as_os_str().is_empty() && self.hides_lower(&directory) {
                self.add_hidden(&directory, &names, found);
            }
            for name in names {
                let path = directory.join(name);
                let Ok(upper) = self.upper.join(&path).symlink_metadata() else {
                    continue;
                };
                match self.lower(&path) {
                    Some(lower) if upper.is_dir() && lower.is_dir() => {
                        if path.file_name() == Some(OsStr::new(".git")) {
                            self.add_git(&path, found);
                            continue;
                        }
                        if upper.mode() != lower.mode() {
                            found.add(&path, true, ChangeKind::Modified);
                        }
                        directories.push(path);
                    }
                    lower => self.compare(&path, &upper, lower.as_ref(), found),
                }
            }
        }
    }

    /// What the build saw of the tree at a path.
    fn lower(&self, path: &Path) -> Option<Metadata> {
        if self.left_out.covers(path) {
            return None;
        }
        self.lower.join(path).symlink_metadata().ok()
    }

    /// Compares what is a directory in one layer at the most.
    fn compare(&self, path: &Path, upper: &Metadata, lower: Option<&Metadata>, found: &mut Found) {
        if self.is_own(path, upper) {
            return;
        }
        let is_gone = upper.file_type().is_char_device() && upper.rdev() == 0;
        match lower {
            None if is_gone => {}
            None => found.add(path, upper.is_dir(), ChangeKind::Added),
            Some(lower) if is_gone => found.add(path, lower.is_dir(), ChangeKind::Deleted),
            Some(lower) if upper.is_dir() != lower.is_dir() => {
                found.add(path, lower.is_dir(), ChangeKind::Deleted);
                found.add(path, upper.is_dir(), ChangeKind::Added);
            }
            Some(lower) if self.is_same(path, upper, lower) => {}
            Some(_) => found.add(path, false, ChangeKind::Modified),
        }
    }

    fn is_same(&self, path: &Path, upper: &Metadata, lower: &Metadata) -> bool {
        // Mode and kind.
        if upper.mode() != lower.mode() {
            return false;
        }
        let (here, there) = (self.upper.join(path), self.lower.join(path));
        if upper.is_symlink() {
            return fs::read_link(here).ok() == fs::read_link(there).ok();
        }
        if !upper.is_file() {
            return true;
        }
        let time = |metadata: &Metadata| (metadata.mtime(), metadata.mtime_nsec());
        upper.len() == lower.len()
            && (time(upper) == time(lower) || has_same_bytes(&here, &there).unwrap_or(false))
    }

    /// Whether cobuild did it, and not the build.
    fn is_own(&self, path: &Path, upper: &Metadata) -> bool {
        let name = path.file_name();
        let in_git = path.parent().and_then(Path::file_name) == Some(OsStr::new(".git"));
        if self.written.contains(path) || (in_git && name == Some(OsStr::new("index"))) {
            return true;
        }
        if in_git && name == Some(OsStr::new("HEAD")) {
            let head = fs::read_to_string(self.upper.join(path)).unwrap_or_default();
            return Some(head.trim_end()) == self.commit.as_deref();
        }
        upper.is_symlink()
            && fs::read_link(self.upper.join(path)).is_ok_and(|target| target.starts_with(CACHE))
    }

    /// Whether a directory was made anew where the tree has one. Only root sees the mark; to others an
    /// owner tells who is not the tree's.
    fn hides_lower(&self, directory: &Path) -> bool {
        let here = self.upper.join(directory);
        let is_marked = OPAQUE.iter().any(|name| {
            let mut value = [0_u8; 1];
            rustix::fs::getxattr(&here, *name, &mut value).is_ok_and(|_| value == *b"y")
        });
        if is_marked || rustix::process::geteuid().is_root() {
            return is_marked;
        }
        let owner = |path: &Path| path.symlink_metadata().map(|metadata| metadata.uid()).ok();
        owner(&here) != owner(&self.lower.join(directory))
    }

    /// Adds what a directory that was made anew does not have any more.
    fn add_hidden(
        &self,
        directory: &Path,
        names: &BTreeSet<std::ffi::OsString>,
        found: &mut Found,
    ) {
        let Some(before) = found.names(&self.lower, directory) else {
            return;
        };
        for name in before.difference(names) {
            let path = directory.join(name);
            if let Some(lower) = self.lower(&path) {
                found.add(&path, lower.is_dir(), ChangeKind::Deleted);
            }
        }
    }

    /// Adds a `.git` as one change, when there is any in it.
    fn add_git(&self, path: &Path, found: &mut Found) {
        let mut inside = Found::default();
        self.walk(path, &mut inside);
        if !inside.changes.is_empty() {
            found.add(path, true, ChangeKind::Modified);
        }
        found.unreadable.append(&mut inside.unreadable);
    }
}

#[derive(Default)]
struct Found {
    /// Directories with a slash at the end.
    changes: Vec<(PathBuf, ChangeKind)>,
    unreadable: Vec<PathBuf>,
}

impl Found {
    fn add(&mut self, path: &Path, is_directory: bool, kind: ChangeKind) {
        let mut path = path.as_os_str().to_owned();
        if is_directory {
            path.push("/");
        }
        self.changes.push((path.into(), kind));
    }

    /// The names in a directory of a layer, `None` when it cannot be read.
    fn names(&mut self, layer: &Path, directory: &Path) -> Option<BTreeSet<std::ffi::OsString>> {
        let names = fs::read_dir(layer.join(directory)).and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.file_name()))
                .collect()
        });
        match names {
            Ok(names) => Some(names),
            // A process of the build may still be at work.
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => {
                tracing::debug!(%error, directory = %directory.display(), "cannot be read");
                self.unreadable.push(directory.to_path_buf());
                None
            }
        }
    }
}

fn has_same_bytes(one: &Path, other: &Path) -> io::Result<bool> {
    let mut files = [File::open(one)?, File::open(other)?];
    let mut chunks = [vec![0; 64 * 1024], vec![0; 64 * 1024]];
    loop {
        let mut counts = [0; 2];
        for ((file, chunk), count) in files.iter_mut().zip(&mut chunks).zip(&mut counts) {
            while *count < chunk.len() {
                match file.read(&mut chunk[*count..])? {
                    0 => break,
                    more => *count += more,
                }
            }
        }
        if chunks[0][..counts[0]] != chunks[1][..counts[1]] {
            return Ok(false);
        }
        if counts[0] == 0 {
            return Ok(true);
        }
    }
}

/// A path as text, with control characters and what is no UTF-8 written as escapes.
fn shown(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() || character == '\\' {
                text.extend(character.escape_default());
            } else {
                text.push(character);
            }
        }
        for byte in chunk.invalid() {
            text.extend(std::ascii::escape_default(*byte).map(char::from));
        }
    }
    text
}

#[cfg(test)]
mod tests;
