//! A command of a build, from its start to its end.

use std::time::Duration;

use jiff::Timestamp;

use super::OutOfMemory;
use super::tail::Excerpt;
use crate::event::Command;

/// A command that started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandRecord {
    /// The command.
    pub command: Command,
    /// When it started.
    pub start: Timestamp,
    /// How it ended; absent while it runs.
    pub end: Option<CommandEnd>,
    /// How long it took; absent while it runs.
    pub duration: Option<Duration>,
    /// Whether it was only pretended to run.
    pub is_mocked: bool,
    /// Whether its phase has run again since.
    pub is_retried: bool,
    /// What is kept of the output of a command that did not end well.
    pub output: Excerpt,
    /// The lack of memory by which it failed.
    pub out_of_memory: Option<OutOfMemory>,
}

/// A command that did not run, or whose failure does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// The command.
    pub command: Command,
    /// By what.
    pub by: PassedOverBy,
}

/// By what a command is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassedOverBy {
    /// By `--from` or `--only`.
    Part,
    /// By somebody in the debugger.
    Debugger,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandEnd {
    /// By itself.
    Finished {
        /// Its exit status.
        exit_status: i32,
    },
    /// It was cut short by a timeout or a stop.
    Interrupted,
    /// The container or the engine went away.
    Lost,
}

impl CommandRecord {
    pub(super) fn started(command: &Command, start: Timestamp) -> Self {
        Self {
            command: command.clone(),
            start,
            end: None,
            duration: None,
            is_mocked: false,
            is_retried: false,
            output: Excerpt::default(),
            out_of_memory: None,
        }
    }

    /// Returns its exit status, when it has one.
    pub fn exit_status(&self) -> Option<i32> {
        match self.end {
            Some(CommandEnd::Finished { exit_status }) => Some(exit_status),
            Some(CommandEnd::Interrupted | CommandEnd::Lost) | None => None,
        }
    }

    /// Whether it ended by itself and not well.
    pub fn has_failed(&self) -> bool {
        self.exit_status().is_some_and(|status| status != 0)
    }

    /// Whether it did not end by itself: a timeout or a stop ended it, or its container went away.
    pub fn is_cut_short(&self) -> bool {
        matches!(self.end, Some(CommandEnd::Interrupted | CommandEnd::Lost))
    }
}
