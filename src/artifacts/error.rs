//! Why files could not be brought out.

use std::io;
use std::path::PathBuf;

use crate::engine::EngineError;

/// Why files could not be brought out.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("cannot write `{}`", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The container lists more than any tree has.
    #[error(
        "cannot list the files of the container: `find` or `sh` of the image printed more than any file tree holds"
    )]
    Listing,
    #[error(
        "there are too many {what} to collect: the limit is {most}, with {bytes} bytes of paths; select fewer, or pack them into one file with a command of the build"
    )]
    TooMany {
        what: &'static str,
        /// How many may be.
        most: usize,
        /// How long their paths may be together.
        bytes: usize,
    },
    #[error("cannot read the files from the container")]
    Read(#[source] io::Error),
    #[error("the container sent a file that was not requested: `{}`", .0.display())]
    Unasked(PathBuf),
}

impl DownloadError {
    /// Whether the build is to blame: a program of its image misbehaves.
    pub fn is_the_build_s(&self) -> bool {
        match self {
            Self::Listing | Self::TooMany { .. } | Self::Read(_) | Self::Unasked(_) => true,
            Self::Engine(error) => error.is_of_stuck_program(),
            Self::Write { .. } => false,
        }
    }
}
