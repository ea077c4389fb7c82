//! The commands of a phase.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::buildspec::OnFailure;
use crate::phase::PhaseType;

/// One command phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhasePlan {
    /// The phase.
    pub phase: PhaseType,
    /// Whether the buildspec has it.
    pub named: bool,
    /// The user of its commands; `root` by default.
    pub user: String,
    /// `commands`.
    pub commands: Vec<String>,
    /// The number of leading commands that do not run.
    pub left_out: usize,
    /// `finally`.
    pub finally: Vec<String>,
    /// Whether `finally` does not run.
    pub finally_left_out: bool,
    /// The action after a failure.
    pub on_failure: OnFailure,
}

impl PhasePlan {
    /// Returns the commands that run, those of `finally` too.
    pub fn running(&self) -> impl Iterator<Item = &str> {
        let commands = self.commands.iter().skip(self.left_out);
        let finally = self.finally.iter().filter(|_| !self.finally_left_out);
        commands.chain(finally).map(String::as_str)
    }
}
