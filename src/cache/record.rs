//! The cache use of the last build of a namespace, for `cobuild cache explain`.

use serde::{Deserialize, Serialize};

use super::entry::{EntryKind, Paths};

/// How one build used its cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastRun {
    /// The path of the project whose own namespace it is.
    #[serde(default)]
    pub project: Option<String>,
    pub build: String,
    /// When it looked, in milliseconds since 1970.
    pub time: u64,
    pub kind: EntryKind,
    pub paths: Paths,
    /// The key as expanded, without secrets.
    pub key: Option<String>,
    /// The fallback keys as expanded, without secrets.
    pub fallback_keys: Vec<String>,
    pub lookup: LookupOutcome,
    /// What came of saving; absent when the build did not get there.
    pub stored: Option<SaveOutcome>,
}

/// The result of a lookup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum LookupOutcome {
    NotWanted,
    /// There was none, or none that could be used.
    Miss {
        /// Why those that were there could not be used.
        problems: Vec<String>,
    },
    Exact,
    /// The newest entry that begins with a fallback key.
    Fallback {
        key: String,
    },
    /// Some of the directories, each of which is an entry of its own.
    Some {
        found: usize,
    },
}

/// The result of saving.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum SaveOutcome {
    Saved,
    /// An entry with this key is there, and stays.
    AlreadyThere,
    NotWanted,
    Nothing,
    /// It could not be kept.
    Failed {
        reason: String,
    },
}
