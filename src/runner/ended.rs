//! How a phase ended.

use super::cancel::CancelReason;
use crate::phase::{PhaseContext, Status};

/// How a phase ended and why.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: Status,
    pub(super) context: Option<PhaseContext>,
}

impl Ended {
    /// Returns the successful end of a phase without an agent.
    pub(super) fn passed() -> Self {
        Self {
            status: Status::Succeeded,
            context: None,
        }
    }

    pub(super) fn succeeded() -> Self {
        Self {
            status: Status::Succeeded,
            context: Some(PhaseContext::default()),
        }
    }

    pub(super) fn failed(context: PhaseContext) -> Self {
        Self {
            status: Status::Failed,
            context: Some(context),
        }
    }

    /// Returns the end of a phase that was cut short (contract §2.2, §2.4).
    pub(super) fn cancelled(reason: CancelReason) -> Self {
        match reason {
            CancelReason::Timeout => Self {
                status: Status::TimedOut,
                context: Some(PhaseContext::new(
                    "BUILD_TIMED_OUT",
                    "Build has timed out. ",
                )),
            },
            CancelReason::OutputFailed | CancelReason::Stop | CancelReason::Kill => Self {
                status: Status::Stopped,
                context: None,
            },
        }
    }
}
