//! The build as a whole: its beginning, its end, what it hands on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::identity::BuildIdentity;
use crate::phase::Status;

/// Something that happens to the whole build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all_fields = "camelCase")]
pub enum BuildEvent {
    /// The build was accepted; the first event.
    #[serde(rename = "build-started")]
    Started {
        /// What names the build.
        build: Box<BuildIdentity>,
    },
    /// The variables that the build hands on have their last values.
    #[serde(rename = "variables-exported")]
    VariablesExported {
        /// The variables, in the order of the buildspec.
        variables: Vec<ExportedVariable>,
    },
    /// The build ended; the last event.
    #[serde(rename = "build-finished")]
    Finished {
        /// How it ended.
        status: Status,
    },
}

/// A variable that a build hands on, in the shape of the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExportedVariable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl BuildEvent {
    pub(super) fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::Started { build } => build.texts_mut(),
            Self::VariablesExported { variables } => variables
                .iter_mut()
                .flat_map(|ExportedVariable { name, value }| [name, value])
                .collect(),
            Self::Finished { status: _ } => Vec::new(),
        }
    }

    #[cfg(test)]
    pub(super) fn examples(text: fn() -> String) -> Vec<Self> {
        vec![
            Self::Started {
                build: Box::new(BuildIdentity::example(text)),
            },
            Self::VariablesExported {
                variables: vec![ExportedVariable {
                    name: text(),
                    value: text(),
                }],
            },
            Self::Finished {
                status: Status::Stopped,
            },
        ]
    }
}
