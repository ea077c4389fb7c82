//! What the last build of a namespace looked for and found, for `cobuild cache explain`.

use serde::{Deserialize, Serialize};

use super::entry::{EntryKind, Paths};

/// What one build did with its cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastRun {
    /// The path of the project whose own namespace it is.
    #[serde(default)]
    pub project: Option<String>,
    /// The build.
    pub build: String,
    /// When it looked, in milliseconds since 1970.
    pub time: u64,
    /// How the cache is kept.
    pub kind: EntryKind,
    /// The declared paths.
    pub paths: Paths,
    /// The key as expanded, without secrets.
    pub key: Option<String>,
    /// The fallback keys as expanded, without secrets.
    pub fallback_keys: Vec<String>,
    /// What came of looking.
    pub lookup: LookupOutcome,
    /// What came of saving; absent when the build did not get there.
    pub stored: Option<SaveOutcome>,
}

/// What came of looking for an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum LookupOutcome {
    /// The buildspec wants nothing restored.
    NotWanted,
    /// There was none, or none that could be used.
    Miss {
        /// Why those that were there could not be used.
        problems: Vec<String>,
    },
    /// The very entry.
    Exact,
    /// The newest entry that begins with a fallback key.
    Fallback {
        /// The entry's key.
        key: String,
    },
    /// Some of the directories, each of which is an entry of its own.
    Some {
        /// How many.
        found: usize,
    },
}

/// What came of saving.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum SaveOutcome {
    /// It was kept.
    Saved,
    /// An entry with this key is there, and stays.
    AlreadyThere,
    /// The buildspec wants nothing saved.
    NotWanted,
    /// There was nothing at the declared paths.
    Nothing,
    /// It could not be kept.
    Failed {
        /// Why.
        reason: String,
    },
}
