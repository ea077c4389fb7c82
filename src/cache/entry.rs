//! The description of one cache entry.

use std::fmt::Write as _;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How an entry is looked up and replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// A cache in S3: with a key it never changes, without one the last build wins.
    S3,
    /// A directory of a local custom cache; the last build wins.
    Custom,
}

impl EntryKind {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Custom => "custom",
        }
    }
}

/// The declared paths of a cache, which identify it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Paths(pub Vec<String>);

impl Paths {
    /// Returns the version of this list: the SHA-256 of its items in order, each with a NUL at its
    /// end, in hexadecimal.
    pub fn version(&self) -> String {
        let mut hash = Sha256::new();
        for path in &self.0 {
            hash.update(path);
            hash.update([0]);
        }
        hexadecimal(hash)
    }
}

/// One entry, as its file holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    pub kind: EntryKind,
    /// Its key, where it has one; what stands in it in the place of secrets is one of [`SecretPlaceholders`](super::SecretPlaceholders).
    pub key: Option<String>,
    /// [`Paths::version`] of its paths.
    pub version: String,
    pub paths: Paths,
    pub archive: String,
    /// The archive's SHA-256, in hexadecimal.
    pub checksum: String,
    /// The archive's length in bytes.
    pub size: u64,
    /// The length of what is in the archive, in bytes, as a tar.
    pub unpacked_size: u64,
    /// How many files, links and directories are in it.
    pub files: u64,
    /// When it was made, in milliseconds since 1970.
    pub created: u64,
    pub build: String,
}

impl Entry {
    /// Returns the name that an entry of these has in its namespace.
    pub(super) fn id(kind: EntryKind, version: &str, key: Option<&str>) -> String {
        let mut hash = Sha256::new();
        hash.update(version);
        // A missing key differs from an empty one.
        if let Some(key) = key {
            hash.update([0]);
            hash.update(key);
        }
        let hash = hexadecimal(hash);
        format!("{}-{}", kind.as_str(), &hash[..40])
    }

    /// Its name in its namespace.
    pub(super) fn own_id(&self) -> String {
        Self::id(self.kind, &self.version, self.key.as_deref())
    }
}

/// Writes a finished hash in hexadecimal.
pub(super) fn hexadecimal(hash: Sha256) -> String {
    hash.finalize()
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// A moment in milliseconds since 1970.
pub(super) fn milliseconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .ok()
        .and_then(|since| u64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}
