//! The directories and services of this machine for builds.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::host::directory;
use crate::ownership::{Key, Owner};
use crate::registry_credentials::CredentialFiles;
use crate::runner::Host;
use crate::secrets::Providers;
use crate::settings::Environment;

/// How long a credential helper may take.
const HELPER_PATIENCE: Duration = Duration::from_secs(30);

/// The directories and services of this machine for builds: the key for objects in engines,
/// secrets, registry credentials. Several builds may share it.
#[derive(Debug, Clone)]
pub struct Installation {
    /// Caches, and the directories of running builds.
    pub cache_directory: PathBuf,
    pub environment: Environment,
    pub owner: Owner,
    /// Providers of secrets.
    pub secrets: Providers,
    pub registry_credentials: CredentialFiles,
}

/// Another user may control a directory of the installation.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub struct InstallationError {
    /// The environment variable that selects another directory.
    pub variable: &'static str,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl Installation {
    /// Checks the directories of an environment; missing ones are accepted.
    pub fn find(environment: &Environment) -> Result<Self, InstallationError> {
        let cache_directory = environment.cache_directory();
        let below = [runs(&cache_directory), caches(&cache_directory)];
        for directory in [&cache_directory].into_iter().chain(&below) {
            match directory::is_own(directory) {
                Err(error) if error.is_unsafe() => {
                    return Err(InstallationError::new("XDG_CACHE_HOME", error));
                }
                // The error is reported when the directory is used.
                Ok(_) | Err(_) => {}
            }
        }
        let key = match Key::kept_in(&environment.state_directory()) {
            Ok(key) => key,
            Err(error) if error.is_unsafe() => {
                return Err(InstallationError::new("XDG_STATE_HOME", error));
            }
            Err(error) => {
                tracing::info!(%error, "what this run leaves, the next does not know");
                Key::of_one_run()
            }
        };
        Ok(Self {
            cache_directory,
            environment: environment.clone(),
            owner: Owner::this_process(key),
            secrets: Providers::new(vec![Box::new(environment.secrets())]),
            registry_credentials: CredentialFiles::new(environment.login_files(), HELPER_PATIENCE),
        })
    }

    /// Returns the directory of running builds.
    pub fn scratch_root(&self) -> PathBuf {
        runs(&self.cache_directory)
    }

    /// Returns the part for the runner.
    pub fn host(&self) -> Host {
        Host {
            scratch_root: self.scratch_root(),
            state_directory: self.environment.state_directory(),
            cache_root: caches(&self.cache_directory),
            owner: self.owner.clone(),
            secrets: self.secrets.clone(),
            registry_credentials: self.registry_credentials.clone(),
        }
    }
}

impl InstallationError {
    fn new(variable: &'static str, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self {
            variable,
            source: Box::new(source),
        }
    }
}

fn runs(cache_directory: &Path) -> PathBuf {
    cache_directory.join("runs")
}

fn caches(cache_directory: &Path) -> PathBuf {
    cache_directory.join("caches")
}
