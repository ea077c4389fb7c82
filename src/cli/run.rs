//! `cobuild run`: runs a build.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::{Args, ColorChoice, ValueEnum};
use uuid::Uuid;

use super::build_args::{BuildArgs, GivenBuild, parse_duration};
use super::debug::DebugArgs;
use super::engine_args::{Connection, EngineArgs};
use super::gather::{self, Numbering};
use super::own::Own;
use super::prepare::{Prepared, Purpose, prepare};
use super::secrets::providers;
use super::supervise::{Stops, supervise};
use super::workspace::Workspace;
use super::{Failure, choice, stderr, stdout};
use crate::engine::docker::Docker;
use crate::exit::ExitStatus;
use crate::logins::Logins;
use crate::phase::Status;
use crate::plan;
use crate::plan::place::{Namespace, Packaging, Storage};
use crate::runner::{CancelReason, Outcome, RunError, RunSettings};
use crate::secrets::Providers;
use crate::settings::{Environment, writable_directory, writable_file};
use crate::sinks::{BuildJson, Changes, ExportFile, JsonLines, Log, Pull, Sink, Summary};
use crate::terminal::{Out, stderr_width};

/// How long a program that keeps credentials may take to give them.
const HELPER_PATIENCE: Duration = Duration::from_secs(30);

/// How many changes of a source are listed on a terminal.
const MOST_CHANGES: usize = 100;

/// Run a buildspec in its build image and write the log that CodeBuild would write.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct RunArgs {
    #[command(flatten)]
    build: BuildArgs,

    #[command(flatten)]
    debug: DebugArgs,

    /// Where artifacts go; without it they are matched and not kept. Secondary artifacts go into
    /// DIR/ID.
    #[arg(short, long, value_name = "DIR")]
    artifacts: Option<PathBuf>,

    /// In what form artifacts are kept: `none` is as files, `zip` makes DIR/artifacts.zip and DIR/ID.zip.
    #[arg(long, value_name = "FORM", default_value = "none")]
    packaging: PackagingArg,

    /// Call artifacts as the buildspec names them: `artifacts: name` is their place below DIR.
    #[arg(long)]
    override_artifact_name: bool,

    /// What goes before the names of artifacts; `build-id` is `s3-prefix`, then the build's uuid.
    #[arg(long, value_name = "KIND", default_value = "none")]
    artifact_namespace: NamespaceArg,

    /// Write the finished build as JSON, in the shape of BatchGetBuilds.
    #[arg(long, value_name = "FILE")]
    build_json: Option<PathBuf>,

    /// Write the exported variables as NAME=VALUE lines, fit for --env-file.
    #[arg(long, value_name = "FILE")]
    export_file: Option<PathBuf>,

    /// List what the build added (A), changed (M) and deleted (D) in its sources.
    #[arg(long)]
    show_changes: bool,

    /// How long commands may take to end after a stop or the timeout, before they are killed.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_duration)]
    grace: Duration,

    /// Values for `parameter-store` and `secrets-manager`: a dotenv or JSON file that nobody else can
    /// read; COBUILD_SECRET_NAME of this machine gives the variable NAME as well.
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,

    /// Form of the log on stdout.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,

    #[command(flatten)]
    engine: EngineArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The log as CodeBuild writes it.
    Text,
    /// One event a line.
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PackagingArg {
    None,
    Zip,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum NamespaceArg {
    None,
    BuildId,
}

impl RunArgs {
    fn storage(&self) -> Storage {
        Storage {
            packaging: match self.packaging {
                PackagingArg::None => Packaging::None,
                PackagingArg::Zip => Packaging::Zip,
            },
            override_name: self.override_artifact_name,
            namespace: match self.artifact_namespace {
                NamespaceArg::None => Namespace::None,
                NamespaceArg::BuildId => Namespace::BuildId,
            },
        }
    }
}

/// Runs a build.
pub(super) async fn run(
    args: RunArgs,
    environment: &Environment,
    color: ColorChoice,
) -> Result<ExitStatus, Failure> {
    let given = args.build.given(environment)?;
    for (flag, path) in [
        ("--artifacts", &args.artifacts),
        ("--build-json", &args.build_json),
        ("--export-file", &args.export_file),
        ("--secrets", &args.secrets),
    ] {
        if let Some(path) = path {
            given.named.check(flag, path)?;
        }
    }
    let artifacts = args
        .artifacts
        .as_deref()
        .map(|directory| {
            writable_directory(directory)
                .with_context(|| format!("cannot write artifacts into `{}`", directory.display()))
        })
        .transpose()
        .map_err(Failure::usage)?;
    for path in args.build_json.iter().chain(&args.export_file) {
        writable_file(path)
            .with_context(|| format!("cannot write `{}`", path.display()))
            .map_err(Failure::usage)?;
    }
    let secrets = providers(args.secrets.as_deref(), environment)?;
    let connection = args.engine.connect(environment).await?;
    let stops = Stops::listen()?;
    let own = Own::find(environment, color)?;
    let scratch_root = own.cache_directory.join("runs");
    let workspace = Workspace::open(&scratch_root, &given.sources)?;
    let invocation = Invocation {
        environment,
        color,
        engine: &connection.engine,
        client: connection.client(),
        stops: &stops,
        artifacts,
        secrets,
        own,
    };
    let ran = Box::pin(build(&args, given, invocation, workspace.directory())).await;
    let kept = ran.as_ref().ok().and_then(|ran| ran.as_ref()?.kept.clone());
    workspace.close(kept.as_ref()).await;
    let stopped_by = stops.signals.status();
    let verdict = ran.and_then(|outcome| verdict(outcome, stopped_by, &connection));
    connection.close().await;
    verdict
}

/// Prepares sources within the time that a build may take: they may be without end.
async fn in_time(
    preparing: impl Future<Output = Result<Option<Prepared>, Failure>>,
    limit: Duration,
    stops: &Stops,
) -> Result<Option<Prepared>, Failure> {
    let clock = stops.time_out(limit);
    let prepared = preparing.await;
    clock.abort();
    match prepared {
        Ok(None) if stops.cancellation.reason() == Some(CancelReason::Timeout) => {
            let limit = limit.as_secs();
            Err(
                Failure::no_verdict(anyhow!("the sources are not there within {limit} s"))
                    .hint("`--timeout` gives a build, and what comes before it, more time"),
            )
        }
        prepared => prepared,
    }
}

/// Says how a build went; `None` is one that was stopped before it began.
fn verdict(
    outcome: Option<Outcome>,
    stopped_by: Option<ExitStatus>,
    connection: &Connection,
) -> Result<ExitStatus, Failure> {
    let Some(outcome) = outcome else {
        return Ok(stopped_by.unwrap_or(ExitStatus::Interrupted));
    };
    match outcome.fault {
        Some(RunError::Engine(error)) => Err(connection.failure(error).masked(outcome.masker)),
        Some(error) => Err(Failure::no_verdict(error).masked(outcome.masker)),
        None => Ok(match (outcome.status, stopped_by) {
            (Status::Succeeded, _) => ExitStatus::Succeeded,
            (Status::Stopped, Some(signal)) => signal,
            (Status::Failed | Status::TimedOut, _) => ExitStatus::BuildFailed,
            // Somebody stopped it in the debugger.
            (Status::Stopped, None) => ExitStatus::Interrupted,
            (Status::Fault, _) => ExitStatus::NoVerdict,
        }),
    }
}

/// What a build runs with besides its command line.
struct Invocation<'a> {
    environment: &'a Environment,
    color: ColorChoice,
    engine: &'a Docker,
    /// The command by which people reach the engine.
    client: String,
    stops: &'a Stops,
    artifacts: Option<PathBuf>,
    secrets: Providers,
    own: Own,
}

