//! A debugger without a terminal: it says how to get into the container, and leaves it.

use std::sync::{Arc, OnceLock};

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
    kept: KeptContainer,
}

impl Keep {
    pub(super) fn new(breaks: Breaks, client: String, kept: KeptContainer) -> Self {
        Self {
            breaks,
            client,
            kept,
        }
    }

    /// What happened, where, how to get in, and what to do next.
    fn page(&self, what: &str, halt: &Halt, hint: &str) -> Page {
        let mut page = Page::default();
        let command = halt.command.trim_end();
        let _ = writeln!(page, "{what}: {}: {}", place(halt), Lines(command, 2));
        let _ = writeln!(page, "  {}", self.exec_line(halt));
        let _ = writeln!(page, "{hint}");
        page.map(masked)
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
        let verdict = match halt.cause {
            Cause::Breakpoint => {
                let hint = "`codebuild-resume` in it lets the build go on";
                tell(&self.page("the build is paused", halt, hint));
                DebugAction::Wait
            }
            Cause::Before | Cause::Failed { .. } => {
                let hint = "`cobuild clean` removes the container";
                self.kept.set(self.page("the container stays", halt, hint));
                DebugAction::Keep
            }
        };
        async move { verdict }.boxed()
    }
}

/// What is to be told of a container that stays, after everything else that a build says.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct KeptContainer(Arc<OnceLock<Page>>);

impl KeptContainer {
    fn set(&self, page: Page) {
        // A build ends where its container stays: there is one.
        let _ = self.0.set(page);
    }

    /// Says it, when a container stays.
    pub(in crate::cli) fn tell(&self) {
        if let Some(page) = self.0.get() {
            tell(page);
        }
    }
}

fn tell(page: &Page) {
    // Without anybody to read it the container stays all the same.
    let _ = Out::stderr(Color::Never).page(page);
}
