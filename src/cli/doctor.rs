//! `cobuild doctor`: examines whether builds can run here.

mod json;
mod report;
mod text;

use std::io::Stderr;

use clap::{Args, ColorChoice, ValueEnum};
use jiff::Timestamp;
use uuid::Uuid;

use super::args::EngineArgs;
use super::failure::Failure;
use super::installation::installation;
use super::output::{CommandOutput, choice, stderr};
use super::signals::Stops;
use crate::build::Installation;
use crate::doctor::{self, Check, ExaminationInputs, Subject, Verdict};
use crate::engine::endpoint::Endpoint;
use crate::exit::ExitStatus;
use crate::settings::Environment;
use crate::terminal::{Out, stdout_width};

use report::Report;

/// Examine whether builds can run here.
///
/// Examines the engine, what it lets containers do, and this machine. What can be tried is tried, in
/// containers of a tiny image that does not stay. It takes some seconds, two minutes at the most.
#[derive(Debug, Args)]
#[command(after_long_help = EXIT_STATUS)]
pub(super) struct DoctorArgs {
    /// Form of the output.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,

    /// Try to pull this image, and keep it [default: a tiny one of the public registry].
    #[arg(long, value_name = "IMAGE")]
    pull: Option<String>,

    #[command(flatten)]
    pub(super) engine: EngineArgs,
}

const EXIT_STATUS: &str = "\
Exit status:
  0    nothing failed; there may be warnings
  1    something failed
  2    the command line cannot be used
  130  stopped by SIGINT
  143  stopped by SIGTERM";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

/// Examines, and says what was found.
pub(super) async fn run(
    args: DoctorArgs,
    environment: &Environment,
    color: ColorChoice,
) -> Result<ExitStatus, Failure> {
    let stops = Stops::listen()?;
    let Installation {
        cache_directory,
        owner,
        ..
    } = installation(environment, color)?;
    let surroundings = ExaminationInputs {
        owner,
        id: Uuid::new_v4().simple().to_string(),
        scratch_root: cache_directory.join("runs"),
        cache_directory,
        docker_config: docker_config(environment),
        pull: args.pull.clone(),
        now: Timestamp::now(),
    };
    let waiting = Waiting::begin(color);
    let report = Box::pin(examine(&args, environment, &surroundings, &stops)).await;
    waiting.end();
    let Some(report) = report else {
        return Ok(stops.signals.status().unwrap_or(ExitStatus::Interrupted));
    };
    show(&report, args.format, color)?;
    Ok(match report.count(Verdict::Failed) {
        0 => ExitStatus::Succeeded,
        _ => ExitStatus::BuildFailed,
    })
}

/// `None` when somebody stopped it.
async fn examine(
    args: &DoctorArgs,
    environment: &Environment,
    surroundings: &ExaminationInputs,
    stops: &Stops,
) -> Option<Report> {
    let machine = async {
        let examination = doctor::examine_machine(surroundings);
        stops.cancellation.guard(examination).await.ok()
    };
    let (machine, report) = tokio::join!(
        machine,
        examine_engine(args, environment, surroundings, stops)
    );
    let mut report = report?;
    report.checks.extend(machine?);
    report.checks.sort_by_key(|check| check.subject);
    Some(report)
}

async fn examine_engine(
    args: &DoctorArgs,
    environment: &Environment,
    surroundings: &ExaminationInputs,
    stops: &Stops,
) -> Option<Report> {
    let endpoint = args.engine.choose(environment).ok();
    let unreachable = |failure: &Failure| {
        let remedy = failure
            .advice()
            .unwrap_or("start Docker or Podman, or name an engine with --host URL");
        let failed = Check::failed(Subject::Engine, failure.in_one_line(), remedy);
        let mut checks = vec![failed];
        checks.extend(doctor::without_engine());
        Report {
            checks,
            endpoint: endpoint.clone(),
            reached: None,
        }
    };
    let connecting = args.engine.connect(environment);
    let connection = match stops.cancellation.guard(connecting).await.ok()? {
        Ok(connection) => connection,
        Err(failure) => return Some(unreachable(&failure)),
    };
    let engine = &connection.engine;
    let asked = stops.cancellation.guard(doctor::reach(engine)).await.ok()?;
    let reached = match asked {
        Ok(reached) => reached,
        Err(error) => return Some(unreachable(&connection.failure(error))),
    };
    let Endpoint {
        address, found_by, ..
    } = &connection.endpoint;
    let found = format!("{address} ({found_by})");
    let mut checks = vec![Check::ok(Subject::Engine, found)];
    let examination = doctor::examine_engine(engine, &reached, surroundings, &stops.cancellation);
    checks.extend(Box::pin(examination).await?);
    let endpoint = connection.endpoint.clone();
    connection.close().await;
    Some(Report {
        checks,
        endpoint: Some(endpoint),
        reached: Some(reached),
    })
}

/// The Docker client's configuration file.
fn docker_config(environment: &Environment) -> Option<std::path::PathBuf> {
    let surroundings = environment.surroundings(None, None);
    Some(surroundings.client_directory()?.join("config.json"))
}

/// Says on a terminal that it takes a while.
struct Waiting {
    to: Option<Out<Stderr>>,
}

impl Waiting {
    const TEXT: &str = "examining...";

    fn begin(color: ColorChoice) -> Self {
        let to = Some(stderr(color)).filter(Out::is_terminal);
        let mut waiting = Self { to };
        waiting.write(Self::TEXT.as_bytes());
        waiting
    }

    fn end(mut self) {
        // Blanks do it where colours, and all that looks like them, are off.
        let blank = " ".repeat(Self::TEXT.len());
        self.write(format!("\r{blank}\r").as_bytes());
    }

    fn write(&mut self, text: &[u8]) {
        if let Some(to) = &mut self.to {
            // Nobody is left to tell when stderr is gone.
            let _ = to.output(text).and_then(|()| to.flush());
        }
    }
}

fn show(report: &Report, format: Format, color: ColorChoice) -> Result<(), Failure> {
    let width = stdout_width().filter(|columns| *columns > 0);
    let is_colored = Out::stdout(choice(color)).is_colored();
    let told = match format {
        Format::Json => CommandOutput::Json(json::json(report)),
        Format::Text if is_colored => CommandOutput::Text(text::colored(report, width)),
        Format::Text => CommandOutput::Text(text::plain(report, width)),
    };
    told.write(color)
}
