//! What happens to the cache of a build (contract §1.9).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One thing that happens to a cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all_fields = "camelCase")]
pub enum CacheEvent {
    /// The cache section was read.
    #[serde(rename = "cache-expanded")]
    Expanded {
        /// The paths of the section; null when the buildspec has no cache.
        paths: Option<Vec<String>>,
    },
    /// The cache is looked for in S3.
    #[serde(rename = "cache-downloading")]
    Downloading,
    /// The cache was found, and is unpacked.
    #[serde(rename = "cache-unarchiving")]
    Unarchiving,
    /// An entry of the cache is none of the declared paths.
    #[serde(rename = "cache-entry-skipped")]
    EntrySkipped {
        /// Its absolute path in the container.
        path: String,
    },
    /// A directory of the local cache was made.
    #[serde(rename = "cache-directory-made")]
    DirectoryMade {
        /// Its absolute path in the container.
        path: String,
    },
    /// A path of the build leads to the local cache.
    #[serde(rename = "cache-linked")]
    Linked {
        /// The path of the build.
        path: String,
        /// The directory of the local cache.
        target: String,
    },
    /// A local cache cannot hold what is not a directory.
    #[serde(rename = "cache-not-directory")]
    NotDirectory {
        /// The declared path.
        path: String,
    },
    /// The cache is restored, as far as there was one.
    #[serde(rename = "cache-restored")]
    Restored(CacheRestored),
    /// The cache is saved for the next build, or is not.
    #[serde(rename = "cache-saved")]
    Saved(CacheOutcome),
}

/// What came of looking for a cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CacheRestored {
    /// The key that was looked for, expanded.
    pub key: Option<String>,
    /// What was found.
    #[serde(flatten)]
    pub found: CacheFound,
    /// How long the archives are, in bytes.
    #[serde(rename = "sizeInBytes")]
    pub size: u64,
    /// How many files, links and directories are in them.
    #[serde(default)]
    pub files: Option<u64>,
}

/// What was found of a cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "found", rename_all = "kebab-case")]
pub enum CacheFound {
    /// Nothing was looked for.
    NotWanted,
    /// There is no cache.
    Nothing,
    /// There is an entry with the very key.
    Exact,
    /// There is an entry with one of the fallback keys.
    Fallback {
        /// The key of the entry.
        #[serde(rename = "foundKey")]
        key: String,
    },
    /// Directories are kept each by itself.
    Directories {
        /// How many were found.
        #[serde(rename = "directories")]
        found: usize,
        /// How many were looked for.
        of: usize,
    },
}

/// What came of saving a cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum CacheOutcome {
    /// It is kept.
    Saved {
        /// How many files, links and directories are in it.
        files: u64,
        /// How long the archives are, in bytes.
        #[serde(rename = "sizeInBytes")]
        size: u64,
        /// How long what is in them is, in bytes.
        #[serde(rename = "unpackedSizeInBytes")]
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

impl CacheEvent {
    pub(super) fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::Expanded { paths } => paths.iter_mut().flatten().collect(),
            Self::EntrySkipped { path }
            | Self::DirectoryMade { path }
            | Self::NotDirectory { path } => vec![path],
            Self::Linked { path, target } => vec![path, target],
            Self::Restored(CacheRestored {
                key,
                found,
                size: _,
                files: _,
            }) => {
                let mut texts: Vec<&mut String> = key.iter_mut().collect();
                if let CacheFound::Fallback { key } = found {
                    texts.push(key);
                }
                texts
            }
            Self::Downloading | Self::Unarchiving | Self::Saved(_) => Vec::new(),
        }
    }

    #[cfg(test)]
    pub(super) fn examples(text: fn() -> String) -> Vec<Self> {
        let restored = |found| {
            Self::Restored(CacheRestored {
                key: Some(text()),
                found,
                size: u64::MAX,
                files: Some(u64::MAX),
            })
        };
        vec![
            Self::Expanded {
                paths: Some(vec![text(), text()]),
            },
            Self::Expanded { paths: None },
            Self::Downloading,
            Self::Unarchiving,
            Self::EntrySkipped { path: text() },
            Self::DirectoryMade { path: text() },
            Self::Linked {
                path: text(),
                target: text(),
            },
            Self::NotDirectory { path: text() },
            restored(CacheFound::NotWanted),
            restored(CacheFound::Nothing),
            restored(CacheFound::Exact),
            restored(CacheFound::Fallback { key: text() }),
            restored(CacheFound::Directories { found: 1, of: 2 }),
            Self::Saved(CacheOutcome::Saved {
                files: 1,
                size: 2,
                unpacked_size: 3,
            }),
            Self::Saved(CacheOutcome::AlreadyThere),
            Self::Saved(CacheOutcome::Nothing),
            Self::Saved(CacheOutcome::NotWanted),
            Self::Saved(CacheOutcome::Failed),
        ]
    }
}
