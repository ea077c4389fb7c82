//! What decides which engine is chosen.

use std::path::PathBuf;

use super::tls::Tls;

/// The inputs for the choice of an engine, gathered by the caller.
#[derive(Debug, Clone, Default)]
pub struct EndpointInputs {
    pub host: Option<String>,
    pub context: Option<String>,
    pub docker_host: Option<String>,
    pub docker_context: Option<String>,
    pub docker_config: Option<PathBuf>,
    /// The variable `DOCKER_CERT_PATH`: the directory of the TLS files.
    pub docker_cert_path: Option<PathBuf>,
    /// Whether the variable `DOCKER_TLS_VERIFY` has any value.
    pub docker_tls_verify: bool,
    /// Whether the variable `DOCKER_TLS` has any value: TLS without verification.
    pub docker_tls: bool,
    pub container_host: Option<String>,
    pub home: Option<PathBuf>,
    /// The variable `XDG_RUNTIME_DIR`.
    pub runtime_directory: Option<PathBuf>,
}

impl EndpointInputs {
    /// The Docker client's configuration directory.
    pub fn client_directory(&self) -> Option<PathBuf> {
        let below_home = || self.home.as_ref().map(|home| home.join(".docker"));
        self.docker_config.clone().or_else(below_home)
    }

    /// Returns the TLS settings of the variables.
    pub(super) fn tls(&self) -> Option<Tls> {
        let directory = self.docker_cert_path.clone();
        let directory = directory.or_else(|| self.client_directory())?;
        (self.docker_tls_verify || self.docker_tls)
            .then(|| Tls::of_directory(&directory, !self.docker_tls_verify))
    }
}
