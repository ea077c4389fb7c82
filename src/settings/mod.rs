//! What a user wants, resolved once: the surroundings, the files named on the command line.

mod buildspec_file;
mod certificate;
mod config_file;
mod env_file;
mod environment;
pub mod layers;
mod proxy;
mod secrets_file;
mod sources;
mod state;
mod trusted;
mod writable;

pub use buildspec_file::{BuildspecName, SourceTree, read_bounded, read_buildspec};
pub use certificate::{CertificateError, read_certificate};
pub use config_file::{
    CONFIG_FILE, ConfigFile, ConfigFileError, ProjectConfig, find_project_config, read_user_config,
};
pub use env_file::{EnvFile, EnvFileError, EnvFileFormat, Override, parse_override};
pub use environment::Environment;
pub use proxy::Proxies;
pub use secrets_file::{SecretsError, read_secrets};
pub use sources::{SourceError, SourceInput, SourceRequest, Sources, source_path};
pub use state::StateDirectory;
pub use trusted::TrustedFiles;
pub use writable::{UnwritableError, writable_directory, writable_file};
