//! The menu of a paused build.

use std::io;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::pauses::{Breaks, place};
use super::shell::{self, ShellEnd};
use super::terminal::Terminal;
use crate::build::{Refused, Replan, Revised};
use crate::cli::check::draw;
use crate::engine::docker::Docker;
use crate::event::Problems;
use crate::phase::PhaseType;
use crate::runner::{Cause, DebugAction, Debugger, Halt};
use crate::terminal::{Out, Page, masked};

/// Asks on the terminal what happens next.
pub(super) struct Menu {
    terminal: Terminal,
    engine: Docker,
    breaks: Breaks,
    replan: Replan,
    kind: String,
}

/// What can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Shell,
    Retry,
    Edited,
    Skip,
    GoOn,
    Abort,
}

impl Choice {
    /// What there is to choose, with its key and what it does.
    fn offered(cause: Cause) -> &'static [(Self, &'static str, &'static str)] {
        match cause {
            Cause::Failed { .. } => &[
                (Self::Shell, "s", "shell in the build"),
                (Self::Retry, "r", "retry the command"),
                (Self::Edited, "e", "read the buildspec again and retry"),
                (Self::Skip, "k", "skip it, as if it had succeeded"),
                (Self::GoOn, "g", "go on with the failure"),
                (Self::Abort, "a", "abort the build"),
            ],
            Cause::Before => &[
                (Self::Shell, "s", "shell in the build"),
                (Self::GoOn, "g", "go on"),
                (Self::Edited, "e", "read the buildspec again and go on"),
                (Self::Skip, "k", "skip the command"),
                (Self::Abort, "a", "abort the build"),
            ],
            Cause::Breakpoint => &[
                (Self::Shell, "s", "shell in the build"),
                (Self::GoOn, "g", "go on"),
                (Self::Abort, "a", "abort the build"),
            ],
        }
    }

    /// Reads a line that was typed: a key, whatever follows it.
    fn read(line: &str, cause: Cause) -> Option<Self> {
        let key = line.trim().chars().next()?.to_ascii_lowercase();
        Self::offered(cause)
            .iter()
            .find(|(_, offered, _)| offered.starts_with(key))
            .map(|(choice, ..)| *choice)
    }
}

impl Menu {
    pub(super) fn new(
        terminal: Terminal,
        kind: String,
        engine: Docker,
        breaks: Breaks,
        replan: Replan,
    ) -> Self {
        Self {
            terminal,
            engine,
            breaks,
            replan,
            kind,
        }
    }

    async fn ask(&mut self, halt: &Halt) -> io::Result<DebugAction> {
        let mut introduction = Page::default();
        let _ = writeln!(introduction);
        let _ = writeln!(introduction, "== {}", place(halt));
        for line in halt.command.trim_end().lines() {
            let _ = writeln!(introduction, "   {line}");
        }
        self.say(introduction).await?;
        loop {
            let Some(choice) = self.choose(halt.cause).await? else {
                continue;
            };
            match choice {
                Choice::Shell => {
                    self.complain(fate_of_exports(halt.cause)).await?;
                    match shell::run(&self.terminal, &self.engine, halt, &self.kind).await {
                        Ok(ShellEnd::Left) => {}
                        Ok(ShellEnd::Resumed) => return Ok(DebugAction::GoOn),
                        Err(error) => self.complain(&format!("no shell: {error:#}")).await?,
                    }
                }
                Choice::Edited => match self.replan.revise() {
                    Ok(revised) => {
                        self.tell_problems(&revised.problems).await?;
                        for line in changes(&revised) {
                            self.complain(&line).await?;
                        }
                        return Ok(DebugAction::RetryEdited(Box::new(revised.revision)));
                    }
                    Err(Refused { message, problems }) => {
                        self.complain(&message).await?;
                        self.tell_problems(&problems).await?;
                    }
                },
                Choice::Retry => return Ok(DebugAction::Retry),
                Choice::Skip => return Ok(DebugAction::Skip),
                Choice::GoOn => return Ok(DebugAction::GoOn),
                Choice::Abort => return Ok(DebugAction::Abort),
            }
        }
    }

    /// Asks once; `None` when nothing was chosen.
    async fn choose(&self, cause: Cause) -> io::Result<Option<Choice>> {
        let mut question = Page::default();
        for (_, key, what) in Choice::offered(cause) {
            let _ = writeln!(question, "  {key}  {what}");
        }
        self.say(question).await?;
        self.terminal.write(b"debug> ").await?;
        let mut line = [0; 256];
        let count = self.terminal.read(&mut line).await?;
        if count == 0 {
            // Nobody is there any more, or wants to be.
            return Ok(Some(Choice::Abort));
        }
        let line = String::from_utf8_lossy(&line[..count]);
        Ok(Choice::read(&line, cause))
    }

    /// Shows what `cobuild check` finds.
    async fn tell_problems(&self, problems: &Problems) -> io::Result<()> {
        let mut out = Out::screen(Vec::new(), false);
        for problem in &problems.problems {
            out.drawn(&masked(&draw(problem, true)))?;
        }
        self.terminal.write(&out.into_inner()).await
    }

    async fn complain(&self, problem: &str) -> io::Result<()> {
        let mut page = Page::default();
        let _ = writeln!(page, "{problem}");
        self.say(page).await
    }

    async fn say(&self, page: Page) -> io::Result<()> {
        let mut out = Out::screen(Vec::new(), false);
        out.page(&page.map(masked))?;
        self.terminal.write(&out.into_inner()).await
    }
}

/// Says what becomes of what a shell exports.
fn fate_of_exports(cause: Cause) -> &'static str {
    match cause {
        Cause::Failed { .. } | Cause::Before => {
            "the variables that this shell exports, and its directory, hold for the commands that follow"
        }
        Cause::Breakpoint => {
            "the command waits and keeps its variables: those that this shell exports are lost"
        }
    }
}

/// Says what of an edited buildspec holds from now on, and what does not.
fn changes(revised: &Revised) -> Vec<String> {
    let Revised {
        revision,
        is_unchanged,
        ..
    } = revised;
    let names = revision.variables.iter().map(|(name, _)| name.as_str());
    let names: Vec<&str> = names.collect();
    let mut lines = Vec::new();
    if *is_unchanged {
        lines.push("the buildspec is unchanged".to_owned());
    }
    if !names.is_empty() {
        lines.push(format!(
            "set for the commands that follow: {}",
            names.join(", ")
        ));
    }
    if !revision.too_late.is_empty() {
        let changes = revision.too_late.join(", ");
        lines.push(format!(
            "changed, but of no effect in this build any more: {changes}"
        ));
    }
    lines
}

impl Debugger for Menu {
    fn breaks_at(&self, phase: PhaseType, number: usize) -> bool {
        self.breaks.at(phase, number)
    }

    fn decide<'a>(&'a mut self, halt: &'a Halt) -> BoxFuture<'a, DebugAction> {
        async move {
            self.ask(halt).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "the terminal is gone");
                DebugAction::Abort
            })
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_or_a_word_chooses_what_is_offered() {
        let failed = Cause::Failed { exit_status: 1 };
        for (line, choice) in [
            ("s\n", Some(Choice::Shell)),
            ("Retry\n", Some(Choice::Retry)),
            (" go on\n", Some(Choice::GoOn)),
            ("k", Some(Choice::Skip)),
            ("\n", None),
            ("x\n", None),
        ] {
            assert_eq!(Choice::read(line, failed), choice, "{line:?}");
        }
        assert_eq!(Choice::read("r\n", Cause::Before), None);
        assert_eq!(Choice::read("k\n", Cause::Breakpoint), None);
    }
}
