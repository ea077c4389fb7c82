//! A debugger without a terminal: it says how to get into the container, and leaves it.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::pauses::{Breaks, place};
use crate::phase::PhaseType;
use crate::runner::{Cause, DebugAction, Debugger, Halt};
use crate::terminal::{Color, Lines, Out, Page, masked};

/// Leaves the container of a build that fails to others.
#[derive(Debug)]
pub(super) struct Keep {
    breaks: Breaks,
    client: String,
}

impl Keep {
    pub(super) fn new(breaks: Breaks, client: String) -> Self {
        Self { breaks, client }
    }

    /// Returns the command line that opens a shell in the build.
    fn exec_line(&self, halt: &Halt) -> String {
        format!(
            "{} exec -it -u {} {} {}",
            self.client,
            halt.shell.user,
            halt.container.short(),
            halt.shell.command.join(" ")
        )
    }
}

impl Debugger for Keep {
    fn breaks_at(&self, phase: PhaseType, number: usize) -> bool {
        self.breaks.at(phase, number)
    }

    fn decide<'a>(&'a mut self, halt: &'a Halt) -> BoxFuture<'a, DebugAction> {
        let (verdict, what) = match halt.cause {
            Cause::Breakpoint => (
                DebugAction::Wait,
                "`codebuild-resume` in it lets the build go on",
            ),
            Cause::Before | Cause::Failed { .. } => {
                (DebugAction::Keep, "`cobuild clean` removes the container")
            }
        };
        let mut told = Page::default();
        let command = halt.command.trim_end();
        let _ = writeln!(
            told,
            "the build stands still: {}: {}",
            place(halt),
            Lines(command, 2)
        );
        let _ = writeln!(told, "  {}", self.exec_line(halt));
        let _ = writeln!(told, "{what}");
        // Without anybody to read it the build stands still all the same.
        let _ = Out::stderr(Color::Never).page(&told.map(masked));
        async move { verdict }.boxed()
    }
}
