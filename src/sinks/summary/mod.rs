//! What cobuild itself has to say of a build, apart from the log: warnings, and a closing summary.

mod cache;
mod commands;
mod daemon;
mod memory;
mod passed_over;
mod reason;
mod report;
mod tools;

use std::io::{self, Write};
use std::path::PathBuf;

use anstyle::AnsiColor;

use super::{LogPlace, Sink};
use crate::event::{BuildEvent, CommandEvent, Event, Notice, Timestamped};
use crate::phase::Status;
use crate::record::Record;
use crate::terminal::{Out, Style, visible};
use report::Report;

pub use report::Draw;

/// Writes warnings as they come and a summary at the end.
pub struct Summary<W: Write> {
    out: Out<W>,
    artifacts: Option<PathBuf>,
    draw: Draw,
    log_file: Option<LogPlace>,
    /// For each command the line of the log file with which it begins.
    log_lines: Vec<u64>,
    is_quiet: bool,
    record: Record,
}

impl<W: Write> std::fmt::Debug for Summary<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Summary").finish_non_exhaustive()
    }
}

impl<W: Write> Summary<W> {
    /// Makes a summary that goes to `out`; `artifacts` is where the build's artifacts go.
    pub fn new(out: Out<W>, artifacts: Option<PathBuf>) -> Self {
        Self {
            out,
            artifacts,
            draw: |problem, _| format!("{}\n", visible(&problem.to_string())),
            log_file: None,
            log_lines: Vec::new(),
            is_quiet: false,
            record: Record::default(),
        }
    }

    /// Draws problems of buildspecs in another way than in one line each.
    #[must_use]
    pub fn drawing(mut self, draw: Draw) -> Self {
        self.draw = draw;
        self
    }

    /// The same summary, which names the place of a command in a log file, where there is one. The sink of
    /// the file comes before this one.
    #[must_use]
    pub fn log_file(self, log_file: Option<LogPlace>) -> Self {
        Self { log_file, ..self }
    }

    /// The same summary of what went wrong alone, as the output of failed commands is all that is shown.
    #[must_use]
    pub fn quiet(self, is_quiet: bool) -> Self {
        Self { is_quiet, ..self }
    }

    fn notice(&mut self, notice: &Notice) -> io::Result<()> {
        match notice {
            Notice::Warning { message } => {
                let style = Style::color(AnsiColor::Yellow).bold();
                writeln!(self.out, "{style}warning:{style:#} {message}")
            }
            Notice::Stopping { grace } => writeln!(
                self.out,
                "stopping: the running command has {} s to end; another Ctrl-C kills it",
                grace.as_secs_f64()
            ),
            Notice::Hint { .. }
            | Notice::OutOfMemory { .. }
            | Notice::Caveat { .. }
            | Notice::BuildspecProblems(_) => Ok(()),
        }
    }
}

impl<W: Write + Send> Sink for Summary<W> {
    fn event(&mut self, event: &Timestamped) -> io::Result<()> {
        self.record.observe(event);
        match &event.event {
            Event::Notice(notice) => self.notice(notice),
            Event::Command(CommandEvent::Started { .. }) => {
                let line = self.log_file.as_ref().map(LogPlace::line);
                self.log_lines.extend(line);
                Ok(())
            }
            // The build has no verdict then, and why is told as an error.
            Event::Build(BuildEvent::Finished {
                status: Status::Fault,
            }) => Ok(()),
            Event::Build(BuildEvent::Finished { status }) => Report {
                record: &self.record,
                artifacts: self.artifacts.as_deref(),
                draw: self.draw,
                log_file: self
                    .log_file
                    .as_ref()
                    .map(|place| (place.path(), &*self.log_lines)),
                is_quiet: self.is_quiet,
                end: event.time,
                status: *status,
            }
            .write(&mut self.out),
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
