//! What CodeBuild's agent does before the first command (contract §4.3).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::phase::PhaseType;

/// A step of the agent in DOWNLOAD_SOURCE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all_fields = "camelCase")]
pub enum AgentEvent {
    /// The buildspec was found.
    #[serde(rename = "buildspec-located")]
    BuildspecLocated {
        /// Its absolute path in the container.
        path: String,
    },
    /// The buildspec has keys that the agent does not know.
    #[serde(rename = "unknown-keys")]
    UnknownKeys {
        /// The sections that have such keys.
        sections: Vec<UnknownKeys>,
    },
    /// The buildspec selects a shell.
    #[serde(rename = "shell-selected")]
    ShellSelected {
        /// The shell as written.
        shell: String,
    },
    /// The agent adapts its HTTP client to the kind of source.
    #[serde(rename = "http-timeout-raised")]
    HttpTimeoutRaised {
        /// The kind of source, in the log's words.
        source: String,
    },
    /// The environment variables are in place.
    #[serde(rename = "environment-processed")]
    EnvironmentProcessed {
        /// Whether the parameter store is asked for values.
        parameter_store: bool,
    },
    /// The agent enters the source directory.
    #[serde(rename = "directory-entered")]
    DirectoryEntered {
        /// The directory in the container.
        path: String,
    },
    /// The agent is ready to run commands.
    #[serde(rename = "agent-registered")]
    Registered {
        /// The command phases that the buildspec names.
        phases: Vec<PhaseCommands>,
    },
}

/// The unknown keys of one section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnknownKeys {
    /// The name of the section.
    pub section: String,
    /// The keys.
    pub keys: Vec<String>,
}

/// How many commands a phase has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseCommands {
    /// The phase.
    pub phase: PhaseType,
    /// The number of its commands, without those of `finally`.
    pub commands: usize,
}

impl AgentEvent {
    pub(super) fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::BuildspecLocated { path } | Self::DirectoryEntered { path } => vec![path],
            Self::UnknownKeys { sections } => sections
                .iter_mut()
                .flat_map(|UnknownKeys { section, keys }| std::iter::once(section).chain(keys))
                .collect(),
            Self::ShellSelected { shell } => vec![shell],
            // The words are ours.
            Self::HttpTimeoutRaised { source: _ }
            | Self::EnvironmentProcessed { parameter_store: _ }
            | Self::Registered { phases: _ } => Vec::new(),
        }
    }

    #[cfg(test)]
    pub(super) fn examples(text: fn() -> String) -> Vec<Self> {
        vec![
            Self::BuildspecLocated { path: text() },
            Self::UnknownKeys {
                sections: vec![UnknownKeys {
                    section: text(),
                    keys: vec![text(), text()],
                }],
            },
            Self::ShellSelected { shell: text() },
            Self::HttpTimeoutRaised {
                source: "S3 source".to_owned(),
            },
            Self::EnvironmentProcessed {
                parameter_store: true,
            },
            Self::DirectoryEntered { path: text() },
            Self::Registered {
                phases: vec![PhaseCommands {
                    phase: PhaseType::PreBuild,
                    commands: 3,
                }],
            },
        ]
    }
}
