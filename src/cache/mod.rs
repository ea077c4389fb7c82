//! The store of caches on this machine (contract §1.9): what is kept, by which key, until when.
//!
//! ```text
//! <root>/<namespace>/<id>.json               an entry: what it is, and which archive holds it
//! <root>/<namespace>/<id>.<writer>.tar.zst   the archive; locked while it is being written
//! <root>/<namespace>/<id>.<writer>.json      an entry that is about to be published
//! <root>/<namespace>/last-run.json           what the last build looked for and found
//! <root>/stand-ins.key                       a random key, for what stands in the place of secrets
//! ```
//!
//! An entry is there as soon as its small file is, which comes about in one step after the archive is
//! whole and on disk: by a hard link that never replaces anything, or by a rename that does. So two
//! builds at once never harm an entry, and what a killed build leaves is no entry; nobody holds the
//! lock of it, and it goes with the next sweep.
//!
//! Nothing is believed that somebody else can have put there: directories and files belong to this user,
//! nobody else may write them, and none is a link.

mod archive;
mod entry;
mod lookup;
mod namespace;
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

/// What no name of a directory may hold, and the sign that stands for it.
const ODD: &AsciiSet = &CONTROLS.add(b'/').add(b'%').add(b'.').add(b'\\');

/// All caches of this machine.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// Keeps caches below `root`, which is made when something is to be kept.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Where the caches are.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns what stands in the place of secrets in the keys of this machine's user.
    pub fn stand_ins(&self) -> io::Result<SecretPlaceholders> {
        SecretPlaceholders::open(&self.root)
    }

    /// Returns the caches that go by this name, of which there may be none yet.
    pub fn namespace(&self, name: &str) -> Namespace {
        let directory = utf8_percent_encode(name, ODD).to_string();
        Namespace::new(name.to_owned(), self.root.join(directory))
    }

    /// Returns every namespace that there is, in the order of names.
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
