//! Where a build pauses.

use crate::phase::PhaseType;
use crate::plan::part::Step;
use crate::runner::{Cause, Halt};

/// The commands before which a build pauses.
#[derive(Debug, Clone)]
pub(super) struct Breaks(pub(super) Vec<Step>);

impl Breaks {
    pub(super) fn at(&self, phase: PhaseType, number: usize) -> bool {
        self.0
            .iter()
            .any(|step| step.phase == phase && step.command.unwrap_or(1) == number)
    }
}

/// The place where a build is paused, in words.
pub(super) fn place(halt: &Halt) -> String {
    let list = if halt.is_finally { "finally " } else { "" };
    let command = format!("{} {list}command {}", halt.phase, halt.number);
    match halt.cause {
        Cause::Before => format!("before {command}"),
        Cause::Failed { exit_status } => format!("{command} failed with exit status {exit_status}"),
        Cause::Breakpoint => format!("at a breakpoint in {command}"),
    }
}
