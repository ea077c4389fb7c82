//! What people should know and CodeBuild's log does not have.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::Problems;
use super::seconds;

/// Something that cobuild itself has to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all_fields = "camelCase")]
pub enum Notice {
    /// Something is not as people may expect it.
    #[serde(rename = "warning")]
    Warning {
        /// A sentence.
        message: String,
    },
    /// What people can do about a failure.
    #[serde(rename = "hint")]
    Hint {
        /// A sentence.
        message: String,
    },
    /// What the verdict of the build does not say, such as that a section of the buildspec did nothing; it is
    /// told with the verdict.
    #[serde(rename = "caveat")]
    Caveat {
        /// A sentence.
        message: String,
    },
    /// `cobuild check` finds problems in the buildspec that concern the build.
    #[serde(rename = "buildspec-problems")]
    BuildspecProblems(Problems),
    /// The user stopped the build, and the running command is asked to end. It comes in the midst of the
    /// command's output.
    #[serde(rename = "stopping")]
    Stopping {
        /// How long the command may take to end, in seconds.
        #[serde(rename = "graceInSeconds", with = "seconds")]
        #[schemars(with = "f64")]
        grace: Duration,
    },
    /// The kernel killed a process of the build for lack of memory; what that ends comes next.
    #[serde(rename = "out-of-memory")]
    OutOfMemory {
        /// How much memory the build may use, in bytes; null for all of the machine.
        #[serde(rename = "limitInBytes")]
        limit: Option<u64>,
    },
}

impl Notice {
    pub(super) fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::Warning { message } | Self::Hint { message } | Self::Caveat { message } => {
                vec![message]
            }
            Self::BuildspecProblems(problems) => problems.texts_mut(),
            Self::Stopping { grace: _ } | Self::OutOfMemory { limit: _ } => Vec::new(),
        }
    }

    #[cfg(test)]
    pub(super) fn examples(text: fn() -> String) -> Vec<Self> {
        vec![
            Self::Warning { message: text() },
            Self::Hint { message: text() },
            Self::Caveat { message: text() },
            Self::BuildspecProblems(Problems::example(text)),
            Self::Stopping {
                grace: Duration::from_millis(1500),
            },
            Self::OutOfMemory {
                limit: Some(u64::MAX),
            },
            Self::OutOfMemory { limit: None },
        ]
    }
}
