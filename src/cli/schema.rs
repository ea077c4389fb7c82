//! `cobuild schema`: prints the JSON Schemas of what cobuild reads and writes.

use anyhow::anyhow;
use clap::{Args, ColorChoice, Command, ValueEnum};

use super::config;
use super::failure::Failure;
use super::output::{stdout, written};
use crate::buildspec::UnknownKeySchema;
use crate::exit::ExitStatus;
use crate::plan::PlanDocument;
use crate::settings::layers;
use crate::{buildspec, event};

/// Print a JSON Schema, for editors, validators and programs.
#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// What the schema describes.
    #[arg(default_value = "buildspec")]
    subject: Subject,

    /// Refuse unknown keys of a buildspec, which CodeBuild ignores: most are misspelt.
    #[arg(long)]
    strict: bool,
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
    fn schema(self, definition: &Command, unknown: UnknownKeySchema) -> String {
        match self {
            Self::Buildspec => buildspec::schema(unknown),
            Self::Config => layers::schema(&config::flags(definition)),
            Self::Events => event::schema(),
            Self::Plan => PlanDocument::schema(),
        }
    }
}

/// Prints the schema.
pub(super) fn run(
    args: &SchemaArgs,
    definition: &Command,
    color: ColorChoice,
) -> Result<ExitStatus, Failure> {
    let mut out = stdout(color);
    let unknown = if !args.strict {
        UnknownKeySchema::Valid
    } else if args.subject == Subject::Buildspec {
        UnknownKeySchema::Invalid
    } else {
        let error = anyhow!("--strict is for the schema of a buildspec");
        return Err(Failure::usage(error));
    };
    let schema = args.subject.schema(definition, unknown);
    written(out.json(&schema).and_then(|()| out.flush()))?;
    Ok(ExitStatus::Succeeded)
}
