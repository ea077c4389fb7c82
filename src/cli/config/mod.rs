//! Settings of the command line, of variables and of files, made into one command line.
//!
//! The definitions of clap are the one table of flags. What a layer may set, how it is written and which
//! values are good is read off them ([`definition`]); whatever the layers say is merged, and parsed once
//! more into the arguments of the command ([`settle`]).

mod definition;
mod flag_layer;
mod project;
mod settle;
mod told;

use clap::Args;

use super::args::heading;
pub(super) use definition::{definition, flags, lenient_matches};
pub(super) use flag_layer::FlagLayer;
use project::read_project;
pub(super) use project::{ProjectFile, project_of};
pub(super) use settle::{ResolvedSettings, profile_names, settle, unusable};
pub(super) use told::{Setting, settings, write_text};

/// Which files of settings count.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::CONFIGURATION)]
pub(super) struct ConfigArgs {
    /// Use the profile `[profile.NAME]` of cobuild.toml; of several the later ones beat the earlier.
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        hide_short_help = true
    )]
    pub(super) config_profile: Vec<String>,

    /// Ignore cobuild.toml, the project's and the user's.
    #[arg(long, hide_short_help = true)]
    pub(super) no_config: Option<bool>,
}
