//! Pauses builds for debugging (contract §6.4).

use super::cancel::CancelReason;
use super::debugger::{Cause, DebugAction, Halt};
use super::interruption::Interruption;
use super::live::Live;
use super::phases::command_position::CommandPosition;
use crate::engine::{Engine, TerminalSpec};
use crate::plan::layout;

impl<E: Engine> Live<'_, E> {
    /// Pauses the build when it has a debugger, and returns the decision.
    pub(super) async fn halt(
        &mut self,
        place: CommandPosition,
        command: &str,
        cause: Cause,
    ) -> Result<DebugAction, Interruption> {
        let Some(debugger) = &mut self.debugger else {
            return Ok(DebugAction::GoOn);
        };
        let sandbox = &self.sandbox;
        let halt = Halt {
            phase: place.phase,
            is_finally: place.is_finally,
            number: place.number,
            command: command.to_owned(),
            cause,
            container: sandbox.container().clone(),
            shell: TerminalSpec {
                command: vec!["sh".to_owned(), layout::DEBUG_SHELL.to_owned()],
                // An image need not have a name for it.
                user: match self.carried.user() {
                    "root" => "0".to_owned(),
                    user => user.to_owned(),
                },
                environment: Vec::new(),
            },
        };
        self.run.events.shown().await;
        let verdict = self.run.cancellation.guard(debugger.decide(&halt)).await;
        match verdict.map_err(Interruption::Cancelled)? {
            DebugAction::Abort => Err(Interruption::Cancelled(CancelReason::Stop)),
            verdict => Ok(verdict),
        }
    }

    /// Whether the build pauses before a command of `commands`.
    pub(super) fn breaks_at(&self, place: CommandPosition) -> bool {
        !place.is_finally
            && self
                .debugger
                .as_ref()
                .is_some_and(|debugger| debugger.breaks_at(place.phase, place.number))
    }
}
