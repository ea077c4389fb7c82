//! How the pull of an image is shown on stderr.

mod bars;
mod tally;

use std::io::{self, Write};

use jiff::Timestamp;

use super::{Sink, size};
use crate::event::{Event, PhaseEvent, PullEvent, Timestamped};
use crate::terminal::Out;
use bars::Bars;

/// Tells when an image begins to be pulled and when it is there, and shows bars meanwhile.
pub struct Pull<W: Write> {
    out: Out<W>,
    width: Option<usize>,
    bars: Option<Bars>,
    start: Option<Timestamp>,
}

impl<W: Write> std::fmt::Debug for Pull<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pull").finish_non_exhaustive()
    }
}

impl<W: Write> Pull<W> {
    /// Makes a sink that writes to `out`. With a `width` bars go to stderr, which is a terminal of so
    /// many characters then; whoever else writes there comes after this sink.
    pub fn new(out: Out<W>, width: Option<usize>) -> Self {
        Self {
            out,
            width,
            bars: None,
            start: None,
        }
    }

    fn pull(&mut self, time: Timestamp, event: &PullEvent) -> io::Result<()> {
        match event {
            PullEvent::Started { image, platform } => {
                self.start = Some(time);
                let platform = platform
                    .as_ref()
                    .map(|platform| format!(" for {platform}"))
                    .unwrap_or_default();
                writeln!(self.out, "pulling image `{image}`{platform}")?;
                self.out.flush()?;
                self.bars = self.width.map(Bars::new);
                Ok(())
            }
            PullEvent::Layer { layer, progress } => {
                if let Some(bars) = &mut self.bars {
                    bars.update(layer, *progress);
                }
                Ok(())
            }
            PullEvent::Again { reason } => {
                self.hide()?;
                writeln!(self.out, "the pull broke off ({reason}); trying again")?;
                self.out.flush()
            }
            PullEvent::Finished { image, size: bytes } => {
                self.end()?;
                let seconds = self.start.take().map_or(0.0, |start| {
                    time.duration_since(start).as_secs_f64().max(0.0)
                });
                writeln!(
                    self.out,
                    "pulled image `{image}`: {} in {seconds:.1} s",
                    size(*bytes)
                )
            }
            PullEvent::Failed => self.end(),
        }
    }

    /// Takes the bars away so that others can write; they come back with the next step.
    fn hide(&mut self) -> io::Result<()> {
        self.bars.as_ref().map_or(Ok(()), Bars::hide)
    }

    fn end(&mut self) -> io::Result<()> {
        self.hide()?;
        self.bars = None;
        Ok(())
    }
}

impl<W: Write + Send> Sink for Pull<W> {
    fn event(&mut self, event: &Timestamped) -> io::Result<()> {
        match &event.event {
            Event::Pull(pull) => self.pull(event.time, pull),
            Event::Phase(PhaseEvent::Finished { .. }) => self.end(),
            _ => self.hide(),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::LayerProgress;

    #[test]
    fn without_a_terminal_there_is_a_line_at_the_beginning_and_one_at_the_end() {
        let mut out = Vec::new();
        let mut sink = Pull::new(Out::file(&mut out), None);
        let image = "a:1".to_owned();
        for (second, event) in [
            (
                0,
                PullEvent::Started {
                    image: image.clone(),
                    platform: None,
                },
            ),
            (
                1,
                PullEvent::Layer {
                    layer: "abc".to_owned(),
                    progress: LayerProgress::Downloading { done: 1, total: 2 },
                },
            ),
            (3, PullEvent::Finished { image, size: 4321 }),
        ] {
            let time = Timestamp::from_second(second).unwrap();
            let event = event.into();
            sink.event(&Timestamped { time, event }).unwrap();
        }
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "pulling image `a:1`\npulled image `a:1`: 4.3 KB in 3.0 s\n"
        );
    }
}
