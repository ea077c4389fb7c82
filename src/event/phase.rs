//! The phases of a build (contract §2.2).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::phase::{PhaseContext, PhaseType, Status};

/// Something that happens to a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all_fields = "camelCase")]
pub enum PhaseEvent {
    /// A phase starts.
    #[serde(rename = "phase-started")]
    Started {
        /// The phase.
        phase: PhaseType,
    },
    /// `--from` or `--only` leaves out all of the phase that has just started. It ends as SUCCEEDED, as the
    /// agent has it of a phase without commands.
    #[serde(rename = "phase-left-out")]
    LeftOut {
        /// The phase.
        phase: PhaseType,
    },
    /// A phase ended.
    #[serde(rename = "phase-finished")]
    Finished {
        /// The phase.
        phase: PhaseType,
        /// How it ended.
        status: Status,
        /// Why it ended so; null for a stopped phase and for those the agent does not run.
        context: Option<PhaseContext>,
    },
    /// A phase failed and runs again from its first command.
    #[serde(rename = "phase-retried")]
    Retried {
        /// The phase.
        phase: PhaseType,
        /// Which retry this is, from 1.
        retry: u8,
        /// How many retries the phase has.
        count: u8,
    },
}

impl PhaseEvent {
    pub(super) fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::Finished {
                phase: _,
                status: _,
                context,
            } => context.iter_mut().flat_map(context_texts).collect(),
            Self::Started { phase: _ }
            | Self::LeftOut { phase: _ }
            | Self::Retried {
                phase: _,
                retry: _,
                count: _,
            } => Vec::new(),
        }
    }

    #[cfg(test)]
    pub(super) fn examples(text: fn() -> String) -> Vec<Self> {
        vec![
            Self::Started {
                phase: PhaseType::DownloadSource,
            },
            Self::LeftOut {
                phase: PhaseType::PreBuild,
            },
            Self::Finished {
                phase: PhaseType::Build,
                status: Status::TimedOut,
                context: Some(PhaseContext::new(text(), text())),
            },
            Self::Finished {
                phase: PhaseType::Queued,
                status: Status::Succeeded,
                context: None,
            },
            Self::Retried {
                phase: PhaseType::Install,
                retry: 1,
                count: u8::MAX,
            },
        ]
    }
}

/// The texts of a context.
pub(super) fn context_texts(context: &mut PhaseContext) -> [&mut String; 2] {
    let PhaseContext {
        status_code,
        message,
    } = context;
    [status_code, message]
}
