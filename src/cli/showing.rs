//! Shows a build while it runs, and says how it went.

use std::io;
use std::time::Duration;

use tokio::runtime::Handle;

use super::args::Connection;
use super::build_failure::build_failure;
use super::failure::Failure;
use super::signals::Signals;
use crate::build::{Build, Installation};
use crate::exit::ExitStatus;
use crate::phase::Status;
use crate::runner::{self, CancelReason, Outcome, RunError};
use crate::sinks::{Sink, show};

/// How long the removal of what killed builds left may hold up a build's end.
const SWEEP_LIMIT: Duration = Duration::from_secs(10);

/// Shows a build to its end; `image` is the one it runs in, as the engine knows it.
pub(super) async fn show_build(
    build: Build,
    mut sinks: Vec<Box<dyn Sink>>,
    connection: &Connection,
    installation: &Installation,
    image: &str,
) -> Result<ExitStatus, Failure> {
    let Build {
        events,
        canceller,
        cancellation,
        end,
    } = build;
    let signals = Signals::of_build(canceller.clone())?;
    let runtime = Handle::current();
    let showing = tokio::task::spawn_blocking(move || {
        let shown = runtime.block_on(show(events, &mut sinks));
        if shown.is_err() {
            canceller.cancel(CancelReason::OutputFailed);
        }
        shown
    });
    let killed = cancellation.clone();
    let given_up = tokio::spawn(async move { killed.given_up().await });
    let host = installation.host();
    let sweep = Box::pin(runner::sweep(&connection.engine, image, &host));
    let sweep = async {
        tokio::select! {
            _ = tokio::time::timeout(SWEEP_LIMIT, sweep) => {}
            _ = cancellation.reached(CancelReason::Kill) => {}
        }
    };
    let (ended, ()) = tokio::join!(end.wait(), sweep);
    let abandon = given_up.abort_handle();
    let shown = tokio::select! {
        shown = showing => Some(shown),
        // Whoever reads the output does not read it.
        _ = given_up => None,
    };
    abandon.abort();
    let is_closed = matches!(&shown, Some(Ok(Err(error))) if is_closed_stdout(error));
    let closed = is_closed.then_some(ExitStatus::OutputClosed);
    let stopped_by = signals.status().or(closed);
    let verdict = match ended {
        Ok(outcome) => verdict(outcome, stopped_by, connection),
        Err(error) => build_failure(error, stopped_by),
    };
    match shown {
        Some(Ok(Err(_))) if is_closed => match verdict {
            Ok(ExitStatus::OutputClosed) => Err(Failure::output_closed()),
            // The build had ended before its reader did.
            verdict => verdict,
        },
        None | Some(Ok(Ok(()))) => verdict,
        Some(Ok(Err(error))) => Err(Failure::no_verdict(
            anyhow::Error::new(error).context("cannot write the output"),
        )),
        Some(Err(error)) => Err(Failure::no_verdict(error)),
    }
}

/// Whether the reader of stdout has gone; what a sink says of a file of its own names that file.
fn is_closed_stdout(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe && error.get_ref().is_none()
}

/// Says how a build went.
fn verdict(
    outcome: Outcome,
    stopped_by: Option<ExitStatus>,
    connection: &Connection,
) -> Result<ExitStatus, Failure> {
    match outcome.fault {
        Some(RunError::Engine(error)) => Err(connection.failure(error).masked(outcome.masker)),
        Some(error) => Err(Failure::no_verdict(error).masked(outcome.masker)),
        None => Ok(match (outcome.status, stopped_by) {
            (Status::Succeeded, _) => ExitStatus::Succeeded,
            (Status::Stopped, Some(signal)) => signal,
            (Status::Failed | Status::TimedOut, _) => ExitStatus::BuildFailed,
            // Somebody stopped it in the debugger.
            (Status::Stopped, None) => ExitStatus::Interrupted,
            (Status::Fault, _) => ExitStatus::NoVerdict,
        }),
    }
}
