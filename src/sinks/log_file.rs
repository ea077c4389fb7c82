//! The log of a build in a file that grows while the build runs.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::replace::{create, named};
use super::{Log, Sink};
use crate::event::{CommandEvent, Event, Timestamped};
use crate::terminal::Out;

/// Writes CodeBuild's log into a file, which can be followed.
#[derive(Debug)]
pub struct LogFile {
    place: LogPlace,
    log: Log<Lines<BufWriter<File>>>,
}

/// A log file, and where in it the last command began.
#[derive(Debug, Clone)]
pub struct LogPlace {
    path: PathBuf,
    line: Arc<AtomicU64>,
}

impl LogPlace {
    /// Returns the file's path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the line with which the last command began, counted from 1.
    pub(super) fn line(&self) -> u64 {
        self.line.load(Ordering::Relaxed)
    }
}

impl LogFile {
    /// Makes a sink that writes into a new file at `path`; what was there before is replaced.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = BufWriter::new(create(path)?);
        let lines = Lines { to: file, ended: 0 };
        Ok(Self {
            place: LogPlace {
                path: path.to_owned(),
                line: Arc::default(),
            },
            log: Log::new(Out::file(lines)),
        })
    }

    /// Returns the place of what the build says in the file. It holds for events that this sink has had.
    pub fn place(&self) -> LogPlace {
        self.place.clone()
    }
}

impl Sink for LogFile {
    fn event(&mut self, event: &Timestamped) -> io::Result<()> {
        if matches!(event.event, Event::Command(CommandEvent::Started { .. })) {
            let ended = self.log.out().get_ref().ended + u64::from(self.log.has_open_line());
            self.place.line.store(ended + 1, Ordering::Relaxed);
        }
        let written = self.log.event(event);
        written.map_err(|error| named(&self.place.path, &error))
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.log.flush();
        flushed.map_err(|error| named(&self.place.path, &error))
    }
}

/// Counts the lines that have ended.
#[derive(Debug)]
struct Lines<W> {
    to: W,
    ended: u64,
}

impl<W: Write> Write for Lines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.ended += memchr::memchr_iter(b'\n', &bytes[..written]).count() as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::event::{Command, Output};
    use crate::phase::PhaseType;

    #[test]
    fn the_place_is_the_line_of_the_last_command() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let mut sink = LogFile::create(&path).unwrap();
        let place = sink.place();
        let started = |text: &str| CommandEvent::Started {
            command: Command {
                phase: PhaseType::Build,
                is_finally: false,
                number: 1,
                text: text.to_owned(),
            },
        };
        let printed = |text: &'static str| {
            CommandEvent::Output(Output {
                bytes: text.as_bytes().into(),
            })
        };
        for event in [
            started("true\nfalse"),
            // What a background process has left open.
            printed("a\nb"),
            started("the last"),
            printed("c\nd\n"),
        ] {
            let time = Timestamp::UNIX_EPOCH;
            let event = event.into();
            sink.event(&Timestamped { time, event }).unwrap();
        }
        sink.flush().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let line = usize::try_from(place.line()).unwrap();
        let line = text.lines().nth(line - 1).unwrap();
        assert!(line.ends_with(" Running command the last"), "{text}");
    }
}
