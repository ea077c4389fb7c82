//! A repository of cobuild's own that stands for another.
//!
//! It has copies of the other's refs and index, shows its objects, and has a configuration of ours. Neither
//! hooks nor attributes, filters, grafts or replaced objects of the other are there.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::directory::{Bounds, GitDirectory, is_real_directory};
use super::objects::{Missing, Stores};
use super::settings::Format;
use crate::host::file::{self, FileError};

/// The longest file of a single ref.
const LONGEST_REF: u64 = 4096;

/// How many single refs are taken over.
const MOST_REFS: usize = 200_000;

/// The longest file of packed refs.
const LONGEST_PACKED_REFS: u64 = 256 * 1024 * 1024;

/// The longest index.
const LONGEST_INDEX: u64 = 256 * 1024 * 1024;

/// The settings under which git works on repositories of ours. Whoever owns the files behind them is
/// trusted, since nothing of theirs is obeyed; any commit can be had; nothing is run or tidied up.
const SETTINGS: &str = "\
[safe]
\tdirectory = *
[uploadpack]
\tallowAnySHA1InWant = true
[core]
\thooksPath = /dev/null
\tattributesFile = /dev/null
\tfsmonitor = false
\tpackedGitLimit = 1g
[fetch]
\trecurseSubmodules = false
[submodule]
\trecurse = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
[advice]
\tdetachedHead = false
";

/// A repository of cobuild's own in a directory of its own, which whoever named that directory removes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Replica {
    place: PathBuf,
    /// How the other writes.
    pub(super) format: Format,
    /// The stores of the other.
    pub(super) stores: Stores,
}

/// Why there is no replica.
#[derive(Debug, thiserror::Error)]
pub enum ReplicaError {
    /// A file of the repository is none that can be taken over.
    #[error("cannot use `{}`: {source}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: FileError,
    },
    /// It has more refs than are taken over.
    #[error("`{}` has more than {MOST_REFS} refs", .0.display())]
    TooManyRefs(PathBuf),
    /// It cannot be written.
    #[error("cannot make a directory for git")]
    Write(#[from] io::Error),
}

impl Replica {
    /// Makes a replica with all refs and objects in the directory `place`, which is not there yet.
    pub(super) fn of_refs(
        original: &GitDirectory,
        bounds: &Bounds,
        place: &Path,
    ) -> Result<Self, ReplicaError> {
        let mut replica = Self::empty(original.settings.format(), place)?;
        replica.stores = Stores::of(&original.common, bounds);
        let shown = replica.stores.show(place)?;
        let mut list = String::new();
        for store in shown {
            // A path of ours, which holds no newline.
            list.push_str(&store.to_string_lossy());
            list.push('\n');
        }
        fs::write(replica.directory().join("objects/info/alternates"), list)?;
        replica.take_refs(original)?;
        Ok(replica)
    }

    /// Makes a replica with the index alone in the directory `place`, which is not there yet.
    pub(super) fn of_index(original: &GitDirectory, place: &Path) -> Result<Self, ReplicaError> {
        let replica = Self::empty(original.settings.format(), place)?;
        replica.take(&original.own, "index", LONGEST_INDEX)?;
        // What a split index is split from.
        for entry in fs::read_dir(&original.own)?.flatten() {
            let name = entry.file_name();
            if let Some(name) = name
                .to_str()
                .filter(|name| name.starts_with("sharedindex."))
            {
                replica.take(&original.own, name, LONGEST_INDEX)?;
            }
        }
        Ok(replica)
    }

    /// Makes a repository without anything, for what another machine sends.
    pub(super) fn empty(format: Format, place: &Path) -> Result<Self, ReplicaError> {
        let replica = Self {
            place: place.to_path_buf(),
            format,
            stores: Stores::default(),
        };
        let directory = replica.directory();
        fs::create_dir_all(directory.join("objects/info"))?;
        fs::create_dir(directory.join("refs"))?;
        fs::write(place.join(".gitconfig"), SETTINGS)?;
        fs::write(directory.join("config"), format.configuration(true))?;
        fs::write(directory.join("HEAD"), "ref: refs/heads/main\n")?;
        Ok(replica)
    }

    /// The repository.
    pub(super) fn directory(&self) -> PathBuf {
        self.place.join("repository")
    }

    /// The directory in which the settings are that git works under.
    pub(super) fn home(&self) -> &Path {
        &self.place
    }

    /// What the other borrows and cannot be used.
    pub(super) fn missing(&self) -> &[Missing] {
        &self.stores.missing
    }

    fn take_refs(&self, original: &GitDirectory) -> Result<(), ReplicaError> {
        self.take(&original.own, "HEAD", LONGEST_REF)?;
        self.take(&original.common, "packed-refs", LONGEST_PACKED_REFS)?;
        self.take(&original.common, "shallow", LONGEST_PACKED_REFS)?;
        let mut count = 0;
        for name in ["refs", "reftable"] {
            let root = original.common.join(name);
            if !is_real_directory(&root) {
                continue;
            }
            let most = if name == "refs" {
                LONGEST_REF
            } else {
                LONGEST_PACKED_REFS
            };
            for entry in WalkDir::new(&root) {
                // What is gone or not ours to read is no ref.
                let Ok(entry) = entry else { continue };
                let Ok(below) = entry.path().strip_prefix(&original.common) else {
                    continue;
                };
                // They stand for other objects.
                if below.starts_with("refs/replace") {
                    continue;
                }
                if entry.file_type().is_dir() {
                    fs::create_dir_all(self.directory().join(below))?;
                    continue;
                }
                count += 1;
                if count > MOST_REFS {
                    return Err(ReplicaError::TooManyRefs(original.common.clone()));
                }
                if entry.file_type().is_file() {
                    self.copy(&original.common, below, most)?;
                }
            }
        }
        Ok(())
    }

    /// Copies a file that may be missing.
    fn take(&self, from: &Path, name: &str, most: u64) -> Result<(), ReplicaError> {
        self.copy(from, Path::new(name), most)
    }

    fn copy(&self, from: &Path, below: &Path, most: u64) -> Result<(), ReplicaError> {
        let unusable = |source| ReplicaError::Unusable {
            path: from.join(below),
            source,
        };
        let file = match file::open_beneath(from, below) {
            Ok(file) => file,
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(unusable(error)),
        };
        let size = file
            .metadata()
            .map_err(|error| unusable(error.into()))?
            .len();
        if size > most {
            return Err(unusable(FileError::TooLong(most)));
        }
        let mut copy = File::create(self.directory().join(below))?;
        io::copy(&mut io::Read::take(file, most), &mut copy)?;
        Ok(())
    }
}
