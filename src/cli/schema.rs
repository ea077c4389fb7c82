//! `cobuild schema`: prints the JSON Schema of buildspecs.

use clap::{Args, ColorChoice};

use super::{Failure, stdout, written};
use crate::buildspec;
use crate::exit::ExitStatus;

/// Print the JSON Schema of buildspecs, for editors and validators.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct SchemaArgs {}

/// Prints the schema.
pub(super) fn run(_: &SchemaArgs, color: ColorChoice) -> Result<ExitStatus, Failure> {
    let mut out = stdout(color);
    written(out.json(&buildspec::schema()).and_then(|()| out.flush()))?;
    Ok(ExitStatus::Succeeded)
}
