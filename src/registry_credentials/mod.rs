//! Finds the registry credentials of this machine, in the files of the docker and podman commands
//! and in their credential helpers.
//!
//! The crate `docker_credential` reads the same files, but waits for a helper without limit, cannot
//! be cancelled, does not support keys below a registry, and puts the output of a helper into its
//! errors.

mod file;
mod helper;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::engine::RegistryCredential;
use file::{File, StoredCredential};

/// The files in which registry credentials are searched.
#[derive(Debug, Clone)]
pub struct CredentialFiles {
    files: Vec<PathBuf>,
    patience: Duration,
}

/// The result of a lookup.
#[derive(Debug, Default)]
pub struct CredentialLookup {
    /// The credentials, when there are any.
    pub credential: Option<RegistryCredential>,
    /// What could not be read on the way to them.
    pub problems: Vec<CredentialProblem>,
}

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

impl CredentialFiles {
    /// Searches these files in order; each helper gets at most the time `patience`.
    pub fn new(files: Vec<PathBuf>, patience: Duration) -> Self {
        Self { files, patience }
    }

    /// Finds the credentials for a repository of a registry. Unreadable files and helpers are
    /// skipped and reported.
    pub async fn find(&self, registry: &str, repository: &str) -> CredentialLookup {
        let mut found = CredentialLookup::default();
        for path in &self.files {
            let kept = match File::read(path) {
                Ok(Some(file)) => file.kept(registry, repository),
                Ok(None) => continue,
                Err(problem) => {
                    found.problems.push(problem);
                    continue;
                }
            };
            for kept in kept {
                let credential = match kept {
                    Ok(StoredCredential::Inline(credential)) => Ok(Some(credential)),
                    Ok(StoredCredential::Helper { program, server }) => {
                        helper::ask(&program, &server, self.patience).await
                    }
                    Err(problem) => Err(problem),
                };
                match credential {
                    Ok(None) => {}
                    Ok(Some(credential)) => {
                        found.credential = Some(credential);
                        return found;
                    }
                    Err(problem) => found.problems.push(problem),
                }
            }
        }
        found
    }
}
