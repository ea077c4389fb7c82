//! Finds the registry credentials of this machine, in the files of the docker and podman commands
//! and in their credential helpers.
//!
//! The crate `docker_credential` reads the same files, but waits for a helper without limit, cannot
//! be cancelled, does not support keys below a registry, and puts the output of a helper into its
//! errors.

mod file;
mod helper;
mod problem;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

pub use problem::CredentialProblem;

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
