//! The position of a command in the buildspec.

use crate::event::Command;
use crate::phase::PhaseType;

/// The position of a command in the buildspec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::runner) struct CommandPosition {
    pub(in crate::runner) phase: PhaseType,
    pub(in crate::runner) is_finally: bool,
    /// Its place in its list, counted from 1.
    pub(in crate::runner) number: usize,
}

impl CommandPosition {
    /// The command of this text here.
    pub(super) fn command(self, text: &str) -> Command {
        let Self {
            phase,
            is_finally,
            number,
        } = self;
        Command {
            phase,
            is_finally,
            number,
            text: text.to_owned(),
        }
    }
}
