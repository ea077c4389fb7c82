//! Cancels a build, for a reason.

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;

/// How long a killed build may take to clean up, and whoever reads its output to read it.
const LAST_CHANCE: Duration = Duration::from_secs(5);

/// Why a build is cut short; a later reason counts for more than an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CancelReason {
    Timeout,
    /// The log cannot be written any more.
    OutputFailed,
    Stop,
    /// The user will not wait for the stop.
    Kill,
}

/// The side that cancels.
#[derive(Debug, Clone)]
pub struct Canceller {
    sender: watch::Sender<Option<CancelReason>>,
}

/// The side that is cancelled.
#[derive(Debug, Clone)]
pub struct Cancellation {
    receiver: watch::Receiver<Option<CancelReason>>,
    // Kept so that the channel never closes while somebody listens.
    _sender: watch::Sender<Option<CancelReason>>,
}

/// Creates both sides.
pub fn cancellation() -> (Canceller, Cancellation) {
    let (sender, receiver) = watch::channel(None);
    let listener = Cancellation {
        receiver,
        _sender: sender.clone(),
    };
    (Canceller { sender }, listener)
}

impl Canceller {
    /// Cancels; a reason that does not outrank the present one changes nothing.
    pub fn cancel(&self, reason: CancelReason) {
        self.sender.send_if_modified(|present| {
            let outranks = Some(reason) > *present;
            if outranks {
                *present = Some(reason);
            }
            outranks
        });
    }
}

impl Cancellation {
    /// Returns the reason, if there is one by now.
    pub fn reason(&self) -> Option<CancelReason> {
        *self.receiver.borrow()
    }

    /// Waits for a reason that is at least `least`.
    pub async fn reached(&self, least: CancelReason) -> CancelReason {
        let mut receiver = self.receiver.clone();
        let reason = receiver
            .wait_for(|reason| reason.is_some_and(|reason| reason >= least))
            .await;
        match reason.map(|reason| *reason) {
            Ok(Some(reason)) => reason,
            // The channel stays open as long as `self` lives; without it nobody can cancel.
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }

    /// Waits until a build has been killed and even the killing takes too long: then it is left to the engine.
    pub async fn given_up(&self) {
        self.reached(CancelReason::Kill).await;
        tokio::time::sleep(LAST_CHANCE).await;
    }

    /// Runs `work` until it is done or the build is cut short, whichever is first.
    pub async fn guard<T>(&self, work: impl Future<Output = T>) -> Result<T, CancelReason> {
        tokio::select! {
            biased;
            reason = self.reached(CancelReason::Timeout) => Err(reason),
            done = work => Ok(done),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lesser_reason_does_not_replace_a_greater_one() {
        let (canceller, cancellation) = cancellation();
        assert_eq!(cancellation.guard(async { 7 }).await, Ok(7));
        canceller.cancel(CancelReason::Stop);
        canceller.cancel(CancelReason::Timeout);
        assert_eq!(cancellation.reason(), Some(CancelReason::Stop));
        assert_eq!(
            cancellation.guard(std::future::pending::<()>()).await,
            Err(CancelReason::Stop)
        );
        canceller.cancel(CancelReason::Kill);
        assert_eq!(
            cancellation.reached(CancelReason::Kill).await,
            CancelReason::Kill
        );
    }
}
