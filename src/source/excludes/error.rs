//! Why the files to exclude cannot be found.

use std::path::PathBuf;

use crate::source::git::IndexError;

/// The limits for excluded paths: their number, where a directory counts once, and their length in
/// bytes.
pub(super) const MOST_LEFT_OUT: usize = 150_000;
pub(super) const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Why the excluded files cannot be found.
#[derive(Debug, thiserror::Error)]
pub enum ExcludeError {
    #[error("cannot use the patterns of `{}`", path.display())]
    Pattern {
        path: PathBuf,
        #[source]
        source: ignore::Error,
    },
    #[error("`{}` has too many patterns: together with the patterns of its parent directories they must not exceed {most} bytes", path.display())]
    TooManyPatterns {
        path: PathBuf,
        /// The most, in bytes.
        most: u64,
    },
    #[error("the exclude patterns match too much of `{}`: at most {MOST_LEFT_OUT} paths with {MOST_BYTES} bytes can be excluded", .0.display())]
    TooMuch(PathBuf),
    #[error("cannot list the files that git tracks in `{}`", path.display())]
    Git {
        path: PathBuf,
        #[source]
        source: IndexError,
    },
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}
