//! The store of caches on this machine (contract §1.9).
//!
//! ```text
//! <root>/<namespace>/<id>.json               an entry: what it is, and which archive holds it
//! <root>/<namespace>/<id>.<writer>.tar.zst   the archive; locked while it is being written
//! <root>/<namespace>/<id>.<writer>.json      an entry that is about to be published
//! <root>/<namespace>/last-run.json           what the last build looked for and found
//! <root>/stand-ins.key                       a random key, for what stands in the place of secrets
//! ```
//!
//! An entry exists once its small file exists. That file is created atomically after the archive is
//! complete and on disk: by a hard link, which never replaces a file, or by a rename, which does.
//! So concurrent builds never damage an entry. What a killed build leaves is not an entry and not
//! locked, and the next sweep removes it.
//!
//! Files of other users are not trusted: directories and files must belong to this user, must not
//! be writable by others, and must not be symlinks.

mod archive;
mod entry;
mod lookup;
mod namespace;
mod own_file;
mod placeholder;
mod publish;
mod record;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

pub use archive::{Damage, Reader};
pub use entry::{Entry, EntryKind, Paths};
pub use lookup::{CacheHit, CacheQuery};
pub use namespace::{Locked, Namespace, Unfinished};
pub use placeholder::{SecretPlaceholders, shown};
pub use publish::{Archive, Published, Writing};
pub use record::{LastRun, LookupOutcome, SaveOutcome};

use crate::host::directory;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// The characters that are percent-encoded in names of directories.
const ODD: &AsciiSet = &CONTROLS.add(b'/').add(b'%').add(b'.').add(b'\\');

/// All caches of this machine.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// Keeps caches below `root`, which is created with the first entry.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Where the caches are.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the placeholders for secrets in the keys of this user.
    pub fn stand_ins(&self) -> io::Result<SecretPlaceholders> {
        SecretPlaceholders::open(&self.root)
    }

    /// Returns the namespace of this name, which may be empty.
    pub fn namespace(&self, name: &str) -> Namespace {
        let directory = utf8_percent_encode(name, ODD).to_string();
        Namespace::new(name.to_owned(), self.root.join(directory))
    }

    /// Returns all namespaces, sorted by name.
    pub fn namespaces(&self) -> io::Result<Vec<Namespace>> {
        if !directory::is_own(&self.root)? {
            return Ok(Vec::new());
        }
        let entries = match std::fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names: Vec<String> = entries
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                let name = percent_decode_str(&name).decode_utf8().ok()?;
                Some(name.into_owned())
            })
            .collect();
        names.sort();
        Ok(names.iter().map(|name| self.namespace(name)).collect())
    }
}
