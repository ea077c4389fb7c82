//! What cobuild itself has to say of a build, apart from the log: warnings, and a closing summary.

mod cache;
mod daemon;
mod memory;
mod reason;
mod report;
mod tail;

use std::io::{self, Write};
use std::path::PathBuf;

use anstyle::AnsiColor;
use jiff::{SignedDuration, Timestamp};

use super::Sink;
use crate::event::{CacheEvent, CacheOutcome, CacheRestored, Event, Timestamped};
use crate::phase::{PhaseContext, PhaseType, Status};
use crate::terminal::{Out, Style};
use memory::OutOfMemory;
use tail::Tail;

/// How many of the slowest commands are listed.
const SLOWEST: usize = 3;

/// Commands that take less than this are not worth a line among the slowest.
const SLOW: SignedDuration = SignedDuration::from_secs(1);

/// Writes warnings as they come and a summary at the end.
pub struct Summary<W: Write> {
    out: Out<W>,
    build: Build,
}

/// What the summary knows of the build.
#[derive(Debug, Default)]
struct Build {
    /// Where the artifacts go.
    artifacts: Option<PathBuf>,
    start: Option<Timestamp>,
    /// Whether the container is privileged.
    privileged: bool,
    /// The lack of memory that was told and not yet taken for a reason.
    out_of_memory: Option<OutOfMemory>,
    phases: Vec<Phase>,
    /// When the command that runs began, and its place in its list.
    running: Option<(Timestamp, usize)>,
    tail: Tail,
    /// The slowest commands, the slowest first.
    slowest: Vec<Command>,
    failed: Vec<FailedCommand>,
    files: usize,
    exported: Vec<(String, String)>,
    cache: Option<(CacheRestored, Option<CacheOutcome>)>,
    hints: Vec<String>,
}

#[derive(Debug)]
struct Phase {
    kind: PhaseType,
    start: Timestamp,
    end: Option<(Timestamp, Status, Option<PhaseContext>)>,
}

#[derive(Debug)]
struct Command {
    phase: PhaseType,
    text: String,
    took: SignedDuration,
}

#[derive(Debug)]
struct FailedCommand {
    phase: PhaseType,
    /// Counted from 1 in its phase.
    number: usize,
    text: String,
    exit_status: i32,
    out_of_memory: Option<OutOfMemory>,
    last_lines: Vec<String>,
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
            build: Build {
                artifacts,
                ..Build::default()
            },
        }
    }
}

impl Build {
    fn phase(&self) -> PhaseType {
        self.phases
            .last()
            .map_or(PhaseType::Submitted, |phase| phase.kind)
    }

    fn command_finished(&mut self, end: Timestamp, text: &str, exit_status: i32) {
        let Some((start, number)) = self.running.take() else {
            return;
        };
        let phase = self.phase();
        let took = end.duration_since(start);
        if took >= SLOW {
            self.slowest.push(Command {
                phase,
                text: text.to_owned(),
                took,
            });
            self.slowest
                .sort_by_key(|command| std::cmp::Reverse(command.took));
            self.slowest.truncate(SLOWEST);
        }
        let last_lines = self.tail.take();
        let out_of_memory = self.out_of_memory.take();
        if exit_status != 0 {
            self.failed.push(FailedCommand {
                phase,
                number,
                text: text.to_owned(),
                exit_status,
                out_of_memory,
                last_lines,
            });
        }
    }

    fn observe(&mut self, event: &Timestamped) {
        match &event.event {
            Event::BuildStarted(identity) => {
                self.start = Some(event.time);
                self.privileged = identity.privileged;
            }
            Event::PhaseStarted { phase } => {
                self.phases.push(Phase {
                    kind: *phase,
                    start: event.time,
                    end: None,
                });
            }
            Event::PhaseFinished {
                status, context, ..
            } => {
                if let Some(phase) = self.phases.last_mut() {
                    phase.end = Some((event.time, *status, context.clone()));
                }
            }
            // What failed before is no reason of the end any more.
            Event::PhaseRetried { phase, .. } => {
                self.failed.retain(|failed| failed.phase != *phase);
            }
            Event::CommandStarted { number, .. } => {
                self.running = Some((event.time, *number));
            }
            Event::OutOfMemory { limit } => {
                self.out_of_memory = Some(OutOfMemory { limit: *limit });
            }
            Event::Output { bytes } => self.tail.feed(bytes),
            Event::CommandFinished { text, exit_status } => {
                self.command_finished(event.time, text, *exit_status);
            }
            Event::VariablesExported { variables } => self.exported.clone_from(variables),
            Event::Cache(CacheEvent::Restored(restored)) => {
                self.cache = Some((restored.clone(), None));
            }
            Event::Cache(CacheEvent::Saved { outcome }) => {
                if let Some((_, saved)) = &mut self.cache {
                    *saved = Some(outcome.clone());
                }
            }
            Event::Hint { message } => self.hints.push(message.clone()),
            Event::FilesFound { count } => self.files += count,
            _ => {}
        }
    }
}

impl<W: Write + Send> Sink for Summary<W> {
    fn event(&mut self, event: &Timestamped) -> io::Result<()> {
        self.build.observe(event);
        match &event.event {
            Event::Warning { message } => {
                let style = Style::color(AnsiColor::Yellow).bold();
                writeln!(self.out, "{style}warning:{style:#} {message}")
            }
            Event::Stopping { grace } => writeln!(
                self.out,
                "stopping: the running command has {} s to end; another Ctrl-C kills it",
                grace.as_secs_f64()
            ),
            // The build has no verdict then, and why is told as an error.
            Event::BuildFinished {
                status: Status::Fault,
            } => Ok(()),
            Event::BuildFinished { status } => {
                self.build.report(&mut self.out, event.time, *status)
            }
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
