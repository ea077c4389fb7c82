//! Runs work on many files on a blocking thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tells work whether to continue.
#[derive(Debug, Clone)]
pub(super) struct GoesOn(Arc<AtomicBool>);

impl GoesOn {
    /// Fails once the future was dropped.
    pub(super) fn check(&self) -> std::io::Result<()> {
        if self.0.load(Ordering::Relaxed) {
            Ok(())
        } else {
            Err(std::io::ErrorKind::Interrupted.into())
        }
    }
}

/// Ends the work when the future is dropped.
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// Runs work on a blocking thread, and tells it when this future is dropped.
pub(super) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce(&GoesOn) -> T + Send + 'static,
) -> T {
    let waiting = Waiting(Arc::new(AtomicBool::new(true)));
    let goes_on = GoesOn(Arc::clone(&waiting.0));
    tokio::task::spawn_blocking(move || work(&goes_on))
        .await
        .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}
