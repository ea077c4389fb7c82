//! `cobuild run`: runs a build.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::{Args, ColorChoice, ValueEnum};

use super::build_args::{AskedBuild, BuildArgs, parse_duration};
use super::config::ConfigArgs;
use super::debug::DebugArgs;
use super::engine_args::EngineArgs;
use super::installation::installation;
use super::log_args::LogArgs;
use super::secrets::providers;
use super::showing::show_build;
use super::{Failure, check, choice, stderr, stdout};
use crate::build::{self, Hooks, Installation};
use crate::exit::ExitStatus;
use crate::plan::artifact_path::{Namespace, Packaging, Storage};
use crate::project::image::Resolution;
use crate::settings::{Environment, writable_directory, writable_file};
use crate::sinks::{
    BuildJson, Changes, EventsFile, ExportFile, JsonLines, Log, LogFile, Pull, QuietLog, Sink,
    Slow, Status, Summary,
};
use crate::terminal::{self, Out, stderr_width};

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

    /// In what form artifacts are kept: `none` is as files, `zip` makes DIR/artifacts.zip and DIR/ID.zip
    /// [default: none].
    #[arg(long, value_name = "FORM")]
    packaging: Option<PackagingArg>,

    /// Call artifacts as the buildspec names them: `artifacts: name` is their place below DIR.
    #[arg(long)]
    override_artifact_name: Option<bool>,

    /// What goes before the names of artifacts; `build-id` is `s3-prefix`, then the build's uuid
    /// [default: none].
    #[arg(long, value_name = "KIND")]
    artifact_namespace: Option<NamespaceArg>,

    /// Write the finished build as JSON, in the shape of BatchGetBuilds.
    #[arg(long, value_name = "FILE")]
    build_json: Option<PathBuf>,

    /// Write every event as one line of JSON, while the build runs; `cobuild schema events` tells their
    /// shape.
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,

    /// Write the exported variables as NAME=VALUE lines, fit for --env-file.
    #[arg(long, value_name = "FILE")]
    export_file: Option<PathBuf>,

    /// List what the build added (A), changed (M) and deleted (D) in its sources.
    #[arg(long)]
    show_changes: Option<bool>,

    /// How long commands may take to end after a stop or the timeout, before they are killed
    /// [default: 10s].
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    grace: Option<Duration>,

    /// Values for `parameter-store` and `secrets-manager`: a dotenv or JSON file that nobody else can
    /// read; COBUILD_SECRET_NAME of this machine gives the variable NAME as well.
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,

    /// Form of the log on stdout.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,

    #[command(flatten)]
    log: LogArgs,

    #[command(flatten)]
    engine: EngineArgs,

    #[command(flatten)]
    pub(super) config: ConfigArgs,
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
    /// Makes sure that artifacts can be written where they are to go.
    fn artifacts(&self) -> Result<Option<PathBuf>, Failure> {
        let writable = self.artifacts.as_deref().map(|directory| {
            writable_directory(directory)
                .with_context(|| format!("cannot write artifacts into `{}`", directory.display()))
        });
        writable.transpose().map_err(Failure::usage)
    }

    /// Makes sure that each file can be written, and is another one.
    fn check_files(&self) -> Result<(), Failure> {
        let files = [
            ("--build-json", &self.build_json),
            ("--events", &self.events),
            ("--export-file", &self.export_file),
            ("--log-file", &self.log.log_file),
        ];
        let mut known: Vec<(&str, &Path)> = Vec::new();
        for (flag, path) in files {
            let Some(path) = path.as_deref() else {
                continue;
            };
            writable_file(path)
                .with_context(|| format!("cannot write `{}`", path.display()))
                .map_err(Failure::usage)?;
            if let Some((other, _)) = known.iter().find(|(_, known)| *known == path) {
                let path = path.display();
                return Err(Failure::usage(anyhow!(
                    "{other} and {flag} both write `{path}`: name two files"
                )));
            }
            known.push((flag, path));
        }
        Ok(())
    }

    fn storage(&self) -> Storage {
        let defaults = Storage::default();
        Storage {
            packaging: match self.packaging {
                None => defaults.packaging,
                Some(PackagingArg::None) => Packaging::None,
                Some(PackagingArg::Zip) => Packaging::Zip,
            },
            override_name: self
                .override_artifact_name
                .unwrap_or(defaults.override_name),
            namespace: match self.artifact_namespace {
                None => defaults.namespace,
                Some(NamespaceArg::None) => Namespace::None,
                Some(NamespaceArg::BuildId) => Namespace::BuildId,
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
    let AskedBuild { mut request, named } = args.build.resolve(environment)?;
    for (flag, path) in [
        ("--artifacts", &args.artifacts),
        ("--build-json", &args.build_json),
        ("--events", &args.events),
        ("--export-file", &args.export_file),
        ("--log-file", &args.log.log_file),
        ("--secrets", &args.secrets),
    ] {
        if let Some(path) = path {
            named.check(flag, path)?;
        }
    }
    let artifacts = args.artifacts()?;
    let settings = &mut request.settings;
    settings.artifacts.clone_from(&artifacts);
    settings.storage = args.storage();
    settings.grace = args.grace.unwrap_or(settings.grace);
    settings.show_changes = args.show_changes.unwrap_or(settings.show_changes);
    let shows_changes = settings.show_changes;
    args.check_files()?;
    let secrets = providers(args.secrets.as_deref(), environment)?;
    let connection = args.engine.connect(environment).await?;
    let installation = Installation {
        secrets,
        ..installation(environment, color)?
    };
    let engine = connection.engine.clone();
    let debugger = args
        .debug
        .debugger(&engine, connection.client(), environment)?;
    let drawing = Drawing::on(environment);
    let sinks = sinks(&args, color, artifacts, shows_changes, drawing)?;
    let image = Resolution::of(&request.settings.image).asked().to_owned();
    let hooks = Hooks {
        debugger,
        breaks: args.debug.breaks(),
        on_secrets: Some(Box::new(|masker| terminal::hide(masker.clone()))),
    };
    let build = build::start(request, engine, &installation, hooks);
    let shown = show_build(build, sinks, &connection, &installation, &image).await;
    connection.close().await;
    shown
}

/// What can be drawn on a terminal and taken away again.
#[derive(Debug, Clone, Copy)]
struct Drawing {
    /// Whether there are bars and lines at all.
    erases: bool,
    /// Whether each byte is kept, though it goes to a terminal: so it is on machines of continuous
    /// integration, where cargo draws nothing either (assumed).
    is_kept: bool,
}

impl Drawing {
    fn on(environment: &Environment) -> Self {
        Self {
            erases: environment.get("TERM") != Some("dumb"),
            is_kept: environment.get_filled("CI").is_some_and(|it| it != "false"),
        }
    }

    /// The width of the terminal that stderr is, where bars can be drawn.
    fn bars(self) -> Option<usize> {
        self.erases.then(stderr_width).flatten()
    }

    /// Whether a terminal can have a line that says what runs.
    fn has_status(self) -> bool {
        self.erases && !self.is_kept
    }
}

/// The forms of output. Whatever draws on a terminal comes before what writes there: it makes way.
fn sinks(
    args: &RunArgs,
    color: ColorChoice,
    artifacts: Option<PathBuf>,
    shows_changes: bool,
    drawing: Drawing,
) -> Result<Vec<Box<dyn Sink>>, Failure> {
    let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
    let stdout = stdout(color);
    let is_terminal = stdout.is_terminal();
    let is_quiet = args.log.is_quiet();
    let bars = drawing.bars().filter(|_| !is_quiet);
    if !is_quiet {
        if is_terminal && drawing.has_status() && args.format == Format::Text {
            sinks.push(Box::new(Status::new(stdout.is_colored(), bars.is_some())));
        } else {
            sinks.push(Box::new(Slow::new(stderr(color), bars.is_some())));
        }
    }
    match args.format {
        Format::Text => {
            let timestamps = args.log.timestamps(is_terminal);
            let log = Log::new(stdout).timestamps(timestamps);
            if is_quiet {
                sinks.push(Box::new(QuietLog::new(log)));
            } else {
                sinks.push(Box::new(log));
            }
        }
        Format::Json => sinks.push(Box::new(JsonLines::new(stdout))),
    }
    if let Some(path) = &args.events {
        let events = EventsFile::create(path).context("cannot write the events");
        sinks.push(Box::new(events.map_err(Failure::no_verdict)?));
    }
    let mut log_place = None;
    if let Some(path) = &args.log.log_file {
        let log = LogFile::create(path).context("cannot write the log");
        let log = log.map_err(Failure::no_verdict)?;
        log_place = Some(log.place());
        sinks.push(Box::new(log));
    }
    if let Some(path) = &args.build_json {
        sinks.push(Box::new(BuildJson::new(path.clone())));
    }
    if let Some(path) = &args.export_file {
        sinks.push(Box::new(ExportFile::new(path.clone())));
    }
    if !is_quiet {
        sinks.push(Box::new(Pull::new(stderr(color), bars)));
    }
    let summary = Summary::new(stderr(color), artifacts)
        .drawing(check::draw)
        .log_file(log_place);
    // Nothing but JSON has the output of what failed there.
    let is_brief = is_quiet && args.format == Format::Text;
    sinks.push(Box::new(summary.quiet(is_brief)));
    if shows_changes {
        let stderr = Out::stderr(choice(color));
        let most = stderr.is_terminal().then_some(MOST_CHANGES);
        sinks.push(Box::new(Changes::new(stderr, most)));
    }
    Ok(sinks)
}
