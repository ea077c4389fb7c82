//! `cobuild run`: runs a build.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anstream::AutoStream;
use anyhow::{Context as _, anyhow};
use clap::{Args, ColorChoice, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::Failure;
use super::signals::Signals;
use crate::engine::docker::Docker;
use crate::engine::endpoint::Endpoint;
use crate::exit::ExitStatus;
use crate::phase::Status;
use crate::plan::{self, Facts, Request, Transfer};
use crate::project;
use crate::project::image::default_image;
use crate::runner::{self, CancelReason, Cancellation, Canceller, Outcome, RunError, RunSettings};
use crate::settings::{
    Environment, Override, StateDirectory, parse_env_file, parse_override, read_buildspec,
};
use crate::sinks::{BuildJson, JsonLines, Log, LogStyle, Sink, Summary, show};
use crate::source::git;

/// How long commands may take to end when a build is cut short.
const GRACE: Duration = Duration::from_secs(10);

/// How long a killed build may take to clean up before cobuild leaves it to the engine.
const LAST_CHANCE: Duration = Duration::from_secs(5);

/// Run a buildspec in its build image and write the log that CodeBuild would write.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct RunArgs {
    /// Build image [default: the current Amazon Linux curated image].
    #[arg(short, long, value_name = "IMAGE")]
    image: Option<String>,

    /// Buildspec: a path in the source, an absolute path of this machine, or `-` for stdin
    /// [default: buildspec.yml].
    #[arg(short, long, value_name = "FILE")]
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

/// The source directories of a command line.
struct Sources {
    primary: PathBuf,
    secondary: Vec<(String, PathBuf)>,
}

/// Runs a build.
pub(super) async fn run(
    args: RunArgs,
    environment: &Environment,
    color: ColorChoice,
) -> Result<ExitStatus, Failure> {
    let sources = sources(&args.source)?;
    let overrides = overrides(&args, environment)?;
    let artifacts = args
        .artifacts
        .as_deref()
        .map(writable_directory)
        .transpose()?;
    if let Some(path) = &args.build_json {
        writable_file(path)?;
    }
    let buildspec = read_buildspec(&sources.primary, args.buildspec.as_deref())
        .context("cannot read the buildspec from stdin")
        .map_err(Failure::usage)?;
    let endpoint =
        Endpoint::resolve(&environment.surroundings(args.host.clone())).map_err(|error| {
            Failure::no_verdict(error).hint("`docker context ls` lists the contexts there are")
        })?;
    let engine = Docker::connect(&endpoint).map_err(|error| Failure::engine(error, &endpoint))?;
    let facts = gather(&sources, environment).await;
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
        labels: labels(),
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

/// Runs a plan while somebody shows its events, watches its time and listens for signals.
async fn supervise(
    plan: &plan::Plan,
    engine: &Docker,
    settings: &RunSettings,
    mut sinks: Vec<Box<dyn Sink>>,
) -> Result<(Outcome, Option<ExitStatus>), Failure> {
    let (canceller, cancellation) = runner::cancellation();
    let (signals, listening) = Signals::listen(canceller.clone())
        .context("cannot listen for signals")
        .map_err(Failure::no_verdict)?;
    let (events, shown) = runner::channel(Timestamp::now);
    let showing = tokio::task::spawn_blocking({
        let canceller = canceller.clone();
        move || {
            let shown = show(shown, &mut sinks);
            if shown.is_err() {
                canceller.cancel(CancelReason::OutputFailed);
            }
            shown
        }
    });
    let clock = tokio::spawn(time_out(plan.timeout, canceller));
    let running = async {
        let run = runner::run(plan, engine, settings, &events, &cancellation);
        let sweep = runner::sweep(engine, &plan.engine_image, settings);
        let (outcome, ()) = tokio::join!(run, sweep);
        drop(events);
        let shown = showing.await;
        (outcome, shown)
    };
    let finished = tokio::select! {
        finished = running => Some(finished),
        () = given_up(&cancellation) => None,
    };
    clock.abort();
    listening.abort();
    let Some((outcome, shown)) = finished else {
        // The container ends by itself once this process does.
        let status = Status::Stopped;
        let outcome = Outcome {
            status,
            fault: None,
        };
        return Ok((outcome, signals.status()));
    };
    match shown {
        Ok(Ok(())) => Ok((outcome, signals.status())),
        // Whoever read the log has had enough of it.
        Ok(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            Ok((outcome, signals.status()))
        }
        Ok(Err(error)) => Err(Failure::no_verdict(
            anyhow::Error::new(error).context("cannot write the output"),
        )),
        Err(error) => Err(Failure::no_verdict(error)),
    }
}

async fn time_out(timeout: Duration, canceller: Canceller) {
    tokio::time::sleep(timeout).await;
    canceller.cancel(CancelReason::Timeout);
}

/// Waits until the user has asked twice and even the killing takes too long.
async fn given_up(cancellation: &Cancellation) {
    cancellation.reached(CancelReason::Kill).await;
    tokio::time::sleep(LAST_CHANCE).await;
}

fn sinks(args: &RunArgs, color: ColorChoice, artifacts: Option<PathBuf>) -> Vec<Box<dyn Sink>> {
    let choice = match color {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    };
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
    let stderr = AutoStream::new(io::stderr(), choice);
    sinks.push(Box::new(Summary::new(stderr, artifacts)));
    sinks
}

/// Gathers the world as it is now.
async fn gather(sources: &Sources, environment: &Environment) -> Facts {
    let name = sources.primary.file_name().unwrap_or_default();
    let project = project::project_name(&name.to_string_lossy());
    let state = StateDirectory::new(environment.state_directory());
    let build_number = state.next_build_number(&project).unwrap_or_else(|error| {
        tracing::info!(%error, "builds are not counted");
        1
    });
    let uuid = || Uuid::new_v4().to_string();
    let region = ["AWS_REGION", "AWS_DEFAULT_REGION"]
        .into_iter()
        .find_map(|name| environment.get_filled(name))
        .unwrap_or("us-east-1");
    Facts {
        start: Timestamp::now(),
        uuid: uuid(),
        auth_token: uuid(),
        project_uuid: uuid(),
        directory_numbers: (0..=sources.secondary.len())
            .map(|_| Uuid::new_v4().as_fields().0)
            .collect(),
        build_number,
        initiator: environment.get_filled("USER").unwrap_or("root").to_owned(),
        region: region.to_owned(),
        account: "000000000000".to_owned(),
        git: git::facts(&sources.primary).await,
    }
}

/// Labels by which everything in the engine can be told to be cobuild's, and whose.
fn labels() -> BTreeMap<String, String> {
    let host = rustix::system::uname();
    [
        ("cobuild.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("cobuild.pid", std::process::id().to_string()),
        (
            "cobuild.host",
            host.nodename().to_string_lossy().into_owned(),
        ),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

fn sources(given: &[String]) -> Result<Sources, Failure> {
    let mut primary = None;
    let mut secondary: Vec<(String, PathBuf)> = Vec::new();
    for text in given {
        let (identifier, directory) = match text.split_once(':') {
            Some((identifier, directory)) if is_identifier(identifier) => {
                (Some(identifier), directory)
            }
            _ => (None, text.as_str()),
        };
        let directory = existing_directory(Path::new(directory))?;
        match identifier {
            None if primary.is_some() => {
                return Err(Failure::usage(anyhow!(
                    "there can be one primary source only, and `{text}` is another"
                ))
                .hint("secondary sources are given as `-s ID:DIR`"));
            }
            None => primary = Some(directory),
            Some(identifier) if secondary.iter().any(|(known, _)| known == identifier) => {
                return Err(Failure::usage(anyhow!(
                    "there are two secondary sources `{identifier}`"
                )));
            }
            Some(identifier) => secondary.push((identifier.to_owned(), directory)),
        }
    }
    Ok(Sources {
        primary: match primary {
            Some(primary) => primary,
            None => existing_directory(Path::new("."))?,
        },
        secondary,
    })
}

/// Source identifiers are letters, digits and `_`, fewer than 128 of them (contract §8.1).
fn is_identifier(text: &str) -> bool {
    (1..128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn existing_directory(directory: &Path) -> Result<PathBuf, Failure> {
    let shown = directory.display();
    match directory.canonicalize() {
        Ok(found) if found.is_dir() => Ok(found),
        Ok(_) => Err(Failure::usage(anyhow!(
            "the source `{shown}` is not a directory"
        ))),
        Err(error) => Err(Failure::usage(
            anyhow::Error::new(error).context(format!("cannot use the source `{shown}`")),
        )),
    }
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

/// Makes sure, before anything runs, that artifacts can be written.
fn writable_directory(directory: &Path) -> Result<PathBuf, Failure> {
    std::fs::create_dir_all(directory)
        .and_then(|()| tempfile::tempfile_in(directory).map(drop))
        .and_then(|()| directory.canonicalize())
        .with_context(|| format!("cannot write artifacts into `{}`", directory.display()))
        .map_err(Failure::usage)
}

fn writable_file(path: &Path) -> Result<(), Failure> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let checked = if path.is_dir() {
        Err(io::ErrorKind::IsADirectory.into())
    } else {
        tempfile::tempfile_in(directory).map(drop)
    };
    checked
        .with_context(|| format!("cannot write `{}`", path.display()))
        .map_err(Failure::usage)
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
