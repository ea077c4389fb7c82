//! The commands of a build, and what they print.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::output::Output;
use super::seconds;
use crate::phase::PhaseType;

/// Something that happens to a command.
///
/// A command that started has exactly one end: it finishes, it is interrupted, or it is lost. One that is
/// left out, or skipped before it started, has neither a start nor an end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all_fields = "camelCase")]
pub enum CommandEvent {
    /// A command starts.
    #[serde(rename = "command-started")]
    Started {
        /// The command.
        #[serde(flatten)]
        command: Command,
    },
    /// The command does not run: `--from` or `--only` leaves it out.
    #[serde(rename = "command-left-out")]
    LeftOut {
        /// The command.
        #[serde(flatten)]
        command: Command,
    },
    /// Somebody skipped the command in the debugger: it did not run, or it failed and that does not count.
    #[serde(rename = "command-skipped")]
    Skipped {
        /// The command.
        #[serde(flatten)]
        command: Command,
    },
    /// The command is only pretended to run.
    #[serde(rename = "command-mocked")]
    Mocked,
    /// Output, as it came: any bytes, cut anywhere but within a character. It is the command's, or that
    /// of what earlier commands left running.
    #[serde(rename = "output")]
    Output(Output),
    /// The command ended by itself.
    #[serde(rename = "command-finished")]
    Finished {
        /// The command.
        #[serde(flatten)]
        command: Command,
        /// Its exit status.
        exit_status: i32,
        /// How long it took, in seconds.
        #[serde(rename = "durationInSeconds", with = "seconds")]
        #[schemars(with = "f64")]
        duration: Duration,
    },
    /// The command was cut short by a timeout or a stop; it has no exit status.
    #[serde(rename = "command-interrupted")]
    Interrupted {
        /// The command.
        #[serde(flatten)]
        command: Command,
        /// How long it took, in seconds.
        #[serde(rename = "durationInSeconds", with = "seconds")]
        #[schemars(with = "f64")]
        duration: Duration,
    },
    /// The container or the engine went away while the command ran; nobody knows how it ended.
    #[serde(rename = "command-lost")]
    Lost {
        /// The command.
        #[serde(flatten)]
        command: Command,
        /// How long it took, in seconds.
        #[serde(rename = "durationInSeconds", with = "seconds")]
        #[schemars(with = "f64")]
        duration: Duration,
    },
}

/// A command of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Command {
    /// The phase that runs it.
    pub phase: PhaseType,
    /// Whether it is one of `finally`.
    #[serde(rename = "finally")]
    pub is_finally: bool,
    /// Its place in its list, counted from 1.
    pub number: usize,
    /// Its text, verbatim.
    #[serde(rename = "command")]
    pub text: String,
}

impl CommandEvent {
    pub(super) fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::Started { command }
            | Self::LeftOut { command }
            | Self::Skipped { command }
            | Self::Finished {
                command,
                exit_status: _,
                duration: _,
            }
            | Self::Interrupted {
                command,
                duration: _,
            }
            | Self::Lost {
                command,
                duration: _,
            } => {
                let Command {
                    phase: _,
                    is_finally: _,
                    number: _,
                    text,
                } = command;
                vec![text]
            }
            Self::Mocked | Self::Output(Output { bytes: _ }) => Vec::new(),
        }
    }

    #[cfg(test)]
    pub(super) fn examples(text: fn() -> String) -> Vec<Self> {
        let command = || Command {
            phase: PhaseType::PostBuild,
            is_finally: true,
            number: 2,
            text: text(),
        };
        let duration = Duration::new(1_000_000, 123_456_789);
        vec![
            Self::Started { command: command() },
            Self::LeftOut { command: command() },
            Self::Skipped { command: command() },
            Self::Mocked,
            Self::Output(Output {
                bytes: b"one\ntwo".as_slice().into(),
            }),
            Self::Output(Output {
                bytes: b"caf\xe9".as_slice().into(),
            }),
            Self::Finished {
                command: command(),
                exit_status: i32::MIN,
                duration,
            },
            Self::Interrupted {
                command: command(),
                duration,
            },
            Self::Lost {
                command: command(),
                duration,
            },
        ]
    }
}
