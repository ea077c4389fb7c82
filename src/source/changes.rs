//! Lists what a build changed in a source tree, from the upper layer of its overlay.
//!
//! The build made this layer, and its processes may still run: so no link is followed, the list is
//! bounded, and the caller can stop the search.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::excludes::LeftOut;
use crate::event::{Change, ChangeKind};
use crate::host::file::read_whole;
use crate::host::tree::{Directory, Entry};

/// The attributes of a directory that hides its counterpart in the lower layer.
const OPAQUE: [&str; 2] = ["trusted.overlay.opaque", "user.overlay.opaque"];

/// Symlinks for the local cache point here.
const CACHE: &str = "/codebuild/local-cache/";

/// How many changes are listed, and how many bytes their paths may have together.
const MOST_CHANGES: usize = 50_000;
const MOST_BYTES: usize = 4 << 20;

/// The limit for the paths of directories still to visit, in bytes.
const MOST_WAITING: usize = 4 << 20;

/// The longest path, as the kernel has it.
const LONGEST_PATH: usize = 4096;

/// How many unreadable directories are named.
const MOST_UNREADABLE: usize = 20;

/// How many bytes of files are compared. After that, a file with the same length and another time
/// counts as changed.
const MOST_COMPARED: u64 = 8 << 30;

/// The longest text of a `HEAD` that is read.
const LONGEST_HEAD: u64 = 4096;

/// The layers of an overlay, and the changes that cobuild itself makes.
#[derive(Debug, Clone)]
pub struct Layers {
    pub upper: PathBuf,
    pub lower: PathBuf,
    pub left_out: LeftOut,
    /// The commit that `HEAD` was detached at.
    pub commit: Option<String>,
    /// Files that cobuild wrote, relative to the tree.
    pub written: BTreeSet<PathBuf>,
}

/// What changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Sorted by path. A new or removed directory is one change; so is everything in `.git`.
    pub list: Vec<Change>,
    /// The first directories that this user cannot read; their changes are not listed.
    pub unreadable: Vec<PathBuf>,
    /// Why there may be others.
    pub incomplete: Option<Incomplete>,
}

/// Why a list of changes is not complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Incomplete {
    #[error("the list is limited to {MOST_CHANGES} changes")]
    Many,
    #[error("the search ended early because the build was cut short")]
    Stopped,
    #[error("paths longer than {LONGEST_PATH} bytes are skipped")]
    Deep,
}

/// The two layers of one directory.
struct Pair {
    upper: Directory,
    lower: Option<Directory>,
}

impl Layers {
    /// Lists changes of contents, types and permissions, but not of owners and times. Ends soon
    /// after `stop` is set, with the changes found until then.
    ///
    /// A file that was copied up, or rewritten with the same content, has not changed. Changes by
    /// cobuild do not count (a detached `HEAD`, links into caches), nor does git's index, which
    /// every `git status` writes.
    pub fn changes(&self, stop: &AtomicBool) -> io::Result<Changes> {
        let tops = Pair {
            upper: Directory::open(&self.upper)?,
            lower: Some(Directory::open(&self.lower)?),
        };
        let mut found = ChangeCollector::new(stop, MOST_CHANGES);
        self.walk(&tops, Path::new(""), &mut found);
        found
            .changes
            .sort_by(|(one, _), (other, _)| one.as_os_str().cmp(other.as_os_str()));
        Ok(Changes {
            list: found
                .changes
                .into_iter()
                .map(|(path, kind)| Change {
                    kind,
                    path: shown(&path),
                })
                .collect(),
            unreadable: found.unreadable,
            incomplete: found.incomplete,
        })
    }

    /// Walks a directory that both layers have.
    fn walk(&self, tops: &Pair, top: &Path, found: &mut ChangeCollector) {
        let mut waiting = vec![top.to_path_buf()];
        let mut length = 0;
        while let Some(directory) = waiting.pop() {
            length -= directory.as_os_str().len().min(length);
            let Some(pair) = found.enter(tops, &directory) else {
                continue;
            };
            let is_top = directory.as_os_str().is_empty();
            if !is_top && hides_lower(&pair) {
                self.add_hidden(&directory, &pair, found);
            }
            found.names(&directory, &pair.upper, |name, found| {
                let path = directory.join(&name);
                if self.goes_deeper(tops, &pair, (&name, &path), found) {
                    length += path.as_os_str().len();
                    if length > MOST_WAITING {
                        found.incomplete = Some(Incomplete::Many);
                    } else {
                        waiting.push(path);
                    }
                }
            });
        }
    }

