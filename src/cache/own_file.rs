//! The store's own small files.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::entry::Entry;
use crate::host::file::{self, FileError};

/// The longest entry or record, in bytes.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

impl Entry {
    /// Reads an entry's file.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&read_own(path)?)?)
    }
}

/// Reads a file of the store that describes something.
pub(super) fn read_own(path: &Path) -> Result<Vec<u8>, FileError> {
    file::read_whole(file::open_own(path)?, MOST_BYTES)
}

/// Whether a path still leads to this open file.
pub(super) fn is_same_file(open: &File, path: &Path) -> bool {
    match (open.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(named)) => open.ino() == named.ino() && open.dev() == named.dev(),
        _ => false,
    }
}
