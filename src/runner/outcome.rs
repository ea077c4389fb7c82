//! How a run ended.

use super::error::RunError;
use crate::engine::ContainerId;
use crate::mask::Masker;
use crate::phase::Status;

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    pub status: Status,
    /// The error of the machinery, for a build in FAULT.
    pub fault: Option<RunError>,
    /// Masks the secrets of the build in messages about the fault.
    pub masker: Masker,
    /// The container that was kept for debugging.
    pub kept: Option<ContainerId>,
}
