//! Shows what happens: each sink turns events into one form of output.

mod activity;
mod build_json;
mod changes;
mod events_file;
mod export_file;
mod json;
mod log;
mod log_file;
mod pull;
mod quiet;
mod replace;
mod replay;
mod sink;
mod size;
mod slow;
mod status;
mod style;
mod summary;
mod words;

use std::io;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

pub use build_json::BuildJson;
pub use changes::Changes;
pub use events_file::EventsFile;
pub use export_file::ExportFile;
pub use json::JsonLines;
pub use log::{Log, Timestamps};
pub use log_file::{LogFile, LogPlace};
pub use pull::Pull;
pub use quiet::QuietLog;
pub use replay::{ReplayError, replay};
pub use sink::Sink;
pub use size::size;
pub use slow::Slow;
pub use status::Status;
pub use summary::{Draw, Summary};

use crate::channel::Message;

/// Shows events until there are no more. The sinks may block the thread that polls this.
pub async fn show(
    mut messages: mpsc::Receiver<Message>,
    sinks: &mut [Box<dyn Sink>],
) -> io::Result<()> {
    let shown = each(&mut messages, sinks).await;
    let left = sinks.iter_mut().try_for_each(|sink| sink.make_way());
    shown.and(left)
}

async fn each(
    messages: &mut mpsc::Receiver<Message>,
    sinks: &mut [Box<dyn Sink>],
) -> io::Result<()> {
    let mut waits = true;
    while let Some(message) = next(messages, sinks, waits).await? {
        let mut next = Some(message);
        let mut waiting = Vec::new();
        while let Some(message) = next {
            match message {
                Message::Event(event) => {
                    sinks.iter_mut().try_for_each(|sink| sink.event(&event))?;
                }
                Message::Barrier(sender) => waiting.push(sender),
            }
            next = messages.try_recv().ok();
        }
        sinks.iter_mut().try_for_each(|sink| sink.flush())?;
        // Whoever waits has the terminal until the next event comes.
        waits = waiting.is_empty();
        if !waits {
            sinks.iter_mut().try_for_each(|sink| sink.make_way())?;
        }
        for sender in waiting {
            // Whoever waited may have gone.
            let _ = sender.send(());
        }
    }
    Ok(())
}

/// Waits for the next message; shows meanwhile that nothing happens.
async fn next(
    messages: &mut mpsc::Receiver<Message>,
    sinks: &mut [Box<dyn Sink>],
    waits: bool,
) -> io::Result<Option<Message>> {
    loop {
        let mut wake: Option<Instant> = None;
        if waits {
            let now = Instant::now();
            for sink in &mut *sinks {
                wake = wake.into_iter().chain(sink.wait(now)?).min();
            }
        }
        let Some(wake) = wake else {
            return Ok(messages.recv().await);
        };
        if let Ok(message) = timeout_at(wake, messages.recv()).await {
            return Ok(message);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use tokio::time::sleep;

    use super::activity::tests::{command_started, phase_started, printed, registered};
    use super::*;
    use crate::channel::channel;
    use crate::phase::PhaseType;
    use crate::terminal::Out;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_build_is_told_of_unless_somebody_looks_into_it() {
        let (sender, messages) = channel(jiff::Timestamp::now);
        let written = Written::default();
        let slow = Slow::new(Out::file(written.clone()), false);
        let told = || String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let mut sinks: [Box<dyn Sink>; 1] = [Box::new(slow)];
        let shown = show(messages, &mut sinks);
        let build = async {
            sender.emit(registered(2)).await;
            sender.emit(phase_started(PhaseType::Build)).await;
            sender.emit(command_started("make")).await;
            sleep(Duration::from_secs(100)).await;
            sender.shown().await;
            let before = told();
            sleep(Duration::from_secs(1000)).await;
            assert_eq!(told(), before);
            sender.emit(printed(b"x")).await;
            sleep(Duration::from_secs(59)).await;
            assert_eq!(told(), before);
            sleep(Duration::from_secs(2)).await;
            drop(sender);
        };
        let (shown, ()) = tokio::join!(shown, build);
        shown.unwrap();
        assert_eq!(
            told(),
            "still running: BUILD command 2 of 2 for 1 m: make
still running: BUILD command 2 of 2 for 19 m 20 s: make
"
        );
    }
}
