//! What cobuild itself has to say of a build, apart from the log: warnings and a closing summary.

use std::io::{self, Write};
use std::path::PathBuf;

use anstyle::{AnsiColor, Style};
use jiff::{SignedDuration, Timestamp};

use super::Sink;
use crate::event::{Event, Timestamped};
use crate::phase::{PhaseContext, PhaseType, Status};

/// Writes warnings as they come and a summary at the end.
pub struct Summary<W: Write> {
    out: W,
    artifacts: Option<PathBuf>,
    start: Option<Timestamp>,
    files: usize,
    uploaded: bool,
    failures: Vec<(PhaseType, Status, Option<PhaseContext>)>,
    hints: Vec<String>,
}

impl<W: Write> std::fmt::Debug for Summary<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Summary").finish_non_exhaustive()
    }
}

impl<W: Write> Summary<W> {
    /// Makes a summary that goes to `out`; `artifacts` is where the build's artifacts go.
    pub fn new(out: W, artifacts: Option<PathBuf>) -> Self {
        Self {
            out,
            artifacts,
            start: None,
            files: 0,
            uploaded: false,
            failures: Vec::new(),
            hints: Vec::new(),
        }
    }

    fn close(&mut self, end: Timestamp, status: Status) -> io::Result<()> {
        if status == Status::Fault {
            // The build has no verdict, and why is told as an error.
            return Ok(());
        }
        let color = match status {
            Status::Succeeded => AnsiColor::Green,
            Status::Failed | Status::Fault => AnsiColor::Red,
            Status::TimedOut | Status::Stopped => AnsiColor::Yellow,
        };
        let style = Style::new().bold().fg_color(Some(color.into()));
        let took = self
            .start
            .map_or(SignedDuration::ZERO, |start| end.duration_since(start));
        writeln!(
            self.out,
            "{style}{status}{style:#} in {:.1} s",
            took.as_secs_f64()
        )?;
        for (phase, status, context) in &self.failures {
            match context {
                Some(context) => {
                    let message = context.message.trim_end();
                    writeln!(self.out, "  {phase} {status}: {message}")?;
                }
                None => writeln!(self.out, "  {phase} {status}")?,
            }
        }
        for hint in &self.hints {
            let style = Style::new().bold().fg_color(Some(AnsiColor::Cyan.into()));
            writeln!(self.out, "{style}hint:{style:#} {hint}")?;
        }
        if self.uploaded && self.files > 0 {
            match &self.artifacts {
                Some(directory) => writeln!(
                    self.out,
                    "  {} in {}",
                    files(self.files),
                    directory.display()
                )?,
                None => writeln!(
                    self.out,
                    "  {} not kept; `-a DIR` keeps them",
                    files(self.files)
                )?,
            }
        }
        Ok(())
    }
}

fn files(count: usize) -> String {
    match count {
        1 => "1 artifact file".to_owned(),
        count => format!("{count} artifact files"),
    }
}

impl<W: Write + Send> Sink for Summary<W> {
    fn event(&mut self, event: &Timestamped) -> io::Result<()> {
        match &event.event {
            Event::BuildStarted(_) => self.start = Some(event.time),
            Event::ImagePull { image } => writeln!(self.out, "pulling image `{image}`")?,
            Event::Warning { message } => {
                let style = Style::new().bold().fg_color(Some(AnsiColor::Yellow.into()));
                writeln!(self.out, "{style}warning:{style:#} {message}")?;
            }
            Event::Stopping { grace } => writeln!(
                self.out,
                "stopping: the running command has {} s to end; another Ctrl-C kills it",
                grace.as_secs()
            )?,
            Event::Hint { message } => self.hints.push(message.clone()),
            Event::FilesFound { count } => self.files += count,
            Event::PhaseFinished {
                phase,
                status,
                context,
            } => {
                if *status != Status::Succeeded {
                    self.failures.push((*phase, *status, context.clone()));
                } else if *phase == PhaseType::UploadArtifacts {
                    self.uploaded = true;
                }
            }
            Event::BuildFinished { status } => self.close(event.time, *status)?,
            _ => {}
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
