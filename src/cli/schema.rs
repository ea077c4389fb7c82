//! `cobuild schema`: prints the JSON Schema of buildspecs.

use std::io::{self, Write as _};

use clap::Args;

use super::Failure;
use crate::buildspec;
use crate::exit::ExitStatus;

/// Print the JSON Schema of buildspecs, for editors and validators.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct SchemaArgs {}

/// Prints the schema. Whoever stops reading has read enough.
pub(super) fn run(_: &SchemaArgs) -> Result<ExitStatus, Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(buildspec::schema().as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::no_verdict(
            anyhow::Error::new(error).context("cannot write to stdout"),
        )),
        Ok(()) | Err(_) => Ok(ExitStatus::Succeeded),
    }
}
