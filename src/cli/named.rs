//! Files and directories that a command line names beside its sources.

use std::path::Path;

use anyhow::Context as _;

use super::failure::Failure;
use crate::host::untrusted_trees::{UntrustedPathError, UntrustedTrees};
use crate::settings::{SourceInput, Sources, source_path};

/// What a command line names must not be led away by a link of a source: those are not the user's.
#[derive(Debug)]
pub(super) struct Named {
    trees: UntrustedTrees,
}

impl Named {
    /// Whatever is named beside these sources.
    pub(super) fn beside(sources: &Sources) -> Result<Self, Failure> {
        let directories = sources.all().filter_map(|source| match source {
            SourceInput::Directory(directory) | SourceInput::Revision { directory, .. } => {
                Some(&**directory)
            }
            SourceInput::Zip(_) | SourceInput::Nothing(_) => None,
        });
        let trees = UntrustedTrees::around(directories)
            .context("cannot look at the sources")
            .map_err(Failure::usage)?;
        Ok(Self { trees })
    }

    /// Refuses a source that a link of the repository around the current directory leads out of it.
    pub(super) fn check_source(given: &str) -> Result<(), Failure> {
        let trees = UntrustedTrees::around([])
            .context("cannot look at the current directory")
            .map_err(Failure::usage)?;
        let path = Path::new(source_path(given));
        Self { trees }.check("--source", path)
    }

    /// Refuses a path that a link of a source leads out of it; `flag` names it.
    pub(super) fn check(&self, flag: &str, path: &Path) -> Result<(), Failure> {
        match self.trees.follow(path) {
            Err(error @ UntrustedPathError::LeadsOut { .. }) => {
                let path = path.display();
                let error = anyhow::Error::new(error)
                    .context(format!("{flag}: `{path}` is not where it seems to be"));
                Err(Failure::usage(error).hint(
                    "name the place that the link leads to when it is meant, else remove the link",
                ))
            }
            // Whoever uses it says why it cannot be used.
            Ok(_) | Err(UntrustedPathError::Io(_)) => Ok(()),
        }
    }
}
