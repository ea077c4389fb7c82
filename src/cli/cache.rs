//! `cobuild cache`: looks at what builds have kept, and removes it.

mod clear;
mod explain;
mod list;
mod unreadable;
mod volumes;
mod which;

use clap::{Args, ColorChoice, Subcommand};

use super::args::EngineArgs;
use super::failure::Failure;
use super::installation::installation;
use super::output::CommandOutput;
use crate::build::Installation;
use crate::cache::Store;
use crate::exit::ExitStatus;
use crate::settings::Environment;

/// Look at the caches that builds have kept on this machine, and remove them.
#[derive(Debug, Args)]
pub(super) struct CacheCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(list::ListArgs),
    Explain(explain::ExplainArgs),
    Clear(clear::ClearArgs),
}

/// Does what was asked, and writes what came of it.
pub(super) async fn run(
    command: CacheCommand,
    engine: &EngineArgs,
    environment: &Environment,
    color: ColorChoice,
) -> Result<ExitStatus, Failure> {
    let Installation {
        cache_directory,
        owner,
        ..
    } = installation(environment, color)?;
    let store = Store::new(cache_directory.join("caches"));
    let told = match command.action {
        Action::List(args) => list::list(&args, &store, engine, environment, &owner).await?,
        Action::Explain(args) => CommandOutput::Text(explain::explain(&args, &store)?),
        Action::Clear(args) => {
            CommandOutput::Text(clear::clear(&args, &store, engine, environment, &owner).await?)
        }
    };
    told.write(color)?;
    Ok(ExitStatus::Succeeded)
}
