//! `cobuild clean`: removes what runs left that were killed, or kept for somebody to look into.

mod json;
mod report;
mod text;

use std::path::Path;

use clap::{Args, ColorChoice, ValueEnum};

use super::args::{Connection, EngineArgs};
use super::failure::Failure;
use super::installation::installation;
use super::output::{CommandOutput, stderr};
use crate::build::Installation;
use crate::engine::{EngineError, Operation};
use crate::exit::ExitStatus;
use crate::leftovers::{self, HostDirectories, LeftoverReport};
use crate::ownership::Owner;
use crate::settings::Environment;

use report::{NotLookedAt, Report};

/// Remove what dead runs left.
///
/// These are containers, volumes, networks, directories of this machine and unfinished caches. Containers
/// that `cobuild run --debug=keep` left go too; caches that are whole stay. In the engine only what this
/// user's cobuild can prove to have made goes; the rest is listed.
#[derive(Debug, Args)]
#[command(after_long_help = EXIT_STATUS)]
pub(super) struct CleanArgs {
    /// Remove what belongs to living runs as well: their builds fail.
    #[arg(long)]
    all: bool,

    /// List what would be removed, and remove nothing.
    #[arg(long)]
    dry_run: bool,

    /// Form of the output.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,

    #[command(flatten)]
    pub(super) engine: EngineArgs,
}

const EXIT_STATUS: &str = "\
Exit status:
  0  all of it is gone
  1  something could not be removed
  2  the command line cannot be used
  3  the engine cannot be reached; this machine's directories were looked at all the same";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

/// Removes what was left, and says what it was.
pub(super) async fn run(
    args: CleanArgs,
    environment: &Environment,
    color: ColorChoice,
) -> Result<ExitStatus, Failure> {
    let Installation {
        cache_directory,
        owner,
        ..
    } = installation(environment, color)?;
    let places = HostDirectories {
        scratch_root: cache_directory.join("runs"),
        cache_root: cache_directory.join("caches"),
    };
    let (connection, unusable) = match args.engine.connect(environment).await {
        Ok(connection) => (Some(connection), None),
        Err(failure) => (None, Some(failure)),
    };
    let engine = connection
        .as_ref()
        .map(|connection| &connection.engine)
        .ok_or_else(no_engine);
    let mut findings = Box::pin(leftovers::find(engine, &owner, &places)).await;
    let not_looked_at = findings.not_looked_at.take();
    let (failure, not_looked_at) = match not_looked_at {
        None => (None, None),
        Some((error, directories)) => {
            let failure = match (&connection, unusable) {
                (Some(connection), _) => connection.failure(error),
                (None, Some(failure)) => failure,
                (None, None) => Failure::no_verdict(error),
            };
            let reason = failure.in_one_line();
            let told = NotLookedAt {
                reason,
                directories,
            };
            (Some(failure), Some(told))
        }
    };
    let mut report = Report {
        dry_run: args.dry_run,
        gone: Vec::new(),
        stuck: Vec::new(),
        living: Vec::new(),
        unproven: std::mem::take(&mut findings.unproven),
        client: connection
            .as_ref()
            .map(Connection::client)
            .unwrap_or_default(),
        of_other_hosts: findings.of_other_hosts,
        not_looked_at,
    };
    // Without its containers nobody can end a living build.
    let all = args.all && report.not_looked_at.is_none();
    if all && !findings.living.is_empty() {
        let living = findings.living.iter().map(|found| &found.leftover);
        let _ = stderr(color).page(&text::warning(living, args.dry_run));
    }
    take(
        &mut report,
        findings,
        all,
        connection.as_ref(),
        &owner,
        &places.scratch_root,
    )
    .await;
    if let Some(connection) = connection {
        connection.close().await;
    }
    let told = match args.format {
        Format::Text => CommandOutput::Text(text::text(&report)),
        Format::Json => CommandOutput::Json(json::json(&report)),
    };
    told.write(color)?;
    match failure {
        Some(failure) => Err(failure),
        None if report.stuck.is_empty() => Ok(ExitStatus::Succeeded),
        None => Ok(ExitStatus::BuildFailed),
    }
}

/// Takes away what is to go.
async fn take(
    report: &mut Report,
    findings: LeftoverReport,
    all: bool,
    connection: Option<&Connection>,
    owner: &Owner,
    scratch_root: &Path,
) {
    let LeftoverReport { dead, living, .. } = findings;
    let mut going = dead;
    if all {
        going.extend(living);
        going.sort_by_key(|found| found.leftover.kind);
    } else {
        report.living = living.into_iter().map(|found| found.leftover).collect();
    }
    if report.dry_run {
        report.gone = going.into_iter().map(|found| found.leftover).collect();
        return;
    }
    let engine = connection
        .filter(|_| report.not_looked_at.is_none())
        .map(|connection| &connection.engine);
    for (leftover, removed) in leftovers::remove(engine, owner, going, scratch_root).await {
        match removed {
            Ok(()) => report.gone.push(leftover),
            Err(error) => report.stuck.push((leftover, error.to_string())),
        }
    }
}

/// Stands for an engine that there is none of; its failure has been worded already.
fn no_engine() -> EngineError {
    EngineError {
        operation: Operation::Connect,
        status: None,
        source: "there is no engine".into(),
    }
}