/// Prepares the sources in `directory` and runs the build; `None` when somebody stopped it before it
/// began.
async fn build(
    args: &RunArgs,
    given: GivenBuild,
    invocation: Invocation<'_>,
    directory: Option<&Path>,
) -> Result<Option<Outcome>, Failure> {
    let Invocation {
        environment,
        color,
        engine,
        client,
        stops,
        artifacts,
        secrets,
        own,
    } = invocation;
    let prepared = prepare(
        &given.sources,
        Purpose::Build,
        directory,
        &stops.cancellation,
    );
    let Some(prepared) = in_time(prepared, args.build.timeout(), stops).await? else {
        return Ok(None);
    };
    let request = args.build.request(given, prepared.clone())?;
    let facts = gather::facts(&request, environment, Numbering::Take);
    let plan = plan::make(request, &facts);
    let debugger =
        args.debug
            .debugger(engine, client, &args.build, environment, &prepared, &facts)?;
    let settings = RunSettings {
        scratch_root: own.cache_directory.join("runs"),
        owner: own.owner,
        token: Uuid::new_v4().simple().to_string(),
        grace: args.grace,
        artifacts: artifacts.clone(),
        storage: args.storage(),
        cache_root: own.cache_directory.join("caches"),
        secrets,
        logins: Logins::new(environment.login_files(), HELPER_PATIENCE),
        show_changes: args.show_changes,
    };
    let is_dumb = environment.get("TERM") == Some("dumb");
    let width = (!is_dumb).then(stderr_width).flatten();
    let sinks = sinks(args, color, artifacts, width);
    let time_limit = (!args.debug.is_on()).then_some(plan.timeout);
    let supervised = supervise(&plan, engine, &settings, sinks, debugger, time_limit, stops);
    Ok(Some(Box::pin(supervised).await?))
}

fn sinks(
    args: &RunArgs,
    color: ColorChoice,
    artifacts: Option<PathBuf>,
    width: Option<usize>,
) -> Vec<Box<dyn Sink>> {
    let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
    let stdout = stdout(color);
    match args.format {
        Format::Text => sinks.push(Box::new(Log::new(stdout))),
        Format::Json => sinks.push(Box::new(JsonLines::new(stdout))),
    }
    if let Some(path) = &args.build_json {
        sinks.push(Box::new(BuildJson::new(path.clone())));
    }
    if let Some(path) = &args.export_file {
        sinks.push(Box::new(ExportFile::new(path.clone())));
    }
    // Before all others that write to stderr: it takes its bars away for them.
    sinks.push(Box::new(Pull::new(stderr(color), width)));
    sinks.push(Box::new(Summary::new(stderr(color), artifacts)));
    if args.show_changes {
        let stderr = Out::stderr(choice(color));
        let most = stderr.is_terminal().then_some(MOST_CHANGES);
        sinks.push(Box::new(Changes::new(stderr, most)));
    }
    sinks
}
