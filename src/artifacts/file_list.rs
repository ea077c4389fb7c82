//! The files of one artifact, in little memory and bounded.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::DownloadError;
use super::notices::{Notice, Notices};

/// The limits: the number of files, and the bytes of their paths together.
const MOST_FILES: usize = 750_000;
const MOST_BYTES: usize = 36 << 20;

/// The files of an artifact, with their paths in the container and in the artifact.
#[derive(Debug, Default)]
pub struct ArtifactFiles {
    bytes: Vec<u8>,
    names: Vec<Name>,
}

#[derive(Debug, Clone, Copy)]
struct Name {
    start: u32,
    end: u32,
    /// Where in the name its kept path begins: that is always the end of it.
    kept: u32,
    order: u32,
    as_link: bool,
}

/// One file of an artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArtifactFile<'a> {
    /// Its absolute path in the container, as patterns see it.
    pub path: &'a Path,
    pub kept: &'a Path,
    pub as_link: bool,
}

impl ArtifactFiles {
    /// Adds a file; `kept` is the end of its path.
    pub(super) fn push(
        &mut self,
        path: &Path,
        kept: &Path,
        as_link: bool,
    ) -> Result<(), DownloadError> {
        let path = path.as_os_str().as_bytes();
        let end = self.bytes.len() + path.len();
        let number = |number: usize| u32::try_from(number).map_err(|_| DownloadError::Listing);
        if end > MOST_BYTES || self.names.len() >= MOST_FILES {
            return Err(DownloadError::TooMany {
                what: "files",
                most: MOST_FILES,
                bytes: MOST_BYTES,
            });
        }
        self.names.push(Name {
            start: number(self.bytes.len())?,
            end: number(end)?,
            kept: number(end - kept.as_os_str().len())?,
            order: number(self.names.len())?,
            as_link,
        });
        self.bytes.extend_from_slice(path);
        Ok(())
    }

    /// Sorts the files added after the first `before` by path.
    pub(super) fn order_from(&mut self, before: usize) {
        let bytes = &self.bytes;
        let added = self.names.get_mut(before..).unwrap_or_default();
        added.sort_unstable_by(|one, other| one.path(bytes).cmp(other.path(bytes)));
        for (order, name) in (before..).zip(added) {
            name.order = u32::try_from(order).unwrap_or(u32::MAX);
        }
    }

    /// Sorts the files by their paths in the artifact, byte by byte. Of several with the same path
    /// the last is kept, in the order of base directories and then of paths.
    pub fn settle(&mut self, notices: &mut Notices) {
        let bytes = &self.bytes;
        self.names.sort_unstable_by(|one, other| {
            let kept = one.kept(bytes).cmp(other.kept(bytes));
            // The last of equal paths comes first, and is kept.
            kept.then(other.order.cmp(&one.order))
        });
        self.names.dedup_by(|other, one| {
            let clash = one.kept(bytes).cmp(other.kept(bytes)) == Ordering::Equal;
            if clash {
                notices.add(|| Notice::Clash {
                    kept: path(one.kept(bytes)),
                    taken: path(one.path(bytes)),
                    left: path(other.path(bytes)),
                });
            }
            clash
        });
        self.leave_out_what_is_in_files(notices);
    }

    /// When one base directory has a file where another has a directory, the file is kept.
    fn leave_out_what_is_in_files(&mut self, notices: &mut Notices) {
        let bytes = &self.bytes;
        let is_there = |place: &[u8]| {
            let found = self
                .names
                .binary_search_by(|name| name.kept(bytes).cmp(place));
            found.is_ok()
        };
        let mut clean: &[u8] = b"";
        let mut left = Vec::new();
        for (index, name) in self.names.iter().enumerate() {
            let directory = parent(name.kept(bytes));
            let mut above = directory;
            while !above.is_empty() && above != clean {
                if is_there(above) {
                    notices.add(|| Notice::InFile {
                        file: path(above),
                        left: path(name.path(bytes)),
                    });
                    left.push(index);
                    break;
                }
                above = parent(above);
            }
            // Names of one directory follow each other.
            if left.last() != Some(&index) {
                clean = directory;
            }
        }
        let mut index = 0;
        self.names.retain(|_| {
            index += 1;
            left.binary_search(&(index - 1)).is_err()
        });
    }

