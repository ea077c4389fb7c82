//! `cobuild run`: runs a build.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ColorChoice};

use super::args::{BuildArgs, EngineArgs, Format, LogArgs, OutputArgs, ResolvedBuild, open_files};
use super::check;
use super::config::ConfigArgs;
use super::debug::{DebugArgs, KeptContainer};
use super::exit_status::EXIT_STATUS;
use super::failure::Failure;
use super::installation::installation;
use super::output::{choice, stderr, stdout};
use super::secrets::providers;
use super::showing::show_build;
use crate::build::{self, Hooks, Installation};
use crate::exit::ExitStatus;
use crate::project::image::Resolution;
use crate::settings::Environment;
use crate::sinks::{
    BuildJson, Changes, EventsFile, ExportFile, JsonLines, Log, LogFile, Pull, QuietLog, Sink,
    Slow, Status, Summary,
};
use crate::terminal::{self, Out, stderr_width};

/// How many changes of a source are listed on a terminal.
const MOST_CHANGES: usize = 100;

/// Run a buildspec in its build image and write CodeBuild's log.
#[derive(Debug, Args)]
#[command(after_help = MORE, after_long_help = EXIT_STATUS)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) build: BuildArgs,

    #[command(flatten)]
    debug: DebugArgs,

    #[command(flatten)]
    pub(super) output: OutputArgs,

    #[command(flatten)]
    log: LogArgs,

    #[command(flatten)]
    engine: EngineArgs,

    #[command(flatten)]
    pub(super) config: ConfigArgs,
}

const MORE: &str = "`cobuild run --help` describes all flags and the exit statuses.";

impl RunArgs {
    /// Whether the plan is to be shown instead.
    pub(super) fn is_dry(&self) -> bool {
        self.debug.is_dry()
    }

    /// Resolves the files and directories that are named; writes none.
    pub(super) fn resolve(&self, environment: &Environment) -> Result<ResolvedBuild, Failure> {
        let mut asked = self.build.resolve(environment)?;
        self.output.check(&asked.named)?;
        self.log.check(&asked.named)?;
        let settings = &mut asked.request.settings;
        settings.show_changes = self.output.show_changes.unwrap_or(settings.show_changes);
        Ok(asked)
    }
}

/// Runs a build.
pub(super) async fn run(
    args: RunArgs,
    environment: &Environment,
    color: ColorChoice,
) -> Result<ExitStatus, Failure> {
    let ResolvedBuild { mut request, .. } = args.resolve(environment)?;
    let artifacts = args.build.writable_artifacts()?;
    request.settings.artifacts.clone_from(&artifacts);
    let shows_changes = request.settings.show_changes;
    open_files(&args.output, &args.log)?;
    let secrets = providers(args.build.environment.secrets.as_deref(), environment)?;
    let connection = args.engine.connect(environment).await?;
    let installation = Installation {
        secrets,
        ..installation(environment, color)?
    };
    let engine = connection.engine.clone();
    let kept = KeptContainer::default();
    let client = connection.client();
    let debugger = args.debug.debugger(&engine, client, environment, &kept)?;
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
    kept.tell();
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
    let output = &args.output;
    let is_terminal = stdout.is_terminal();
    let is_quiet = args.log.is_quiet();
    let bars = drawing.bars().filter(|_| !is_quiet);
    if !is_quiet {
        if is_terminal && drawing.has_status() && output.format == Format::Text {
            sinks.push(Box::new(Status::new(stdout.is_colored(), bars.is_some())));
        } else {
            sinks.push(Box::new(Slow::new(stderr(color), bars.is_some())));
        }
    }
    match output.format {
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
    if let Some(path) = &output.events {
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
    if let Some(path) = &output.build_json {
        sinks.push(Box::new(BuildJson::new(path.clone())));
    }
    if let Some(path) = &output.export_file {
        sinks.push(Box::new(ExportFile::new(path.clone())));
    }
    if !is_quiet {
        sinks.push(Box::new(Pull::new(stderr(color), bars)));
    }
    let summary = Summary::new(stderr(color), artifacts)
        .drawing(check::draw)
        .log_file(log_place);
    // Nothing but JSON has the output of what failed there.
    let is_brief = is_quiet && output.format == Format::Text;
    sinks.push(Box::new(summary.quiet(is_brief)));
    if shows_changes {
        let stderr = Out::stderr(choice(color));
        let most = stderr.is_terminal().then_some(MOST_CHANGES);
        sinks.push(Box::new(Changes::new(stderr, most)));
    }
    Ok(sinks)
}
