//! A form of output.

use std::io;

use tokio::time::Instant;

use crate::event::Timestamped;

/// A form of output.
pub trait Sink: Send {
    /// Takes the next event. An error ends the showing.
    fn event(&mut self, event: &Timestamped) -> io::Result<()>;

    /// Writes out what is held back; called whenever no event is waiting.
    fn flush(&mut self) -> io::Result<()>;

    /// Shows that nothing happens, when it has something to show; called when no event is waiting, and
    /// again at the time that it returns unless an event comes first.
    fn wait(&mut self, now: Instant) -> io::Result<Option<Instant>> {
        let _ = now;
        Ok(None)
    }

    /// Takes away what is not to stay: somebody else writes to the terminal next.
    fn make_way(&mut self) -> io::Result<()> {
        Ok(())
    }
}
