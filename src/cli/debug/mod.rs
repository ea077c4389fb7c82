//! `cobuild run --debug`: lets people look into a paused build.

mod keep;
mod menu;
mod pauses;
mod shell;
mod terminal;

use clap::{Args, ValueEnum};

use super::args::heading;
use super::failure::Failure;
use crate::build::DebuggerMaker;
use crate::engine::docker::Docker;
use crate::plan::part::Step;
use crate::settings::Environment;

use keep::Keep;
pub(super) use keep::KeptContainer;
use menu::Menu;
use pauses::Breaks;
use terminal::Terminal;

/// How a build is debugged.
#[derive(Debug, Args)]
#[command(next_help_heading = heading::DEBUGGING)]
pub(super) struct DebugArgs {
    /// Pause at a failing command and at a codebuild-breakpoint.
    ///
    /// A menu offers a shell in the build, a retry of the command and more. `keep` needs no terminal: it leaves
    /// the container and says how to get in.
    #[arg(
        long,
        value_name = "HOW",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "ask",
        hide_possible_values = true
    )]
    debug: Option<How>,

    /// Pause before a phase, or before its command N, too; needs --debug.
    #[arg(
        long,
        value_name = "PHASE[:N]",
        requires = "debug",
        hide_short_help = true
    )]
    break_at: Vec<Step>,

    /// Show the plan as `cobuild plan` does, and run nothing.
    #[arg(long)]
    dry_run: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum How {
    /// Ask on the terminal what happens next.
    Ask,
    /// Leave the container to others.
    Keep,
}

impl DebugArgs {
    /// The steps before which the build pauses.
    pub(super) fn breaks(&self) -> Vec<Step> {
        self.break_at.clone()
    }

    /// Whether the plan is to be shown instead.
    pub(super) fn is_dry(&self) -> bool {
        self.dry_run.unwrap_or_default()
    }

    /// Makes the debugger that is asked for; `client` is the command by which people reach the engine. What is
    /// to be said of a container that stays is in `kept` after the build.
    pub(super) fn debugger(
        &self,
        engine: &Docker,
        client: String,
        environment: &Environment,
        kept: &KeptContainer,
    ) -> Result<Option<DebuggerMaker>, Failure> {
        let breaks = Breaks(self.break_at.clone());
        match self.debug {
            None => Ok(None),
            Some(How::Keep) => {
                let kept = kept.clone();
                Ok(Some(Box::new(|_| {
                    Box::new(Keep::new(breaks, client, kept))
                })))
            }
            Some(How::Ask) => {
                let terminal = Terminal::open().map_err(|error| {
                    Failure::usage(anyhow::Error::new(error).context("--debug needs a terminal"))
                        .hint("`--debug=keep` needs none: it leaves the container and says how to get in")
                })?;
                let kind = environment.get_filled("TERM").unwrap_or("xterm").to_owned();
                let engine = engine.clone();
                Ok(Some(Box::new(move |replan| {
                    Box::new(Menu::new(terminal, kind, engine, breaks, replan))
                })))
            }
        }
    }
}
