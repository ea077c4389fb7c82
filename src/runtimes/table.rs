//! Reads `runtimes.yml`, the table of runtimes in an image.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::version::Version;

/// The label whose commands install versions that the table does not list.
pub(super) const DEFAULT: &str = "default";

/// The runtimes of an image, by name.
///
/// Labels keep their source text: `3.10` is not 3.1. Unknown fields are ignored, and null is empty
/// (assumed).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Table {
    pub(super) runtimes: BTreeMap<String, Runtime>,
}

/// One runtime.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Runtime {
    versions: BTreeMap<String, Option<Release>>,
}

/// The entry of a label.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Release {
    commands: Option<Vec<Option<String>>>,
    requires: Option<BTreeMap<String, Vec<String>>>,
}

/// Why a table cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TableError(String);

impl Table {
    /// Reads the bytes of a `runtimes.yml`.
    pub fn parse(text: &[u8]) -> Result<Self, TableError> {
        serde_saphyr::from_slice(text)
            .map_err(|error| TableError(error.without_snippet().to_string()))
    }
}

impl Runtime {
    /// Returns what a label stands for; none for a label that is not there.
    pub(super) fn release(&self, label: &str) -> Option<Release> {
        self.versions
            .get(label)
            .map(|release| release.clone().unwrap_or_default())
    }

    /// The labels that can be selected, from the oldest to the newest of each distribution.
    pub(super) fn labels(&self) -> Vec<&str> {
        let labels = self.versions.keys().map(String::as_str);
        let mut labels: Vec<&str> = labels.filter(|label| *label != DEFAULT).collect();
        labels.sort_by_cached_key(|&label| Version::parse(label).map(Version::into_place));
        labels
    }
}

impl Release {
    /// The commands that bring the version into use.
    pub(super) fn commands(&self) -> Vec<String> {
        let commands = self.commands.iter().flatten();
        commands.flatten().cloned().collect()
    }

    /// The accepted labels of each other runtime that is required.
    pub(super) fn requirements(&self) -> impl Iterator<Item = (&str, &[String])> {
        let requirements = self.requires.iter().flatten();
        requirements.map(|(runtime, labels)| (runtime.as_str(), labels.as_slice()))
    }
}
