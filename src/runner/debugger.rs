//! What decides about a paused build.

use std::future::Future;
use std::pin::Pin;

use crate::engine::{ContainerId, TerminalSpec};
use crate::phase::PhaseType;
use crate::plan::Revision;

/// Where and why a build is paused.
#[derive(Debug, Clone)]
pub struct Halt {
    pub phase: PhaseType,
    pub is_finally: bool,
    /// The command's place in its list, counted from 1.
    pub number: usize,
    /// The command, verbatim.
    pub command: String,
    pub cause: Cause,
    pub container: ContainerId,
    /// What opens a shell in it, with the build's variables and in its directory.
    pub shell: TerminalSpec,
}

/// Why a build is paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    Before,
    Failed { exit_status: i32 },
    Breakpoint,
}

/// The decision of the debugger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DebugAction {
    /// The build continues as if it had not paused: a failed command has failed.
    GoOn,
    /// The command runs, again when it ran already.
    Retry,
    /// The build takes this over from its edited buildspec, and the command in this place of it runs.
    RetryEdited(Box<Revision>),
    /// The command counts as one that succeeded.
    Skip,
    Abort,
    /// The build ends here, and its container stays.
    Keep,
    /// The command waits until `codebuild-resume` is called.
    Wait,
}

/// Decides about paused builds.
pub trait Debugger: Send + Sync {
    /// Whether the build pauses before this command of `commands`, counted from 1.
    fn breaks_at(&self, phase: PhaseType, number: usize) -> bool;

    /// Decides how to continue. All previous output has been shown.
    ///
    /// The future may be dropped when the build is cut short.
    fn decide<'a>(
        &'a mut self,
        halt: &'a Halt,
    ) -> Pin<Box<dyn Future<Output = DebugAction> + Send + 'a>>;
}
