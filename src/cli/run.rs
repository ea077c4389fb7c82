//! `cobuild run`: runs a build.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::time::Duration;

use anstream::AutoStream;
use anyhow::{Context as _, anyhow};
use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{Args, ColorChoice, ValueEnum};
use jiff::SignedDuration;
use uuid::Uuid;

use super::supervise::supervise;
use super::{Failure, gather, stderr};
use crate::engine::docker::Docker;
use crate::engine::endpoint::Endpoint;
use crate::exit::ExitStatus;
use crate::phase::Status;
use crate::plan::{self, Request, Transfer};
use crate::project::image::default_image;
use crate::runner::{RunError, RunSettings};
use crate::settings::{
    Environment, Override, SourceError, Sources, parse_env_file, parse_override, read_buildspec,
    writable_directory, writable_file,
};
use crate::sinks::{BuildJson, JsonLines, Log, LogStyle, Sink, Summary};

/// How long commands may take to end when a build is cut short.
const GRACE: Duration = Duration::from_secs(10);

/// Run a buildspec in its build image and write the log that CodeBuild would write.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct RunArgs {
    /// Build image [default: the current Amazon Linux curated image].
    #[arg(short, long, value_name = "IMAGE")]
    image: Option<String>,

    /// Buildspec: a path in the source, an absolute path of this machine, or `-` for stdin
    /// [default: buildspec.yml].
    #[arg(short, long, value_name = "FILE", value_parser = OsStringValueParser::new().map(PathBuf::from))]
    buildspec: Option<PathBuf>,

    /// Source directory; the one without ID is the primary source [default: .].
    #[arg(short, long, value_name = "[ID:]DIR")]
    source: Vec<String>,

    /// Where artifacts go; without it they are matched and not kept. Secondary artifacts go into
    /// DIR/<id>.
    #[arg(short, long, value_name = "DIR")]
    artifacts: Option<PathBuf>,

    /// File of NAME=VALUE lines that beat the buildspec's variables; quotes are literal.
    #[arg(short, long, value_name = "FILE")]
    env_file: Vec<PathBuf>,

    /// A variable that beats the buildspec's; NAME alone takes this machine's value.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_override)]
    env: Vec<Override>,

    /// Work in the source directory itself instead of an isolated view of it.
    #[arg(short, long, conflicts_with = "source_transfer")]
    mount: bool,

    /// Run the container privileged, as Docker in the build needs it.
    #[arg(short = 'd', long)]
    privileged: bool,

    /// Build timeout, such as 90s, 30m or 1h30m.
    #[arg(long, value_name = "DURATION", default_value = "60m", value_parser = parse_duration)]
    timeout: Duration,

    /// Write the finished build as JSON, in the shape of BatchGetBuilds.
    #[arg(long, value_name = "FILE")]
    build_json: Option<PathBuf>,

    /// Form of the log on stdout.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,

    /// Address of the engine, unix:///PATH or tcp://HOST:PORT [default: as the docker command].
    #[arg(long, value_name = "URL")]
    host: Option<String>,

    /// How the source reaches the container.
    #[arg(long, value_name = "HOW", default_value = "auto")]
    source_transfer: SourceTransfer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The log as CodeBuild writes it.
    Text,
    /// One event a line.
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SourceTransfer {
    /// Copy-on-write where the engine can, else tar.
    Auto,
    /// A copy-on-write view; costs nothing however big the source is.
    CopyOnWrite,
    /// A copy, streamed.
    Tar,
}