    /// Compares one name of a directory; returns whether both layers have a directory there.
    fn goes_deeper(
        &self,
        tops: &Pair,
        pair: &Pair,
        (name, path): (&OsStr, &Path),
        found: &mut ChangeCollector,
    ) -> bool {
        // A process of the build may still be at work.
        let Ok(Some(upper)) = pair.upper.entry(name) else {
            return false;
        };
        let lower = self.lower(pair, path, name);
        let both = lower.filter(|lower| upper.is_directory() && lower.is_directory());
        let Some(lower) = both else {
            self.compare(pair, path, (name, upper, lower), found);
            return false;
        };
        if name == ".git" {
            self.add_git(tops, path, found);
            return false;
        }
        if upper.mode() != lower.mode() {
            found.add(path, true, ChangeKind::Modified);
        }
        if path.as_os_str().len() > LONGEST_PATH {
            found.incomplete.get_or_insert(Incomplete::Deep);
            return false;
        }
        true
    }

    /// Returns the entry of the lower layer that the build saw.
    fn lower(&self, pair: &Pair, path: &Path, name: &OsStr) -> Option<Entry> {
        if self.left_out.covers(path) {
            return None;
        }
        pair.lower.as_ref()?.entry(name).ok().flatten()
    }

    /// Compares entries that are a directory in at most one layer.
    fn compare(
        &self,
        pair: &Pair,
        path: &Path,
        (name, upper, lower): (&OsStr, Entry, Option<Entry>),
        found: &mut ChangeCollector,
    ) {
        if self.is_own(pair, path, (name, upper)) {
            return;
        }
        let is_gone = upper.is_whiteout();
        match lower {
            None if is_gone => {}
            None => found.add(path, upper.is_directory(), ChangeKind::Added),
            Some(lower) if is_gone => found.add(path, lower.is_directory(), ChangeKind::Deleted),
            Some(lower) if upper.is_directory() != lower.is_directory() => {
                found.add(path, lower.is_directory(), ChangeKind::Deleted);
                found.add(path, upper.is_directory(), ChangeKind::Added);
            }
            Some(lower) if found.is_same(pair, name, upper, lower) => {}
            Some(_) => found.add(path, false, ChangeKind::Modified),
        }
    }

    /// Whether cobuild made the change, not the build.
    fn is_own(&self, pair: &Pair, path: &Path, (name, upper): (&OsStr, Entry)) -> bool {
        let in_git = path.parent().and_then(Path::file_name) == Some(OsStr::new(".git"));
        if self.written.contains(path) || (in_git && name == "index") {
            return true;
        }
        if in_git && name == "HEAD" {
            let head = pair.upper.file(name);
            let head = head.and_then(|file| read_whole(file, LONGEST_HEAD));
            let head = String::from_utf8(head.unwrap_or_default()).unwrap_or_default();
            return Some(head.trim_end()) == self.commit.as_deref();
        }
        let target = upper.is_link().then(|| pair.upper.link(name));
        target.is_some_and(|target| target.is_ok_and(|target| target.starts_with(CACHE)))
    }

    /// Adds the entries that a recreated directory hides.
    fn add_hidden(&self, directory: &Path, pair: &Pair, found: &mut ChangeCollector) {
        let Some(before) = &pair.lower else {
            return;
        };
        found.names(directory, before, |name, found| {
            let path = directory.join(&name);
            let is_there = pair.upper.entry(&name).is_ok_and(|entry| entry.is_some());
            if let Some(lower) = self.lower(pair, &path, &name).filter(|_| !is_there) {
                found.add(&path, lower.is_directory(), ChangeKind::Deleted);
            }
        });
    }

    /// Adds a `.git` as one change when anything in it changed.
    fn add_git(&self, tops: &Pair, path: &Path, found: &mut ChangeCollector) {
        let mut inside = ChangeCollector::new(found.stop, 1);
        inside.compared = found.compared;
        self.walk(tops, path, &mut inside);
        if !inside.changes.is_empty() {
            found.add(path, true, ChangeKind::Modified);
        }
        found.compared = inside.compared;
        for path in inside.unreadable {
            found.cannot_read(path);
        }
        if inside.incomplete != Some(Incomplete::Many) {
            found.incomplete = found.incomplete.or(inside.incomplete);
        }
    }
}

