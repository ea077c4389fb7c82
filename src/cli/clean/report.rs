//! What came of cleaning up.

use crate::leftovers::Leftover;

/// What went and what stayed.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) dry_run: bool,
    pub(super) gone: Vec<Leftover>,
    /// What could not be removed, and why.
    pub(super) stuck: Vec<(Leftover, String)>,
    pub(super) living: Vec<Leftover>,
    /// What may be anybody's.
    pub(super) unproven: Vec<Leftover>,
    pub(super) client: String,
    pub(super) of_other_hosts: usize,
    pub(super) not_looked_at: Option<NotLookedAt>,
}

/// Why the engine was not looked at.
#[derive(Debug)]
pub(super) struct NotLookedAt {
    pub(super) reason: String,
    /// How many directories may still be some container's.
    pub(super) directories: usize,
}
