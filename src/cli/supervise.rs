//! Lets a build run while somebody shows its events, watches its time and listens for signals.

use std::io;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::Timestamp;
use tokio::task::JoinHandle;

use super::Failure;
use super::signals::Signals;
use crate::channel;
use crate::engine::docker::Docker;
use crate::mask::Masker;
use crate::phase::Status;
use crate::plan::Plan;
use crate::runner::{self, CancelReason, Cancellation, Canceller, Debugger, Outcome, RunSettings};
use crate::sinks::{Sink, show};

/// How long the leavings of others may hold up a build's end.
const SWEEP_LIMIT: Duration = Duration::from_secs(10);

/// How long a killed build may take to clean up before cobuild leaves it to the engine.
const LAST_CHANCE: Duration = Duration::from_secs(5);

/// What can end a build before its time.
#[derive(Debug)]
pub(super) struct Stops {
    canceller: Canceller,
    pub(super) cancellation: Cancellation,
    pub(super) signals: Signals,
}

impl Stops {
    /// Begins to listen for signals.
    pub(super) fn listen() -> Result<Self, Failure> {
        let (canceller, cancellation) = runner::cancellation();
        let signals = Signals::listen(canceller.clone())
            .context("cannot listen for signals")
            .map_err(Failure::no_verdict)?;
        Ok(Self {
            canceller,
            cancellation,
            signals,
        })
    }
}

impl Stops {
    /// Lets the time be over after so long, unless what is returned is aborted before.
    pub(super) fn time_out(&self, limit: Duration) -> JoinHandle<()> {
        tokio::spawn(time_out(Some(limit), self.canceller.clone()))
    }
}

/// Runs a plan while somebody shows its events, watches its time and listens for signals.
pub(super) async fn supervise(
    plan: &Plan,
    engine: &Docker,
    settings: &RunSettings,
    mut sinks: Vec<Box<dyn Sink>>,
    debugger: Option<Box<dyn Debugger>>,
    time_limit: Option<Duration>,
    stops: &Stops,
) -> Result<Outcome, Failure> {
    let Stops {
        canceller,
        cancellation,
        ..
    } = stops;
    let (events, shown) = channel::channel(steady_clock());
    let showing = tokio::task::spawn_blocking({
        let canceller = canceller.clone();
        move || {
            let shown = show(shown, &mut sinks);
            if shown.is_err() {
                canceller.cancel(CancelReason::OutputFailed);
            }
            shown
        }
    });
    let clock = tokio::spawn(time_out(time_limit, canceller.clone()));
    let running = async {
        let run = runner::run(plan, engine, settings, &events, cancellation, debugger);
        let sweep = Box::pin(runner::sweep(engine, &plan.engine_image, settings));
        let (outcome, _) = tokio::join!(run, tokio::time::timeout(SWEEP_LIMIT, sweep));
        drop(events);
        let shown = showing.await;
        (outcome, shown)
    };
    let finished = tokio::select! {
        finished = running => Some(finished),
        () = given_up(cancellation) => None,
    };
    clock.abort();
    let Some((outcome, shown)) = finished else {
        // The container ends by itself once this process does.
        runner::forsake(engine, &plan.identity.id, settings).await;
        let status = Status::Stopped;
        let outcome = Outcome {
            status,
            fault: None,
            masker: Masker::default(),
            kept: None,
        };
        return Ok(outcome);
    };
    match shown {
        Ok(Ok(())) => Ok(outcome),
        // Whoever read the log has had enough of it.
        Ok(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(outcome),
        Ok(Err(error)) => Err(Failure::no_verdict(
            anyhow::Error::new(error).context("cannot write the output"),
        )),
        Err(error) => Err(Failure::no_verdict(error)),
    }
}

/// The time as it was when the build began, and what has passed since: nobody who sets the machine's
/// clock while a build runs changes the order of its lines or the length of its phases.
fn steady_clock() -> impl Fn() -> Timestamp + Send + Sync {
    let (start, began) = (Timestamp::now(), Instant::now());
    move || start.checked_add(began.elapsed()).unwrap_or(start)
}

async fn time_out(limit: Option<Duration>, canceller: Canceller) {
    if let Some(limit) = limit {
        tokio::time::sleep(limit).await;
        canceller.cancel(CancelReason::Timeout);
    }
}

/// Waits until the user has asked twice and even the killing takes too long.
async fn given_up(cancellation: &Cancellation) {
    cancellation.reached(CancelReason::Kill).await;
    tokio::time::sleep(LAST_CHANCE).await;
}
