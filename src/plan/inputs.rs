//! The inputs of a plan.

use std::path::PathBuf;

use super::settings::Settings;
use super::source::{Source, SourceFailure};

/// The inputs of a plan, besides the facts of the world.
#[derive(Debug, Clone)]
pub struct Inputs {
    pub settings: Settings,
    pub source: Source,
    /// Identifier and secondary source.
    pub secondary: Vec<(String, Source)>,
    /// Directories of git that the user named, by their full paths: sources may use what lies there.
    pub git_directories: Vec<PathBuf>,
    /// The buildspec, or why there is no source to read it from.
    pub buildspec: Result<BuildspecFile, SourceFailure>,
    /// What people should know of the sources, in sentences.
    pub warnings: Vec<String>,
}

/// Where a buildspec comes from, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildspecFile {
    /// A file of the primary source, by its path there.
    InSource {
        /// Relative to the source's root.
        path: String,
        /// Its bytes.
        text: Vec<u8>,
    },
    /// A text from elsewhere: standard input or another place on the host.
    Inline {
        /// Its bytes.
        text: Vec<u8>,
    },
    /// There is no `buildspec.yml` and no other file was named.
    DefaultMissing {
        looked_for: String,
        /// A file beside it that may be meant.
        beside: Option<String>,
    },
    Unreadable {
        /// As named: relative to the source's root, or absolute.
        path: String,
        /// Why, such as `no such file or directory`.
        reason: String,
        looked_for: String,
    },
}
