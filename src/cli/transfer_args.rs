//! What names the part of the sources that stays behind.

use clap::Args;

use crate::plan::Excludes;
use crate::source::excludes::check_pattern;

/// What of the sources stays behind.
#[derive(Debug, Clone, Args)]
pub(super) struct TransferArgs {
    /// Leave out what .gitignore files match and git does not track.
    #[arg(long, conflicts_with = "mount")]
    respect_gitignore: Option<bool>,

    /// Leave out what matches, in the syntax of .gitignore; so do lines of a file .cobuildignore in
    /// the source.
    #[arg(long, value_name = "GLOB", conflicts_with = "mount", value_parser = parse_pattern)]
    exclude: Vec<String>,
}

impl TransferArgs {
    /// The patterns.
    pub(super) fn excludes(&self) -> Excludes {
        Excludes {
            patterns: self.exclude.clone(),
            respect_gitignore: self.respect_gitignore.unwrap_or_default(),
        }
    }
}

fn parse_pattern(text: &str) -> Result<String, String> {
    match check_pattern(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
