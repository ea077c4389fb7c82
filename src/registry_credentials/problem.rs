//! What keeps registry credentials from being found.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Why a file or helper could not be read. Its content is not repeated, since it may be secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialProblem {
    Unreadable {
        path: PathBuf,
        reason: String,
    },
    /// A file is no configuration of a registry client.
    Malformed {
        path: PathBuf,
        line: usize,
    },
    /// An entry of a file is not what it should be.
    Undecodable {
        path: PathBuf,
        key: String,
    },
    /// A helper is not there.
    HelperMissing {
        program: String,
    },
    /// What is named is no name of a program, but a path, which may lead to one of a repository's.
    HelperNoName {
        program: String,
    },
    HelperFailed {
        program: String,
        /// How it ended, such as `exit status: 1`.
        ended: String,
    },
    /// A helper does not come to an end.
    HelperHangs {
        program: String,
        patience: Duration,
    },
}

impl fmt::Display for CredentialProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, reason } => {
                write!(f, "cannot read `{}`: {reason}", path.display())
            }
            Self::Malformed { path, line } => {
                write!(f, "`{}` is not valid JSON (line {line})", path.display())
            }
            Self::Undecodable { path, key } => write!(
                f,
                "the entry `{key}` of `{}` is not a user and password in base64",
                path.display()
            ),
            Self::HelperMissing { program } => {
                write!(f, "the credential helper `{program}` was not found in PATH")
            }
            Self::HelperNoName { program } => write!(
                f,
                "the credential helper `{}` is not run: a helper must be a program name without `/`, found in PATH",
                program.escape_debug()
            ),
            Self::HelperFailed { program, ended } => {
                write!(f, "the credential helper `{program}` failed ({ended})")
            }
            Self::HelperHangs { program, patience } => write!(
                f,
                "the credential helper `{program}` did not answer within {} s",
                patience.as_secs_f64()
            ),
        }
    }
}
