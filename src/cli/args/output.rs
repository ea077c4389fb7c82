//! What is shown and written of a build.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::{Args, ValueEnum};

use super::heading;
use super::log::LogArgs;
use crate::cli::failure::Failure;
use crate::cli::named::Named;
use crate::settings::{UnwritableError, writable_file};

/// The form of the output, and the files that a build writes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = heading::OUTPUT)]
pub(crate) struct OutputArgs {
    /// Form of the log on stdout: text or json.
    ///
    /// text is the log as CodeBuild writes it, json one event a line.
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        hide_possible_values = true
    )]
    pub(crate) format: Format,

    /// Write the finished build to a file, as JSON in the shape of BatchGetBuilds.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) build_json: Option<PathBuf>,

    /// Write every event of the build to a file, as one line of JSON each, while the build runs.
    ///
    /// `cobuild schema events` prints their schema.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) events: Option<PathBuf>,

    /// Write the exported variables to a file, as NAME=VALUE lines that --env-file reads.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) export_file: Option<PathBuf>,

    /// List the paths that the build added (A), changed (M) and deleted (D) in its sources.
    #[arg(long, hide_short_help = true)]
    pub(crate) show_changes: Option<bool>,
}

/// The form of what is written to stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl OutputArgs {
    /// Refuses files that a link of a source leads out of it.
    pub(crate) fn check(&self, named: &Named) -> Result<(), Failure> {
        for (flag, path) in self.files() {
            if let Some(path) = path {
                named.check(flag, path)?;
            }
        }
        Ok(())
    }

    /// The files, each with the flag that names it.
    fn files(&self) -> [(&'static str, &Option<PathBuf>); 3] {
        [
            ("--build-json", &self.build_json),
            ("--events", &self.events),
            ("--export-file", &self.export_file),
        ]
    }
}

/// What to do where a file cannot be written.
fn hint(error: &UnwritableError) -> Option<&'static str> {
    match error {
        UnwritableError::Directory => Some("name a file in it"),
        UnwritableError::MissingDirectory(_) => Some("make it first: `mkdir -p` makes directories"),
        UnwritableError::NoDirectory(_) => Some("name a file in a directory"),
        UnwritableError::Stream => {
            Some("name a file; what grows with the build can be followed with `tail -F FILE`")
        }
        UnwritableError::Io(_) => None,
    }
}

/// Makes sure that each file can be written, and is another one.
pub(crate) fn open_files(output: &OutputArgs, log: &LogArgs) -> Result<(), Failure> {
    let mut known: Vec<(&str, &Path)> = Vec::new();
    let files = output.files().into_iter().chain([log.file()]);
    for (flag, path) in files {
        let Some(path) = path.as_deref() else {
            continue;
        };
        writable_file(path).map_err(|error| {
            let hint = hint(&error);
            let error =
                anyhow!(error).context(format!("{flag}: cannot write `{}`", path.display()));
            let failure = Failure::usage(error);
            match hint {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        })?;
        if let Some((other, _)) = known.iter().find(|(_, known)| *known == path) {
            let path = path.display();
            return Err(Failure::usage(anyhow!(
                "{other} and {flag} both write `{path}`: name two files"
            )));
        }
        known.push((flag, path));
    }
    Ok(())
}
