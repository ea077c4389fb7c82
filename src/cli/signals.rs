//! Turns signals into the end of a build.

use std::io;
use std::sync::{Arc, OnceLock};

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::failure::Failure;
use crate::exit::ExitStatus;
use crate::runner::{self, CancelReason, Cancellation, Canceller};
use crate::terminal;

/// What can end work before its time.
#[derive(Debug)]
pub(super) struct Stops {
    pub(super) cancellation: Cancellation,
    pub(super) signals: Signals,
}

impl Stops {
    /// Begins to listen for signals.
    pub(super) fn listen() -> Result<Self, Failure> {
        let (canceller, cancellation) = runner::cancellation();
        Ok(Self {
            cancellation,
            signals: Signals::of_build(canceller)?,
        })
    }
}

/// Listens for the signals that stop a build.
#[derive(Debug)]
pub(super) struct Signals {
    first: Arc<OnceLock<ExitStatus>>,
    listening: tokio::task::JoinHandle<()>,
    resuming: tokio::task::JoinHandle<()>,
}

impl Signals {
    /// Begins to listen: the first signal stops the build, the second kills it.
    fn listen(canceller: Canceller) -> io::Result<Self> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let first = Arc::<OnceLock<ExitStatus>>::default();
        let came = Arc::clone(&first);
        let listening = tokio::spawn(async move {
            let status = next(&mut interrupt, &mut terminate, &mut hang_up).await;
            // Set once; nobody else sets it.
            let _ = came.set(status);
            canceller.cancel(CancelReason::Stop);
            next(&mut interrupt, &mut terminate, &mut hang_up).await;
            canceller.cancel(CancelReason::Kill);
        });
        let mut resume = signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?;
        let resuming = tokio::spawn(async move {
            while resume.recv().await.is_some() {
                // A shell had the terminal meanwhile.
                terminal::forget_status();
            }
        });
        Ok(Self {
            first,
            listening,
            resuming,
        })
    }

    /// Begins to listen for the signals that stop a build; a system that does not let us is a failure.
    pub(super) fn of_build(canceller: Canceller) -> Result<Self, Failure> {
        Self::listen(canceller).map_err(|error| {
            Failure::no_verdict(anyhow::Error::new(error).context("cannot listen for signals"))
        })
    }

    /// Returns the exit status of the first signal that came, if one did.
    pub(super) fn status(&self) -> Option<ExitStatus> {
        self.first.get().copied()
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.listening.abort();
        self.resuming.abort();
    }
}

async fn next(interrupt: &mut Signal, terminate: &mut Signal, hang_up: &mut Signal) -> ExitStatus {
    tokio::select! {
        _ = interrupt.recv() => ExitStatus::Interrupted,
        // A closed terminal ends a build as a request to terminate does.
        _ = terminate.recv() => ExitStatus::Terminated,
        _ = hang_up.recv() => ExitStatus::Terminated,
    }
}
