//! What is known of the files of a tree at one moment, in little memory: some 50 bytes a file.

use std::ffi::OsStr;
use std::hash::{BuildHasher, Hash, RandomState};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The bits of a mode that are the type of a file.
const TYPE: u32 = 0o170_000;

/// The type of a directory.
pub const DIRECTORY: u32 = 0o040_000;

/// The type of a regular file.
pub const REGULAR: u32 = 0o100_000;

/// The type of a symlink.
pub const LINK: u32 = 0o120_000;

/// What is known of one file.
#[derive(Debug, Clone, Copy)]
pub struct FileFacts<'a> {
    /// Its type and its permissions, as `stat` has them.
    pub mode: u32,
    /// How long it is, in bytes; of a regular file alone it counts.
    pub size: u64,
    /// What its content is, as far as that is known: the target of a symlink, or a checksum.
    pub content: &'a [u8],
    /// What is another after each change of the content: times, and the number of the file.
    pub stamp: &'a [u8],
}

impl FileFacts<'_> {
    pub fn is_directory(&self) -> bool {
        self.mode & TYPE == DIRECTORY
    }

    pub fn is_regular(&self) -> bool {
        self.mode & TYPE == REGULAR
    }
}

/// The files of a tree.
#[derive(Debug, Default)]
pub struct Snapshot {
    hashes: RandomState,
    /// Sorted by their keys once the snapshot is complete.
    records: Vec<Record>,
    paths: PathList,
}

/// One file, as hashes that nobody outside can foresee.
#[derive(Debug)]
pub(super) struct Record {
    /// Of the path.
    key: u64,
    /// Of all that is a change when it is another. Half a hash misses one change in four thousand
    /// million.
    pub(super) shape: u32,
    pub(super) stamp: u32,
    /// Of the checksum of the content, 0 when that is not known.
    pub(super) checksum: u32,
    pub(super) is_directory: bool,
}

impl Snapshot {
    /// Adds a file; `path` is relative to the tree, and empty for the tree itself.
    pub fn add(&mut self, path: &Path, facts: FileFacts<'_>) {
        if self.paths.add(path) {
            let record = self.record(path, facts);
            self.records.push(record);
        }
    }

    /// Ends the adding of files.
    pub fn complete(&mut self) {
        self.records.sort_unstable_by_key(|record| record.key);
        self.records.dedup_by_key(|record| record.key);
    }

    /// Adds the checksum of a file to a complete snapshot.
    pub fn add_checksum(&mut self, path: &Path, checksum: &[u8]) {
        let checksum = self.checksum(checksum);
        if let Some(record) = self
            .find(path)
            .and_then(|index| self.records.get_mut(index))
        {
            record.checksum = checksum;
        }
    }

    /// How many bytes of memory it takes.
    pub fn weight(&self) -> usize {
        self.records.len() * size_of::<Record>() + self.paths.text.len()
    }

    /// How many files there are.
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// What is known of a file, in the hashes of this snapshot.
    pub(super) fn record(&self, path: &Path, facts: FileFacts<'_>) -> Record {
        let size = if facts.is_regular() { facts.size } else { 0 };
        Record {
            key: self.key(path),
            shape: half(self.hash((facts.mode, size, facts.content))),
            stamp: half(self.hash(facts.stamp)),
            checksum: 0,
            is_directory: facts.is_directory(),
        }
    }

    pub(super) fn checksum(&self, checksum: &[u8]) -> u32 {
        half(self.hash(checksum)).max(1)
    }

    /// The index of a file in a complete snapshot.
    pub(super) fn find(&self, path: &Path) -> Option<usize> {
        let key = self.key(path);
        self.records
            .binary_search_by_key(&key, |record| record.key)
            .ok()
    }

    pub(super) fn get(&self, index: usize) -> Option<&Record> {
        self.records.get(index)
    }

    /// Calls `each` for every path, until it says no.
    pub(super) fn paths(&self, each: impl FnMut(&Path) -> bool) {
        self.paths.each(each);
    }

    fn key(&self, path: &Path) -> u64 {
        self.hash(path.as_os_str().as_bytes())
    }

    fn hash(&self, value: impl Hash) -> u64 {
        self.hashes.hash_one(value)
    }
}

/// The upper half of a hash.
fn half(hash: u64) -> u32 {
    let [a, b, c, d, ..] = hash.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// Paths, each as what it does not share with the one before.
#[derive(Debug, Default)]
struct PathList {
    text: Vec<u8>,
    last: Vec<u8>,
}

impl PathList {
    /// Adds a path; returns whether it is short enough.
    fn add(&mut self, path: &Path) -> bool {
        let path = path.as_os_str().as_bytes();
        let same = |(one, other): &(&u8, &u8)| one == other;
        let shared = self.last.iter().zip(path).take_while(same).count();
        let rest = path.get(shared..).unwrap_or_default();
        let (Ok(shared), Ok(length)) = (u16::try_from(shared), u16::try_from(rest.len())) else {
            return false;
        };
        self.text.extend_from_slice(&shared.to_le_bytes());
        self.text.extend_from_slice(&length.to_le_bytes());
        self.text.extend_from_slice(rest);
        self.last.truncate(usize::from(shared));
        self.last.extend_from_slice(rest);
        true
    }

    fn each(&self, mut each: impl FnMut(&Path) -> bool) {
        let mut text = &self.text[..];
        let mut path = Vec::new();
        while let Some((head, rest)) = text.split_first_chunk::<4>() {
            let [low, high, short, long] = *head;
            let length = usize::from(u16::from_le_bytes([short, long]));
            let Some((more, rest)) = rest.split_at_checked(length) else {
                return;
            };
            path.truncate(usize::from(u16::from_le_bytes([low, high])));
            path.extend_from_slice(more);
            if !each(Path::new(OsStr::from_bytes(&path))) {
                return;
            }
            text = rest;
        }
    }
}
