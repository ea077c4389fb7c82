//! A source, as an input of a plan.

use std::path::{Path, PathBuf};

use crate::project::Identity;

/// A source, as an input of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What people name: a directory, a git repository or a zip file; for no source the current
    /// directory.
    pub named: PathBuf,
    pub content: Content,
    pub git: GitFacts,
}

/// The content of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    Directory,
    Revision {
        version: String,
        /// The checkout on the host.
        tree: PathBuf,
    },
    Zip {
        /// What it was unpacked to on the host.
        tree: PathBuf,
    },
    Nothing,
}

impl Source {
    pub fn directory(named: PathBuf, git: GitFacts) -> Self {
        Self {
            named,
            content: Content::Directory,
            git,
        }
    }

    /// The tree on the host, when there is one.
    pub fn tree(&self) -> Option<&Path> {
        match &self.content {
            Content::Directory => Some(&self.named),
            Content::Revision { tree, .. } | Content::Zip { tree } => Some(tree),
            Content::Nothing => None,
        }
    }

    /// Returns the requested version.
    pub fn version(&self) -> Option<&str> {
        match &self.content {
            Content::Revision { version, .. } => Some(version),
            Content::Directory | Content::Zip { .. } | Content::Nothing => None,
        }
    }

    /// Returns the identity of its project.
    pub fn identity(&self) -> Identity {
        Identity::new(&self.name(), &self.named)
    }

    /// The name of the directory, repository or zip file, without the endings of the last two.
    pub fn name(&self) -> String {
        let ending = match self.content {
            Content::Zip { .. } => ".zip",
            Content::Revision { .. } => ".git",
            Content::Directory | Content::Nothing => "",
        };
        source_name(&self.named, ending)
    }
}

/// Returns the name of a source: the last part of its path, without this extension.
pub fn source_name(path: &Path, ending: &str) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(ending).filter(|stem| !stem.is_empty());
    stem.unwrap_or(&name).to_owned()
}

/// The git facts of a source tree; empty for a tree without git.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitFacts {
    pub commit: Option<String>,
    /// The address of the remote `origin`.
    pub remote: Option<String>,
}

/// A source is not available: DOWNLOAD_SOURCE fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFailure {
    pub message: String,
    pub hint: String,
}

impl SourceFailure {
    /// Returns the failure for a version that the repository does not have; `identifier` is `None`
    /// for the primary source. The form is that of contract §2.5; its first words and those for a
    /// secondary source are assumed.
    pub fn no_such_version(identifier: Option<&str>, version: &str, hint: String) -> Self {
        let source = match identifier {
            None => "primary source".to_owned(),
            Some(identifier) => format!("secondary source {identifier}"),
        };
        Self {
            message: format!("reference not found for {source} and source version {version}"),
            hint,
        }
    }
}
