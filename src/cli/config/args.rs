//! The flags that choose files of settings.

use clap::Args;

use crate::cli::args::heading;

/// Which files of settings count.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::CONFIGURATION)]
pub(in crate::cli) struct ConfigArgs {
    /// Use the profile `[profile.NAME]` of cobuild.toml; of several the later ones beat the earlier.
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        hide_short_help = true
    )]
    pub(in crate::cli) config_profile: Vec<String>,

    /// Ignore cobuild.toml, the project's and the user's.
    #[arg(long, hide_short_help = true)]
    pub(in crate::cli) no_config: Option<bool>,
}
