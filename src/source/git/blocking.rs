//! Work on many files, away from the thread on which everything waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether work is to go on; asked now and then.
#[derive(Debug, Clone)]
pub(super) struct GoesOn(Arc<AtomicBool>);

impl GoesOn {
    /// Fails once nobody waits any more.
    pub(super) fn check(&self) -> std::io::Result<()> {
        if self.0.load(Ordering::Relaxed) {
            Ok(())
        } else {
            Err(std::io::ErrorKind::Interrupted.into())
        }
    }
}

/// Ends the work when nobody waits for it any more.
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// Runs work on a thread that may block. It is told when this future is dropped.
pub(super) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce(&GoesOn) -> T + Send + 'static,
) -> T {
    let waiting = Waiting(Arc::new(AtomicBool::new(true)));
    let goes_on = GoesOn(Arc::clone(&waiting.0));
    tokio::task::spawn_blocking(move || work(&goes_on))
        .await
        .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}
