//! Why there is no build.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::source::git::GitError;
use crate::source::git::checkout::CheckoutError;
use crate::source::git::repository::RepositoryError;
use crate::source::unzip::UnzipError;

/// Why a build could not begin. What goes wrong later is told by its events and its outcome.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A source is no repository that can be used, and a version of it is wanted.
    #[error(transparent)]
    Repository(RepositoryError),
    /// Git does not work.
    #[error(transparent)]
    Git(GitError),
    /// A version cannot be checked out.
    #[error(transparent)]
    Checkout(CheckoutError),
    /// A zip file cannot be unpacked.
    #[error("cannot use the source `{}`", path.display())]
    Zip {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: UnzipError,
    },
    /// A build without a source names no buildspec.
    #[error("--no-source needs a buildspec: give one with `-b`")]
    NoBuildspec,
    /// The buildspec of a build without a source cannot be read.
    #[error("cannot read the buildspec")]
    Buildspec(#[source] io::Error),
    /// The build was stopped before it began.
    #[error("the build was stopped before it began")]
    Stopped,
    /// The sources were not prepared within the time that the build may take.
    #[error("the sources were not prepared within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The directory for the build's sources cannot be used.
    #[error("cannot use `{}`", path.display())]
    Workspace {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A part of the preparation came to no end of its own.
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
