//! `cobuild schema`: prints the JSON Schemas of what cobuild reads and writes.

use clap::{Args, ColorChoice, ValueEnum};

use super::{Failure, config, stdout, written};
use crate::exit::ExitStatus;
use crate::plan::PlanDocument;
use crate::settings::layers;
use crate::{buildspec, event};

/// Print a JSON Schema, for editors, validators and programs.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct SchemaArgs {
    /// What the schema describes.
    #[arg(default_value = "buildspec")]
    subject: Subject,
}

/// What has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Subject {
    /// A buildspec.
    Buildspec,
    /// A file cobuild.toml.
    Config,
    /// A line of `cobuild run --format json` and `--events`.
    Events,
    /// The document of `cobuild plan --format json`.
    Plan,
}

impl Subject {
    fn schema(self) -> String {
        match self {
            Self::Buildspec => buildspec::schema(),
            Self::Config => layers::schema(&config::flags(&config::definition())),
            Self::Events => event::schema(),
            Self::Plan => PlanDocument::schema(),
        }
    }
}

/// Prints the schema.
pub(super) fn run(args: &SchemaArgs, color: ColorChoice) -> Result<ExitStatus, Failure> {
    let mut out = stdout(color);
    let schema = args.subject.schema();
    written(out.json(&schema).and_then(|()| out.flush()))?;
    Ok(ExitStatus::Succeeded)
}
