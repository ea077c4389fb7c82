//! The TLS settings of an engine.

use std::path::{Path, PathBuf};

/// The TLS files for an engine, and whether its certificate is verified.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// The certificate authority; `None` for those of this system.
    pub authority: Option<PathBuf>,
    pub identity: Option<ClientCertificate>,
    pub skip_verify: bool,
}

/// A certificate and its key, as PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Tls {
    /// Finds the files of a directory by Docker's names for them.
    pub fn of_directory(directory: &Path, skip_verify: bool) -> Self {
        let file = |name: &str| Some(directory.join(name)).filter(|path| path.exists());
        Self {
            authority: file("ca.pem"),
            identity: file("cert.pem")
                .zip(file("key.pem"))
                .map(|(certificate, key)| ClientCertificate { certificate, key }),
            skip_verify,
        }
    }
}
