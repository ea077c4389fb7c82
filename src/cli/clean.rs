//! `cobuild clean`: removes what debugging sessions left.

use std::io::{self, Write};

use anyhow::Context as _;
use clap::Args;

use super::engine_args::EngineArgs;
use super::{Failure, gather};
use crate::exit::ExitStatus;
use crate::runner::{self, Left};
use crate::settings::Environment;

/// Remove the containers that `cobuild run --debug=keep` left, and their copies of the source.
#[derive(Debug, Args)]
pub(super) struct CleanArgs {
    /// Only list what would go.
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    engine: EngineArgs,
}

/// Removes what was left, and says what it was.
pub(super) async fn run(args: CleanArgs, environment: &Environment) -> Result<ExitStatus, Failure> {
    let connection = args.engine.connect(environment)?;
    let root = environment.cache_directory().join("runs");
    let left = runner::clean(&connection.engine, &root, &gather::labels(), args.dry_run)
        .await
        .map_err(|error| connection.failure(error))?;
    let mut out = io::stdout().lock();
    let verb = if args.dry_run {
        "would remove"
    } else {
        "removed"
    };
    let written = left.iter().try_for_each(|one| match one {
        Left::Container { id, build } => {
            writeln!(out, "{verb} container {} of {build}", id.short())
        }
        Left::Directory(path) => writeln!(out, "{verb} {}", path.display()),
    });
    written
        .context("cannot write what was removed")
        .map_err(Failure::no_verdict)?;
    if left.is_empty() {
        writeln!(out, "nothing was left")
            .context("cannot write")
            .map_err(Failure::no_verdict)?;
    }
    Ok(ExitStatus::Succeeded)
}
