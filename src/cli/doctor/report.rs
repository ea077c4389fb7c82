//! What doctor found.

use crate::doctor::{Check, ReachedEngine, Verdict};
use crate::engine::endpoint::Endpoint;

/// All that was found.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) checks: Vec<Check>,
    pub(super) endpoint: Option<Endpoint>,
    pub(super) reached: Option<ReachedEngine>,
}

impl Report {
    pub(super) fn count(&self, verdict: Verdict) -> usize {
        let same = self.checks.iter().filter(|check| check.verdict == verdict);
        same.count()
    }
}
