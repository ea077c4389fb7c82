//! The phases of a build, as the log names them, and their helpers.

pub(super) mod base_directory;
pub(super) mod carried;
pub(super) mod command_position;
pub(super) mod commands;
pub(super) mod download_source;
pub(super) mod exported_variables;
pub(super) mod provisioning;
pub(super) mod runtimes;
pub(super) mod stored_values;
pub(super) mod upload_artifacts;
