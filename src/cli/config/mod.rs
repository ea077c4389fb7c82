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

pub(super) use definition::{definition, flags, lenient_matches};
pub(super) use flag_layer::FlagLayer;
use project::read_project;
pub(super) use project::{ProjectFile, project_of};
pub(super) use settle::{Settled, settle, unusable};
pub(super) use told::{Setting, settings, write_text};

/// Which files of settings count.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ConfigArgs {
    /// Profile of cobuild.toml to use, `[profile.NAME]`; of several the later ones beat the earlier.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    config_profile: Vec<String>,

    /// Leave out cobuild.toml, the project's and the user's.
    #[arg(long)]
    no_config: Option<bool>,
}
