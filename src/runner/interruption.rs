//! What keeps a phase from being finished.

use super::cancel::CancelReason;
use super::error::RunError;

/// Why a phase could not be finished.
#[derive(Debug)]
pub(super) enum Interruption {
    Cancelled(CancelReason),
    Failed(RunError),
}

impl<T: Into<RunError>> From<T> for Interruption {
    fn from(error: T) -> Self {
        Self::Failed(error.into())
    }
}
