//! A repository of cobuild's own with the content of another.
//!
//! It has copies of the refs and the index, links to the objects, and our configuration. It has no
//! hooks, attributes, filters, grafts or replaced objects of the other.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::blocking::{GoesOn, off_thread};
use super::directory::{AllowedDirectories, GitDirectory, is_real_directory};
use super::objects::{Missing, Stores};
use super::settings::Format;
use crate::host::file::{self, FileError};

/// The longest file of a single ref.
const LONGEST_REF: u64 = 4096;

/// The most loose refs that are copied.
const MOST_REFS: usize = 200_000;

/// The limit for all copied files together, in bytes.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// The longest list of the tables that refs are in.
const LONGEST_LIST: u64 = 64 * 1024;

/// The git configuration for replicas: files of any owner are accepted, since nothing in them is
/// executed; any commit can be fetched; no maintenance runs.
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

/// A repository of cobuild's own. The caller removes its directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Replica {
    place: PathBuf,
    pub(super) format: Format,
    pub(super) stores: Stores,
}

/// Why a replica cannot be created.
#[derive(Debug, thiserror::Error)]
pub enum ReplicaError {
    #[error("cannot use `{}`: {source}", path.display())]
    Unusable {
        path: PathBuf,
        #[source]
        source: FileError,
    },
    #[error("`{}` has more than {MOST_REFS} refs", .0.display())]
    TooManyRefs(PathBuf),
    #[error("cannot create a temporary directory for git")]
    Write(#[from] io::Error),
}

impl Replica {
    /// Creates a replica with all refs and objects in the new directory `place`.
    pub(super) async fn of_refs(
        original: &GitDirectory,
        bounds: &AllowedDirectories,
        place: &Path,
    ) -> Result<Self, ReplicaError> {
        let (original, bounds) = (original.clone(), bounds.clone());
        let mut replica = Self::empty(original.settings.format(), place)?;
        off_thread(move |goes_on| {
            replica.stores = Stores::of(&original.common, &bounds);
            let shown = replica.stores.show(&replica.place, goes_on)?;
            let mut list = String::new();
            for store in shown {
                // A path of ours, which holds no newline.
                list.push_str(&store.to_string_lossy());
                list.push('\n');
            }
            fs::write(replica.directory().join("objects/info/alternates"), list)?;
            RefCopy::new(&replica, goes_on).refs(&original)?;
            Ok(replica)
        })
        .await
    }

    /// Creates a replica with only the index in the new directory `place`.
    pub(super) async fn of_index(
        original: &GitDirectory,
        place: &Path,
    ) -> Result<Self, ReplicaError> {
        let original = original.clone();
        let replica = Self::empty(original.settings.format(), place)?;
        off_thread(move |goes_on| {
            RefCopy::new(&replica, goes_on).index(&original)?;
            Ok(replica)
        })
        .await
    }

    /// Creates an empty repository for objects from another machine.
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

    /// The directory with the configuration of git.
    pub(super) fn home(&self) -> &Path {
        &self.place
    }

    /// The stores that the other borrows from and may not use.
    pub(super) fn missing(&self) -> &[Missing] {
        &self.stores.missing
    }
}

/// Copies files of another repository within limits.
struct RefCopy<'a> {
    replica: &'a Replica,
    goes_on: &'a GoesOn,
    left: u64,
}

impl<'a> RefCopy<'a> {
    fn new(replica: &'a Replica, goes_on: &'a GoesOn) -> Self {
        Self {
            replica,
            goes_on,
            left: MOST_BYTES,
        }
    }

    fn index(&mut self, original: &GitDirectory) -> Result<(), ReplicaError> {
        self.copy(&original.own, Path::new("index"), MOST_BYTES)?;
        // What a split index is split from.
        for entry in fs::read_dir(&original.own)?.flatten() {
            let name = entry.file_name();
            if let Some(name) = name
                .to_str()
                .filter(|name| name.starts_with("sharedindex."))
            {
                self.copy(&original.own, Path::new(name), MOST_BYTES)?;
            }
        }
        Ok(())
    }

    fn refs(&mut self, original: &GitDirectory) -> Result<(), ReplicaError> {
        self.copy(&original.own, Path::new("HEAD"), LONGEST_REF)?;
        for name in ["packed-refs", "shallow"] {
            self.copy(&original.common, Path::new(name), MOST_BYTES)?;
        }
        if original.settings.format().refs == Some("reftable") {
            return self.tables(&original.common);
        }
        let root = original.common.join("refs");
        if !is_real_directory(&root) {
            return Ok(());
        }
        let mut count = 0;
        for entry in WalkDir::new(&root).min_depth(1) {
            // What is gone or not ours to read is no ref.
            let Ok(entry) = entry else { continue };
            let Ok(below) = entry.path().strip_prefix(&original.common) else {
                continue;
            };
            // They stand for other objects.
            if below.starts_with("refs/replace") {
                continue;
            }
            count += 1;
            if count > MOST_REFS {
                return Err(ReplicaError::TooManyRefs(original.common.clone()));
            }
            if entry.file_type().is_dir() {
                fs::create_dir(self.replica.directory().join(below))?;
            } else if entry.file_type().is_file() {
                self.copy(&original.common, below, LONGEST_REF)?;
            }
        }
        Ok(())
    }

    /// Takes the tables that refs are in, where they are in tables.
    fn tables(&mut self, common: &Path) -> Result<(), ReplicaError> {
        let directory = Path::new("reftable");
        let list = directory.join("tables.list");
        fs::create_dir(self.replica.directory().join(directory))?;
        self.copy(common, &list, LONGEST_LIST)?;
        let listed = file::open_beneath(&self.replica.directory(), &list)
            .and_then(|file| file::read_whole(file, LONGEST_LIST))
            .unwrap_or_default();
        let listed = String::from_utf8_lossy(&listed);
        for name in listed.lines().filter(|name| !name.contains('/')) {
            self.copy(common, &directory.join(name), MOST_BYTES)?;
        }
        Ok(())
    }

    /// Copies a file that may be missing.
    fn copy(&mut self, from: &Path, below: &Path, most: u64) -> Result<(), ReplicaError> {
        self.goes_on.check()?;
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
        let most = most.min(self.left);
        if size > most {
            return Err(unusable(FileError::TooLong(most)));
        }
        self.left -= size;
        let mut copy = File::create(self.replica.directory().join(below))?;
        io::copy(&mut io::Read::take(file, size), &mut copy)?;
        Ok(())
    }
}
