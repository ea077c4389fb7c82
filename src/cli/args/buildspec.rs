//! The buildspec, which of its commands run, and how long.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use clap::Args;
use clap::builder::OsStringValueParser;

use super::duration::{parse_duration, parse_timeout};
use super::heading;
use crate::phase::PhaseType;
use crate::plan::part::{self, Mock, Part, Step};

/// Which buildspec is read, and which of its commands run.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = heading::BUILDSPEC)]
pub(crate) struct BuildspecArgs {
    /// Buildspec to run [default: buildspec.yml].
    ///
    /// A path in the source, an absolute path of this machine, the text of a buildspec, or `-` for stdin.
    #[arg(short, long, value_name = "FILE", value_parser = OsStringValueParser::new())]
    buildspec: Option<OsString>,

    /// Begin at a phase, or at its command N.
    ///
    /// What comes before does not run. Phases are install, pre_build, build and post_build; commands count from 1.
    #[arg(long, value_name = "PHASE[:N]", conflicts_with = "only")]
    from: Option<Step>,

    /// Run the commands of one phase only.
    #[arg(long, value_name = "PHASE", value_parser = part::phase, hide_short_help = true)]
    only: Option<PhaseType>,

    /// Skip commands that match a regular expression, and log them as mocked.
    #[arg(long, value_name = "REGEX", hide_short_help = true)]
    mock: Vec<Mock>,

    /// Time limit, such as 90s or 1h30m [default: 60m].
    #[arg(long, value_name = "DURATION", value_parser = parse_timeout)]
    timeout: Option<Duration>,

    /// Time that commands have to end after a stop or the timeout, before they are killed
    /// [default: 10s].
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, hide_short_help = true)]
    grace: Option<Duration>,
}

impl BuildspecArgs {
    /// The buildspec as it is named.
    pub(crate) fn name(&self) -> Option<&OsStr> {
        self.buildspec.as_deref()
    }

    /// The commands that run.
    pub(crate) fn part(&self) -> Part {
        Part {
            from: self.from,
            only: self.only,
            mocks: self.mock.clone(),
        }
    }

    /// How long the build may take.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// How long its commands may take to end.
    pub(crate) fn grace(&self) -> Option<Duration> {
        self.grace
    }
}
