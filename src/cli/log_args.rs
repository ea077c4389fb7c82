//! How a build is shown.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::sinks::Timestamps;

/// The flags that say how the log looks, and where it goes.
#[derive(Debug, Args)]
pub(super) struct LogArgs {
    /// What the agent's lines begin with; without it `short` on a terminal and `full` elsewhere.
    #[arg(long, value_name = "FORM")]
    timestamps: Option<TimestampsArg>,

    /// Show the output of commands that fail, and how the build ended; nothing else.
    #[arg(short, long)]
    quiet: Option<bool>,

    /// Write the log with full timestamps into a file too, while the build runs.
    #[arg(long, value_name = "FILE")]
    pub(super) log_file: Option<PathBuf>,
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
    /// Whether only failures are shown.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet.unwrap_or_default()
    }

    /// What the agent's lines begin with on a terminal, or elsewhere.
    pub(super) fn timestamps(&self, is_terminal: bool) -> Timestamps {
        match self.timestamps {
            Some(TimestampsArg::Full) => Timestamps::Full,
            Some(TimestampsArg::Short) => Timestamps::Short,
            Some(TimestampsArg::None) => Timestamps::None,
            None if is_terminal => Timestamps::Short,
            None => Timestamps::Full,
        }
    }
}