    /// Fails when the number of files, or the bytes of their paths, exceed the limits.
    pub(super) fn are_within(
        &self,
        what: &'static str,
        most: usize,
        bytes: usize,
    ) -> Result<(), DownloadError> {
        if self.names.len() > most || self.bytes.len() > bytes {
            return Err(DownloadError::TooMany { what, most, bytes });
        }
        Ok(())
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub(super) fn get(&self, index: usize) -> Option<ArtifactFile<'_>> {
        let name = self.names.get(index)?;
        Some(ArtifactFile {
            path: Path::new(OsStr::from_bytes(name.path(&self.bytes))),
            kept: Path::new(OsStr::from_bytes(name.kept(&self.bytes))),
            as_link: name.as_link,
        })
    }

    /// All files, in order.
    pub fn iter(&self) -> impl Iterator<Item = ArtifactFile<'_>> {
        (0..self.names.len()).filter_map(|index| self.get(index))
    }
}

/// Finds files by their paths in the container.
pub(super) struct ByPath<'a> {
    names: &'a ArtifactFiles,
    indexes: Vec<usize>,
}

impl<'a> ByPath<'a> {
    pub(super) fn new(names: &'a ArtifactFiles) -> Self {
        let mut indexes: Vec<usize> = (0..names.len()).collect();
        indexes.sort_unstable_by_key(|index| names.names[*index].path(&names.bytes));
        Self { names, indexes }
    }

    /// The index of the file with this path.
    pub(super) fn find(&self, path: &Path) -> Option<usize> {
        let path = path.as_os_str().as_bytes();
        let name = |index: &usize| self.names.names[*index].path(&self.names.bytes);
        let at = self
            .indexes
            .binary_search_by(|index| name(index).cmp(path))
            .ok()?;
        Some(self.indexes[at])
    }
}

impl Name {
    fn path<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.start as usize..self.end as usize]
    }

    fn kept<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.kept as usize..self.end as usize]
    }
}

/// The directory of a kept path, empty at the top.
fn parent(kept: &[u8]) -> &[u8] {
    let end = memchr::memrchr(b'/', kept).unwrap_or(0);
    &kept[..end]
}

fn path(bytes: &[u8]) -> std::path::PathBuf {
    Path::new(OsStr::from_bytes(bytes)).to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_beats_the_directory_of_its_name() {
        let mut names = ArtifactFiles::default();
        for (path, kept) in [
            ("/1/a", "a"),
            ("/1/a-b", "a-b"),
            ("/2/a/b", "a/b"),
            ("/2/a/c/d", "a/c/d"),
            ("/2/c/d", "c/d"),
        ] {
            names.push(Path::new(path), Path::new(kept), false).unwrap();
        }
        let mut notices = Notices::default();
        names.settle(&mut notices);
        let kept: Vec<_> = names
            .iter()
            .map(|wanted| wanted.kept.to_str().unwrap())
            .collect();
        assert_eq!(kept, ["a", "a-b", "c/d"]);
        assert_eq!(notices.sentences().count(), 2);
    }

    #[test]
    fn of_equal_places_the_last_in_the_order_of_paths_is_kept() {
        let mut names = ArtifactFiles::default();
        for path in ["/src/b/same", "/src/a/same", "/src/a/other"] {
            let kept = Path::new(path).file_name().unwrap();
            names.push(Path::new(path), Path::new(kept), false).unwrap();
        }
        names.order_from(0);
        let before = names.len();
        names
            .push(Path::new("/also/other"), Path::new("other"), false)
            .unwrap();
        names.order_from(before);
        let mut notices = Notices::default();
        names.settle(&mut notices);
        let found: Vec<_> = names
            .iter()
            .map(|wanted| (wanted.path.to_str().unwrap(), wanted.kept.to_str().unwrap()))
            .collect();
        assert_eq!(found, [("/also/other", "other"), ("/src/b/same", "same")]);
        let said: Vec<String> = notices.sentences().collect();
        assert_eq!(
            said,
            [
                "two artifact files have the path `other`: `/also/other` is kept and `/src/a/other` is left out",
                "two artifact files have the path `same`: `/src/b/same` is kept and `/src/a/same` is left out",
            ]
        );
    }
}
