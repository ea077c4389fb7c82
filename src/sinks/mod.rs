//! Shows what happens: each sink turns events into one form of output.

mod build_json;
mod changes;
mod events_file;
mod export_file;
mod json;
mod log;
mod log_file;
mod pull;
mod replace;
mod replay;
mod size;
mod style;
mod summary;
mod words;

use std::io;

use tokio::sync::mpsc;

pub use build_json::BuildJson;
pub use changes::Changes;
pub use events_file::EventsFile;
pub use export_file::ExportFile;
pub use json::JsonLines;
pub use log::{Log, Timestamps};
pub use log_file::{LogFile, LogPlace};
pub use pull::Pull;
pub use replay::{ReplayError, replay};
pub use size::size;
pub use summary::{Draw, Summary};

use crate::channel::Message;
use crate::event::Timestamped;

/// A form of output.
pub trait Sink: Send {
    /// Takes the next event. An error ends the showing.
    fn event(&mut self, event: &Timestamped) -> io::Result<()>;

    /// Writes out what is held back; called whenever no event is waiting.
    fn flush(&mut self) -> io::Result<()>;
}

/// Shows events until there are no more, on the calling thread, which may block.
pub fn show(mut messages: mpsc::Receiver<Message>, sinks: &mut [Box<dyn Sink>]) -> io::Result<()> {
    while let Some(message) = messages.blocking_recv() {
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
        for sink in sinks.iter_mut() {
            sink.flush()?;
        }
        for sender in waiting {
            // Whoever waited may have gone.
            let _ = sender.send(());
        }
    }
    Ok(())
}
