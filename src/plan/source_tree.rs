//! The source trees of a build, and how they reach the container.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One source tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourcePlan {
    /// `None` for the primary source.
    pub identifier: Option<String>,
    /// The tree on the host.
    #[serde(with = "crate::wire::bytes::path")]
    #[schemars(with = "crate::wire::bytes::Bytes")]
    pub host: PathBuf,
    /// Its directory in the container.
    pub directory: String,
    /// How its `.git` is treated.
    pub git: GitMetadata,
    /// The git directories outside the tree that it may use.
    pub git_elsewhere: GitElsewhere,
}

/// Which git directories outside of a source tree may be the tree's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum GitElsewhere {
    /// None: the tree was created from an archive or a commit.
    Never,
    /// Those that point back to the tree, and those below these directories, which the user named.
    Proven {
        /// Full paths.
        #[serde(with = "crate::wire::bytes::paths")]
        #[schemars(with = "Vec<crate::wire::bytes::Bytes>")]
        named: Vec<PathBuf>,
    },
}

impl Default for GitElsewhere {
    fn default() -> Self {
        Self::Proven { named: Vec::new() }
    }
}

/// What happens to the `.git` of a source tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GitMetadata {
    /// It is part of the tree in the build.
    #[default]
    Kept,
    /// It is left out, as in a source from a pipeline (contract §9, trap 25).
    LeftOut,
    /// It lies outside the tree, and a file `.git` points to it, as with a local source cache
    /// (contract §1.9, and §9, trap 26).
    Linked,
}

impl GitMetadata {
    /// The same with a local source cache.
    pub(super) fn linked(self) -> Self {
        match self {
            Self::Kept | Self::Linked => Self::Linked,
            Self::LeftOut => Self::LeftOut,
        }
    }
}

/// The files that are excluded from the source trees, by patterns in the syntax of `.gitignore`. A
/// file `.cobuildignore` at the root of a tree adds patterns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Excludes {
    /// Patterns, relative to the root of each tree; the last match decides.
    pub patterns: Vec<String>,
    /// Whether the patterns of git apply to untracked files.
    pub respect_gitignore: bool,
}

/// Who owns the files of the sources in the build.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SourceOwner {
    /// Root, as in the cloud. A mounted source keeps its owners.
    #[default]
    Root,
    /// The owners that a copy-on-write view shows, which are those on the host. A tar stream is root's.
    Keep,
}

/// How source trees reach the container.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Transfer {
    /// Copy-on-write if the engine supports it, else a tar stream.
    #[default]
    Automatic,
    /// Copy-on-write, or the build fails.
    CopyOnWrite,
    /// A tar stream.
    Tar,
    /// The directories of the host are mounted, writable.
    Mount,
}
