//! What the world is like when a build starts.

use jiff::Timestamp;

/// The facts of the world at the start of a build, gathered once.
#[derive(Debug, Clone)]
pub struct Facts {
    pub start: Timestamp,
    pub uuid: String,
    pub auth_token: String,
    pub project_uuid: String,
    /// A random directory number for each source.
    pub directory_numbers: Vec<u32>,
    /// The count of this project's builds, from 1.
    pub build_number: u64,
    /// Whether people know that caches of this project are not kept unless they ask for it.
    pub has_told_of_cache: bool,
    pub user: String,
    pub region: String,
    pub account: String,
}
