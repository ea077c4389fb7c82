//! What builds share of this machine.

use std::path::PathBuf;

use crate::ownership::Owner;
use crate::registry_credentials::CredentialFiles;
use crate::secrets::Providers;

/// The directories and services of this machine for builds; several builds may share them.
#[derive(Debug, Clone)]
pub struct Host {
    pub scratch_root: PathBuf,
    pub cache_root: PathBuf,
    /// Where the key is that proves what is this user's.
    pub state_directory: PathBuf,
    pub owner: Owner,
    /// Providers of secrets.
    pub secrets: Providers,
    pub registry_credentials: CredentialFiles,
}
