//! How a build is shown.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::heading;
use crate::cli::failure::Failure;
use crate::cli::named::Named;
use crate::sinks::Timestamps;

/// The flags that say how the log looks, and where it goes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = heading::OUTPUT)]
pub(crate) struct LogArgs {
    /// What the agent's lines begin with [default: short on a terminal, full elsewhere].
    #[arg(long, value_name = "FORM", hide_short_help = true)]
    timestamps: Option<TimestampsArg>,

    /// Show only the output of commands that fail, and how the build ended.
    #[arg(short, long)]
    quiet: Option<bool>,

    /// Write the log to a file too, with full timestamps, while the build runs.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) log_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TimestampsArg {
    /// As CodeBuild: `[Container] 2026/11/22 11:25:13.594267`.
    Full,
    /// The time since the build began: `0:04.2`.
    Short,
    /// Not at all.
    None,
}

impl LogArgs {
    /// The log file, with the flag that names it.
    pub(crate) fn file(&self) -> (&'static str, &Option<PathBuf>) {
        ("--log-file", &self.log_file)
    }

    /// Refuses a file that a link of a source leads out of it.
    pub(crate) fn check(&self, named: &Named) -> Result<(), Failure> {
        match &self.log_file {
            Some(path) => named.check("--log-file", path),
            None => Ok(()),
        }
    }

    /// Whether only failures are shown.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet.unwrap_or_default()
    }

    /// What the agent's lines begin with on a terminal, or elsewhere.
    pub(crate) fn timestamps(&self, is_terminal: bool) -> Timestamps {
        match self.timestamps {
            Some(TimestampsArg::Full) => Timestamps::Full,
            Some(TimestampsArg::Short) => Timestamps::Short,
            Some(TimestampsArg::None) => Timestamps::None,
            None if is_terminal => Timestamps::Short,
            None => Timestamps::Full,
        }
    }
}
