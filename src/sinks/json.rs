//! Events as they are stored, one a line.

use std::io::{self, Write};

use super::Sink;
use crate::event::{BuildEvent, Event, Notice, Timestamped, line};
use crate::terminal::Out;

/// Writes every event as one line of JSON.
pub struct JsonLines<W: Write> {
    out: Out<W>,
}

impl<W: Write> std::fmt::Debug for JsonLines<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JsonLines").finish_non_exhaustive()
    }
}

impl<W: Write> JsonLines<W> {
    /// Makes a sink that writes to `out`.
    pub fn new(out: Out<W>) -> Self {
        Self { out }
    }
}

impl<W: Write + Send> Sink for JsonLines<W> {
    fn event(&mut self, event: &Timestamped) -> io::Result<()> {
        self.out.json(&line(event)?)?;
        match event.event {
            // Others speak of these elsewhere; what was written before must be seen before.
            Event::Notice(Notice::Warning { .. }) | Event::Build(BuildEvent::Finished { .. }) => {
                self.out.flush()
            }
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