/// Runs a build.
pub(super) async fn run(
    args: RunArgs,
    environment: &Environment,
    color: ColorChoice,
) -> Result<ExitStatus, Failure> {
    let sources = Sources::find(&args.source).map_err(|error| {
        let several = matches!(error, SourceError::SecondPrimary(_));
        let failure = Failure::usage(error);
        if several {
            failure.hint("secondary sources are given as `-s ID:DIR`")
        } else {
            failure
        }
    })?;
    let overrides = overrides(&args, environment)?;
    let artifacts = args
        .artifacts
        .as_deref()
        .map(|directory| {
            writable_directory(directory)
                .with_context(|| format!("cannot write artifacts into `{}`", directory.display()))
        })
        .transpose()
        .map_err(Failure::usage)?;
    if let Some(path) = &args.build_json {
        writable_file(path)
            .with_context(|| format!("cannot write `{}`", path.display()))
            .map_err(Failure::usage)?;
    }
    let buildspec = read_buildspec(&sources.primary, args.buildspec.as_deref())
        .context("cannot read the buildspec from stdin")
        .map_err(Failure::usage)?;
    let endpoint =
        Endpoint::resolve(&environment.surroundings(args.host.clone())).map_err(|error| {
            Failure::no_verdict(error).hint("`docker context ls` lists the contexts there are")
        })?;
    let engine = Docker::connect(&endpoint).map_err(|error| Failure::engine(error, &endpoint))?;
    let facts = gather::facts(&sources, environment).await;
    let request = Request {
        image: args
            .image
            .clone()
            .unwrap_or_else(|| default_image().to_owned()),
        privileged: args.privileged,
        timeout: args.timeout,
        source: sources.primary,
        secondary: sources.secondary,
        transfer: match args.source_transfer {
            _ if args.mount => Transfer::Mount,
            SourceTransfer::Auto => Transfer::Automatic,
            SourceTransfer::CopyOnWrite => Transfer::CopyOnWrite,
            SourceTransfer::Tar => Transfer::Tar,
        },
        overrides,
        buildspec,
    };
    let plan = plan::make(request, &facts);
    let settings = RunSettings {
        scratch_root: environment.cache_directory().join("runs"),
        labels: gather::labels(),
        token: Uuid::new_v4().simple().to_string(),
        grace: GRACE,
        artifacts: artifacts.clone(),
    };
    let sinks = sinks(&args, color, artifacts);
    let (outcome, stopped_by) = supervise(&plan, &engine, &settings, sinks).await?;
    match outcome.fault {
        Some(RunError::Engine(error)) => Err(Failure::engine(error, &endpoint)),
        Some(error) => Err(Failure::no_verdict(error)),
        None => Ok(match (outcome.status, stopped_by) {
            (Status::Succeeded, _) => ExitStatus::Succeeded,
            (Status::Stopped, Some(signal)) => signal,
            (Status::Failed | Status::TimedOut, _) => ExitStatus::BuildFailed,
            (Status::Fault | Status::Stopped, _) => ExitStatus::NoVerdict,
        }),
    }
}

fn sinks(args: &RunArgs, color: ColorChoice, artifacts: Option<PathBuf>) -> Vec<Box<dyn Sink>> {
    let stdout = io::stdout();
    let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
    match args.format {
        Format::Text => {
            let style = LogStyle {
                color: match color {
                    ColorChoice::Auto => {
                        AutoStream::choice(&stdout) != anstream::ColorChoice::Never
                    }
                    ColorChoice::Always => true,
                    ColorChoice::Never => false,
                },
                sanitize: stdout.is_terminal(),
            };
            sinks.push(Box::new(Log::new(stdout, style)));
        }
        Format::Json => sinks.push(Box::new(JsonLines::new(stdout))),
    }
    if let Some(path) = &args.build_json {
        sinks.push(Box::new(BuildJson::new(path.clone())));
    }
    let stderr = stderr(color);
    sinks.push(Box::new(Summary::new(stderr, artifacts)));
    sinks
}

fn overrides(args: &RunArgs, environment: &Environment) -> Result<Vec<(String, String)>, Failure> {
    let lookup = |name: &str| environment.get(name).map(str::to_owned);
    let mut overrides = Vec::new();
    for path in &args.env_file {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the env file `{}`", path.display()))
            .map_err(Failure::usage)?;
        let variables = parse_env_file(&text, lookup)
            .with_context(|| format!("cannot use the env file `{}`", path.display()))
            .map_err(Failure::usage)?;
        overrides.extend(variables);
    }
    for given in &args.env {
        let variable = given
            .clone()
            .resolve(lookup)
            .map_err(|problem| Failure::usage(anyhow!("--env: {problem}")))?;
        overrides.push(variable);
    }
    Ok(overrides)
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration: SignedDuration = text
        .parse()
        .map_err(|_| "write it with units, such as 90s, 30m or 1h30m".to_owned())?;
    match Duration::try_from(duration) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("it must be longer than nothing".to_owned()),
    }
}
