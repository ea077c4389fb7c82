//! What happens to the artifacts of a build (contract §1.8).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A step of UPLOAD_ARTIFACTS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all_fields = "camelCase")]
pub enum ArtifactsEvent {
    /// The artifacts of one set begin.
    #[serde(rename = "artifacts-started")]
    Started {
        /// The identifier of a secondary set.
        identifier: Option<String>,
        /// The base directory as written, expanded.
        base_directory: String,
    },
    /// A directory that matches the base directory is searched.
    #[serde(rename = "base-directory-matched")]
    BaseDirectoryMatched {
        /// The directory, relative to the source.
        directory: String,
    },
    /// A pattern is matched.
    #[serde(rename = "pattern-expanded")]
    PatternExpanded {
        /// The pattern, expanded.
        pattern: String,
        /// How many files it matches.
        matches: usize,
    },
    /// All patterns of one set have been matched.
    #[serde(rename = "files-found")]
    FilesFound {
        /// How many files there are.
        count: usize,
    },
    /// One set of artifacts is in its place.
    #[serde(rename = "artifacts-placed")]
    Placed {
        /// The identifier of a secondary set.
        identifier: Option<String>,
        /// The directory or the zip, on this machine.
        location: String,
        /// How many files there are.
        #[serde(default)]
        files: usize,
        /// How long a zip is, in bytes.
        #[serde(default, rename = "sizeInBytes")]
        size: Option<u64>,
        /// Whether the buildspec's name counts.
        override_name: bool,
        /// The SHA-256 checksum of a zip.
        sha256sum: Option<String>,
        /// The MD5 checksum of a zip.
        md5sum: Option<String>,
    },
}

impl ArtifactsEvent {
    pub(super) fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::Started {
                identifier,
                base_directory,
            } => identifier.iter_mut().chain([base_directory]).collect(),
            Self::BaseDirectoryMatched { directory } => vec![directory],
            Self::PatternExpanded {
                pattern,
                matches: _,
            } => vec![pattern],
            Self::FilesFound { count: _ } => Vec::new(),
            Self::Placed {
                identifier,
                location,
                files: _,
                size: _,
                override_name: _,
                sha256sum: _,
                md5sum: _,
            } => identifier.iter_mut().chain([location]).collect(),
        }
    }

    #[cfg(test)]
    pub(super) fn examples(text: fn() -> String) -> Vec<Self> {
        vec![
            Self::Started {
                identifier: Some(text()),
                base_directory: text(),
            },
            Self::BaseDirectoryMatched { directory: text() },
            Self::PatternExpanded {
                pattern: text(),
                matches: 2,
            },
            Self::FilesFound { count: 2 },
            Self::Placed {
                identifier: None,
                location: text(),
                files: 2,
                size: Some(u64::MAX),
                override_name: true,
                sha256sum: Some("ab".to_owned()),
                md5sum: None,
            },
        ]
    }
}