/// Whether a directory replaced one of the tree. Only root can read the attribute; for other users,
/// a different owner is the sign.
fn hides_lower(pair: &Pair) -> bool {
    let is_marked = OPAQUE
        .iter()
        .any(|name| pair.upper.has_attribute(name, b'y'));
    if is_marked || rustix::process::geteuid().is_root() {
        return is_marked;
    }
    let owner = |directory: &Directory| directory.own().map(|own| own.owner()).ok();
    owner(&pair.upper) != pair.lower.as_ref().and_then(owner)
}

/// Collects changes within the limits.
struct ChangeCollector<'a> {
    stop: &'a AtomicBool,
    most: usize,
    /// Directories with a slash at the end.
    changes: Vec<(PathBuf, ChangeKind)>,
    /// How long the paths of the changes are together.
    length: usize,
    /// How many bytes of files have been compared.
    compared: u64,
    unreadable: Vec<PathBuf>,
    incomplete: Option<Incomplete>,
}

impl<'a> ChangeCollector<'a> {
    fn new(stop: &'a AtomicBool, most: usize) -> Self {
        Self {
            stop,
            most,
            changes: Vec::new(),
            length: 0,
            compared: 0,
            unreadable: Vec::new(),
            incomplete: None,
        }
    }

    /// Whether there is time and room for more.
    fn goes_on(&mut self) -> bool {
        if self.stop.load(Ordering::Relaxed) {
            self.incomplete = Some(Incomplete::Stopped);
            return false;
        }
        self.incomplete != Some(Incomplete::Many)
    }

    fn add(&mut self, path: &Path, is_directory: bool, kind: ChangeKind) {
        let mut path = path.as_os_str().to_owned();
        if is_directory {
            path.push("/");
        }
        self.length += path.len();
        if self.changes.len() >= self.most || self.length > MOST_BYTES {
            self.incomplete = Some(Incomplete::Many);
            return;
        }
        self.changes.push((path.into(), kind));
    }

    /// Opens the two layers of a directory, `None` when the upper one cannot be read.
    fn enter(&mut self, tops: &Pair, directory: &Path) -> Option<Pair> {
        if !self.goes_on() {
            return None;
        }
        let lower = tops.lower.as_ref();
        match tops.upper.descend(directory) {
            Ok(upper) => Some(Pair {
                upper,
                lower: lower.and_then(|lower| lower.descend(directory).ok()),
            }),
            Err(error) => {
                self.failed(directory, &error);
                None
            }
        }
    }

    /// Calls `each` for the names in a directory, within the limits.
    fn names(
        &mut self,
        path: &Path,
        directory: &Directory,
        mut each: impl FnMut(OsString, &mut Self),
    ) {
        let names = match directory.names() {
            Ok(names) => names,
            Err(error) => return self.failed(path, &error),
        };
        for name in names {
            if !self.goes_on() {
                return;
            }
            match name {
                Ok(name) => each(name, self),
                Err(error) => return self.failed(path, &error),
            }
        }
    }

    fn failed(&mut self, directory: &Path, error: &io::Error) {
        // A process of the build may still be at work.
        let is_gone = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
            || error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
        if !is_gone {
            tracing::debug!(%error, directory = %directory.display(), "cannot be read");
            self.cannot_read(directory.to_path_buf());
        }
    }

    fn cannot_read(&mut self, directory: PathBuf) {
        if self.unreadable.len() < MOST_UNREADABLE {
            self.unreadable.push(directory);
        }
    }

    /// Compares entries that are no directory in either layer.
    fn is_same(&mut self, pair: &Pair, name: &OsStr, upper: Entry, lower: Entry) -> bool {
        // Mode and kind.
        if upper.mode() != lower.mode() {
            return false;
        }
        let Some(below) = &pair.lower else {
            return false;
        };
        if upper.is_link() {
            return pair.upper.link(name).ok() == below.link(name).ok();
        }
        if !upper.is_file() {
            return true;
        }
        if upper.length() != lower.length() {
            return false;
        }
        if upper.changed() == lower.changed() {
            return true;
        }
        let (Ok(one), Ok(other)) = (pair.upper.file(name), below.file(name)) else {
            return false;
        };
        self.has_same_bytes(one, other).unwrap_or(false)
    }

    /// Compares two files, as far as there is time for it.
    fn has_same_bytes(&mut self, one: File, other: File) -> io::Result<bool> {
        let mut files = [one, other];
        let mut chunks = [vec![0; 64 * 1024], vec![0; 64 * 1024]];
        while self.compared < MOST_COMPARED && self.goes_on() {
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
            self.compared += counts[0] as u64;
        }
        Ok(false)
    }
}

/// Returns a path as text, with control characters and invalid UTF-8 escaped.
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
