//! What happens to the cache of a build (contract §1.9).

/// One thing that happens to a cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheEvent {
    /// The cache is looked for in S3.
    Downloading,
    /// It is there, and is unpacked.
    Unarchiving,
    /// An entry of the cache is none of the declared paths.
    EntrySkipped {
        /// Its absolute path in the container.
        path: String,
    },
    /// A directory of the local cache is there.
    DirectoryMade {
        /// Its absolute path in the container.
        path: String,
    },
    /// A path of the build leads to the local cache.
    Linked {
        /// The path of the build.
        path: String,
        /// The directory of the local cache.
        target: String,
    },
    /// A local cache has no place for what is no directory.
    NotDirectory {
        /// The declared path.
        path: String,
    },
    /// What the build is to have of its cache is in place.
    Restored(CacheRestored),
    /// It has been seen to that the next build finds the cache.
    Saved {
        /// What came of it.
        outcome: CacheOutcome,
    },
}

/// What came of looking for a cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheRestored {
    /// The key that was looked for, expanded.
    pub key: Option<String>,
    /// What was found.
    pub found: CacheFound,
    /// How long the archives are, in bytes.
    pub size: u64,
}

/// What was found of a cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheFound {
    /// Nothing was looked for.
    NotWanted,
    /// Nothing.
    Nothing,
    /// The very entry.
    Exact,
    /// One that will do.
    Fallback {
        /// Its key.
        key: String,
    },
    /// Directories that are kept each by itself.
    Directories {
        /// How many were there.
        found: usize,
        /// Of how many.
        of: usize,
    },
}

/// What came of saving a cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheOutcome {
    /// It is kept.
    Saved {
        /// How many files, links and directories are in it.
        files: u64,
        /// How long the archives are, in bytes.
        size: u64,
        /// How long what is in them is, in bytes.
        unpacked_size: u64,
    },
    /// There is an entry with its key already.
    AlreadyThere,
    /// There was nothing to keep.
    Nothing,
    /// The buildspec does not want it.
    NotWanted,
    /// It could not be kept.
    Failed,
}
