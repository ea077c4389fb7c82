//! What TLS is spoken with.

use std::path::{Path, PathBuf};

/// The files that TLS with an engine takes, and whether the engine must prove who it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// The only authority that counts; without it those of this system do.
    pub authority: Option<PathBuf>,
    /// The certificate, and its key, by which the engine knows us.
    pub identity: Option<ClientCertificate>,
    /// Whether anybody is believed.
    pub skip_verify: bool,
}

/// A certificate and its key, as PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate.
    pub certificate: PathBuf,
    /// The key.
    pub key: PathBuf,
}

impl Tls {
    /// Takes the files that are in a directory under the names that Docker gives them.
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
