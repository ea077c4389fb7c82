//! What is known of a build, gathered from its events in one place.
//!
//! Pure: events in, a record out. [`BuildRecord`] is the build in the shape of the API; [`Record`] adds
//! what the API does not have, such as its commands.

mod build;
mod command;
mod details;
mod tail;
mod time;

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::event::{
    ArtifactsEvent, CacheEvent, CacheOutcome, CacheRestored, Command, CommandEvent, Event, Notice,
    PhaseEvent, Problems, Timestamped,
};
use crate::phase::{PhaseType, Status};
pub use build::{BuildRecord, BuildStatus, PhaseRecord};
pub use command::{CommandEnd, CommandRecord, PassedOver, PassedOverBy};
pub use details::{
    ArtifactsRecord, AutoRetryRecord, CacheRecord, DebugSessionRecord, EnvironmentRecord,
    LogsRecord, NetworkInterfaceRecord, SourceRecord, SourceVersionRecord, VpcRecord,
};
use tail::Tail;
pub use tail::{ErrorLine, Excerpt};
pub use time::EpochTime;

/// A build, its commands, and what cobuild has to say of it.
#[derive(Debug, Default)]
pub struct Record {
    /// The build; absent until it starts.
    pub build: Option<BuildRecord>,
    /// The commands that started, in order.
    pub commands: Vec<CommandRecord>,
    /// The commands that did not run, or whose failure does not count, in order.
    pub passed_over: Vec<PassedOver>,
    /// The phases that were left out as a whole.
    pub left_out: Vec<PhaseType>,
    /// What came of the cache, when the build has one.
    pub cache: Option<CacheResult>,
    /// How many artifact files were found.
    pub artifact_files: usize,
    /// The zips of artifacts that are in their places.
    pub zips: Vec<ZipRecord>,
    /// What people can do about a failure.
    pub hints: Vec<String>,
    /// What the verdict does not say.
    pub caveats: Vec<String>,
    /// What `cobuild check` finds in the buildspec that concerns the build.
    pub problems: Problems,
    /// The lack of memory that no command has taken for its reason yet.
    pub out_of_memory: Option<OutOfMemory>,
    tail: Tail,
}

/// What came of the cache of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheResult {
    /// What was restored.
    pub restored: CacheRestored,
    /// What was saved; absent when it did not come to that.
    pub saved: Option<CacheOutcome>,
}

/// A zip of artifacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZipRecord {
    /// Where it is, on this machine.
    pub location: String,
    /// How many files are in it.
    pub files: usize,
    /// How long it is, in bytes.
    pub size: u64,
}

/// The kernel killed a process of the build for lack of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfMemory {
    /// How much memory the build may use, in bytes.
    pub limit: Option<u64>,
}

impl Record {
    /// Takes the next event in.
    pub fn observe(&mut self, event: &Timestamped) {
        BuildRecord::observe(&mut self.build, event);
        match &event.event {
            Event::Command(command) => self.command(event, command),
            Event::Phase(PhaseEvent::Retried { phase, .. }) => self.retried(*phase),
            Event::Phase(PhaseEvent::LeftOut { phase }) => self.left_out.push(*phase),
            Event::Cache(CacheEvent::Restored(restored)) => {
                self.cache = Some(CacheResult {
                    restored: restored.clone(),
                    saved: None,
                });
            }
            Event::Cache(CacheEvent::Saved(outcome)) => {
                if let Some(cache) = &mut self.cache {
                    cache.saved = Some(outcome.clone());
                }
            }
            Event::Artifacts(ArtifactsEvent::FilesFound { count }) => self.artifact_files += count,
            Event::Artifacts(ArtifactsEvent::Placed {
                location,
                files,
                size: Some(size),
                ..
            }) => self.zips.push(ZipRecord {
                location: location.clone(),
                files: *files,
                size: *size,
            }),
            Event::Notice(Notice::Hint { message }) => self.hints.push(message.clone()),
            Event::Notice(Notice::Caveat { message }) => self.caveats.push(message.clone()),
            Event::Notice(Notice::BuildspecProblems(problems)) => {
                self.problems = problems.clone();
            }
            Event::Notice(Notice::OutOfMemory { limit }) => {
                self.out_of_memory = Some(OutOfMemory { limit: *limit });
            }
            _ => {}
        }
    }

    /// Returns the phases that have started.
    pub fn phases(&self) -> &[PhaseRecord] {
        self.build.as_ref().map_or(&[], |build| &build.phases)
    }

    /// Whether a phase succeeded in the end, whatever was tried before.
    pub fn has_succeeded(&self, phase: PhaseType) -> bool {
        self.phases()
            .iter()
            .any(|entry| entry.phase_type == phase && entry.phase_status == Some(Status::Succeeded))
    }

    /// Returns the commands that failed, but those of an attempt that was followed by another.
    pub fn failed_commands(&self) -> impl Iterator<Item = &CommandRecord> {
        self.commands
            .iter()
            .filter(|command| command.has_failed() && !command.is_retried)
    }

    /// Returns the failed commands of the phases that did not succeed in the end.
    pub fn unmended_commands(&self) -> impl Iterator<Item = &CommandRecord> {
        self.failed_commands()
            .filter(|record| !self.has_succeeded(record.command.phase))
    }

    /// Returns the commands that did not end by themselves.
    pub fn interrupted_commands(&self) -> impl Iterator<Item = &CommandRecord> {
        self.commands
            .iter()
            .filter(|command| command.is_cut_short())
    }

    fn retried(&mut self, phase: PhaseType) {
        let commands = self.commands.iter_mut();
        for command in commands.filter(|record| record.command.phase == phase) {
            command.is_retried = true;
        }
    }

    fn command(&mut self, event: &Timestamped, command: &CommandEvent) {
        match command {
            CommandEvent::Started { command } => {
                self.commands
                    .push(CommandRecord::started(command, event.time));
            }
            CommandEvent::LeftOut { command } => self.pass_over(command, PassedOverBy::Part),
            CommandEvent::Skipped { command } => self.pass_over(command, PassedOverBy::Debugger),
            CommandEvent::Output(output) => self.tail.feed(&output.bytes),
            CommandEvent::Mocked => self.last(|command| command.is_mocked = true),
            CommandEvent::Finished {
                exit_status,
                duration,
                ..
            } => {
                let output = self.tail.take();
                let out_of_memory = self.out_of_memory.take();
                let exit_status = *exit_status;
                self.last(|command| {
                    command.end = Some(CommandEnd::Finished { exit_status });
                    command.duration = Some(*duration);
                    if exit_status != 0 {
                        command.output = output;
                        command.out_of_memory = out_of_memory;
                    }
                });
            }
            CommandEvent::Interrupted { duration, .. } => {
                self.cut_short(CommandEnd::Interrupted, *duration);
            }
            CommandEvent::Lost { duration, .. } => self.cut_short(CommandEnd::Lost, *duration),
        }
    }

    fn pass_over(&mut self, command: &Command, by: PassedOverBy) {
        let command = command.clone();
        self.passed_over.push(PassedOver { command, by });
    }

    fn cut_short(&mut self, end: CommandEnd, duration: Duration) {
        let output = self.tail.take();
        self.last(|command| {
            command.end = Some(end);
            command.duration = Some(duration);
            command.output = output;
        });
    }

    /// Changes the command that runs.
    fn last(&mut self, change: impl FnOnce(&mut CommandRecord)) {
        if let Some(command) = self.commands.last_mut() {
            change(command);
        }
    }
}
