//! Why a build could not begin.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::plan::part::NoSuchStep;
use crate::source::git::GitError;
use crate::source::git::checkout::CheckoutError;
use crate::source::git::repository::RepositoryError;
use crate::source::unzip::UnzipError;

/// Why a build could not begin. Later failures appear in its events and its outcome.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error(transparent)]
    Repository(RepositoryError),
    #[error(transparent)]
    Git(GitError),
    #[error(transparent)]
    Checkout(CheckoutError),
    #[error("cannot use the source `{}`", path.display())]
    Zip {
        path: PathBuf,
        #[source]
        source: UnzipError,
    },
    #[error("--no-source needs a buildspec")]
    NoBuildspec,
    #[error("cannot read the buildspec")]
    Buildspec(#[source] io::Error),
    /// A flag names a phase or a command that the buildspec does not have.
    #[error(transparent)]
    NoSuchStep(#[from] NoSuchStep),
    #[error("the build was stopped before it began")]
    Stopped,
    #[error("the sources were not prepared within {} s", .0.as_secs())]
    TimedOut(Duration),
    #[error("cannot use `{}`", path.display())]
    Workspace {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot prepare the sources")]
    Task(#[from] tokio::task::JoinError),
}

impl From<RepositoryError> for BuildError {
    fn from(error: RepositoryError) -> Self {
        match error {
            RepositoryError::Git(error) => Self::Git(error),
            error => Self::Repository(error),
        }
    }
}

impl From<CheckoutError> for BuildError {
    fn from(error: CheckoutError) -> Self {
        match error {
            CheckoutError::Git(error) => Self::Git(error),
            error => Self::Checkout(error),
        }
    }
}
