//! `cobuild cache`: looks at what builds have kept, and removes it.

mod clear;
mod explain;
mod list;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, ColorChoice, Subcommand};
use jiff::Timestamp;

use super::args::{Connection, EngineArgs, namespace};
use super::installation::installation;
use super::{CommandOutput, Failure};
use crate::build::Installation;
use crate::cache::Store;
use crate::engine::{Engine, ListedVolume};
use crate::exit::ExitStatus;
use crate::ownership::{HOST, ObjectKind, Owner};
use crate::runner::LAYERS_LABEL;
use crate::settings::{Environment, SourceRequest, Sources};

/// How long an engine may take to tell of its volumes.
const PATIENCE: Duration = Duration::from_secs(5);

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

/// A namespace, by its name or by the project whose it is.
#[derive(Debug, Args)]
struct Which {
    /// Source directory or zip file of the project [default: .].
    #[arg(short, long, value_name = "DIR", conflicts_with = "cache_namespace")]
    source: Option<PathBuf>,

    /// A namespace, as `cobuild cache list` has it.
    #[arg(long, value_name = "NAME", value_parser = namespace)]
    cache_namespace: Option<String>,
}

impl Which {
    fn name(&self) -> Result<String, Failure> {
        if let Some(name) = &self.cache_namespace {
            return Ok(name.clone());
        }
        let source = self.source.as_ref().map(|it| it.display().to_string());
        let sources = Sources::find(&SourceRequest {
            sources: source.as_slice(),
            ..SourceRequest::default()
        });
        Ok(sources.map_err(Failure::usage)?.primary.identity().name)
    }
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

/// The engine, if there is one, and this machine's volumes of Docker layers in it that this user's cobuild
/// made; an engine that does not answer has none.
async fn volumes(
    engine: &EngineArgs,
    environment: &Environment,
    owner: &Owner,
) -> Option<(Connection, Vec<ListedVolume>)> {
    let listing = async {
        let connection = engine.connect(environment).await.ok()?;
        let volumes = connection.engine.list_volumes(LAYERS_LABEL).await.ok()?;
        Some((connection, volumes))
    };
    let (connection, mut volumes) = tokio::time::timeout(PATIENCE, listing).await.ok()??;
    volumes.retain(|volume| {
        let host = volume.labels.get(HOST);
        host.is_some_and(|host| host == owner.host())
            && owner.has_made(ObjectKind::Volume, &volume.name, &volume.labels)
    });
    Some((connection, volumes))
}

/// The namespace of a volume.
fn namespace_of(volume: &ListedVolume) -> &str {
    volume.labels.get(LAYERS_LABEL).map_or("", String::as_str)
}

/// Names the store in an error.
fn unreadable<T>(result: io::Result<T>, store: &Store) -> Result<T, Failure> {
    result
        .with_context(|| format!("cannot use the caches in `{}`", store.root().display()))
        .map_err(Failure::no_verdict)
}

/// How long ago a moment was, in its largest unit.
pub(super) fn age(milliseconds: u64, now: Timestamp) -> String {
    let now = u64::try_from(now.as_millisecond()).unwrap_or(0);
    let seconds = now.saturating_sub(milliseconds) / 1000;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
