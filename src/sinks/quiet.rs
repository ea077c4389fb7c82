//! The log of commands that fail, and of nothing else.

use std::collections::VecDeque;
use std::io::{self, Write};

use super::{Log, Sink};
use crate::event::{CommandEvent, Event, Output, SourceEvent, Timestamped};

/// How many bytes a command's output may take until it is known how it ends. Of more the end is shown.
const MOST: usize = 16 << 20;

/// Holds back what a command prints until it ends, and shows it when that is not well.
pub struct QuietLog<W: Write> {
    log: Log<W>,
    start: Option<Timestamped>,
    held: VecDeque<Timestamped>,
    /// How many bytes what is held takes.
    bytes: usize,
    /// How many bytes of output are not held any more.
    lost: usize,
}

impl<W: Write> std::fmt::Debug for QuietLog<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QuietLog").finish_non_exhaustive()
    }
}

impl<W: Write + Send> QuietLog<W> {
    /// Makes a sink that writes what it shows into `log`.
    pub fn new(log: Log<W>) -> Self {
        Self {
            log,
            start: None,
            held: VecDeque::new(),
            bytes: 0,
            lost: 0,
        }
    }

    fn hold(&mut self, event: &Timestamped) {
        self.bytes += size(event);
        self.held.push_back(event.clone());
        while self.bytes > MOST {
            let Some(oldest) = self.held.pop_front() else {
                return;
            };
            self.bytes -= size(&oldest);
            self.lost += length(&oldest);
        }
    }

    fn forget(&mut self) {
        self.start = None;
        self.held.clear();
        self.bytes = 0;
        self.lost = 0;
    }

    /// Shows the command that ends with this event.
    fn show(&mut self, end: &Timestamped) -> io::Result<()> {
        if let Some(start) = self.start.take() {
            self.log.event(&start)?;
            let time = start.time;
            if self.lost > 0 {
                let text = format!("… {} bytes more\n", self.lost);
                let bytes = text.into_bytes().into();
                let event = CommandEvent::Output(Output { bytes }).into();
                self.log.event(&Timestamped { time, event })?;
            }
        }
        for output in std::mem::take(&mut self.held) {
            self.log.event(&output)?;
        }
        self.forget();
        self.log.event(end)
    }
}

fn length(event: &Timestamped) -> usize {
    match &event.event {
        Event::Command(CommandEvent::Output(output)) => output.bytes.len(),
        _ => 0,
    }
}

/// How many bytes an event takes: a command that prints byte by byte has an event for each.
fn size(event: &Timestamped) -> usize {
    length(event) + size_of::<Timestamped>()
}

impl<W: Write + Send> Sink for QuietLog<W> {
    fn event(&mut self, event: &Timestamped) -> io::Result<()> {
        match &event.event {
            Event::Build(_) => self.log.event(event),
            Event::Command(CommandEvent::Started { .. }) => {
                self.forget();
                self.start = Some(event.clone());
                Ok(())
            }
            Event::Command(CommandEvent::Output(_)) => {
                self.hold(event);
                Ok(())
            }
            Event::Command(CommandEvent::Finished { exit_status: 0, .. }) => {
                self.forget();
                Ok(())
            }
            Event::Command(
                CommandEvent::Finished { .. }
                | CommandEvent::Interrupted { .. }
                | CommandEvent::Lost { .. },
            ) => self.show(event),
            Event::Source(SourceEvent::Failed { .. }) => self.log.event(event),
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.log.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::super::activity::tests::{command_started, phase_started, printed};
    use super::super::log::Timestamps;
    use super::*;
    use crate::event::Command;
    use crate::phase::PhaseType;
    use crate::terminal::Out;

    fn finished(exit_status: i32) -> Event {
        let command = Command {
            phase: PhaseType::Build,
            is_finally: false,
            number: 2,
            text: "make".to_owned(),
        };
        CommandEvent::Finished {
            command,
            exit_status,
            duration: Duration::ZERO,
        }
        .into()
    }

    fn shown(events: &[Event]) -> String {
        let mut bytes = Vec::new();
        let log = Log::new(Out::file(&mut bytes)).timestamps(Timestamps::None);
        let mut sink = QuietLog::new(log);
        for event in events {
            let time = Timestamp::UNIX_EPOCH;
            let event = event.clone();
            sink.event(&Timestamped { time, event }).unwrap();
        }
        drop(sink);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn only_failures_are_shown() {
        let good = [
            phase_started(PhaseType::Build),
            command_started("true"),
            printed(b"good\n"),
            finished(0),
        ];
        assert_eq!(shown(&good), "");
        let bad = [command_started("make"), printed(b"bad\n"), finished(2)];
        assert_eq!(
            shown(&[good.as_slice(), &bad].concat()),
            "Running command make\nbad\n\nCommand did not exit successfully make exit status 2\n"
        );
    }

    #[test]
    fn single_bytes_take_no_more_than_their_events_do() {
        let log = Log::new(Out::file(Vec::new()));
        let mut sink = QuietLog::new(log);
        let time = Timestamp::UNIX_EPOCH;
        for _ in 0..MOST / 50 {
            let event = printed(b"x");
            sink.event(&Timestamped { time, event }).unwrap();
        }
        assert!(sink.held.len() * size_of::<Timestamped>() <= MOST);
        assert_eq!(sink.held.len() + sink.lost, MOST / 50);
    }

    #[test]
    fn of_much_output_the_end_is_held() {
        const MEGABYTE: &[u8] = &[b'x'; 1 << 20];
        let mut events = vec![command_started("make"), printed(b"first\n")];
        events.extend(std::iter::repeat_n(printed(MEGABYTE), 16));
        events.extend([printed(b"last\n"), finished(1)]);
        let shown = shown(&events);
        assert!(shown.starts_with("Running command make\n… 1048582 bytes more\nxx"));
        assert!(shown.contains("xlast\n\nCommand did not"));
        assert!(shown.len() < MOST + 1000, "{}", shown.len());
    }
}
