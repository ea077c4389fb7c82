//! Errors of the machinery that runs a build.

use std::path::PathBuf;

use super::limits::{LONGEST_VALUE, MOST_VALUES};
use crate::artifacts::DownloadError;
use crate::engine::EngineError;
use crate::source::excludes::ExcludeError;

/// An error of the machinery, not of the build.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("cannot use `{}`", path.display())]
    Host {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("cannot copy files into the build container")]
    Source(#[source] std::io::Error),
    #[error(transparent)]
    Exclude(#[from] ExcludeError),
    #[error("cannot mount `{}` copy-on-write: {reason}", path.display())]
    NoCopyOnWrite { path: PathBuf, reason: String },
    #[error(transparent)]
    Collect(DownloadError),
    #[error("the build container does not work: {}", output.trim())]
    DriverFailed { output: String },
    #[error("the build container ended before the build did")]
    ContainerDied,
    #[error("{what} is longer than {} bytes", LONGEST_VALUE)]
    TooLong { what: String },
    #[error("the values that the buildspec expands are longer than {MOST_VALUES} bytes together")]
    TooManyValues,
}

impl From<DownloadError> for RunError {
    fn from(error: DownloadError) -> Self {
        match error {
            DownloadError::Engine(error) => Self::Engine(error),
            error => Self::Collect(error),
        }
    }
}
