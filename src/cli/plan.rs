//! `cobuild plan`: shows what would run, without an engine.

mod container;
mod names;
mod text;

use std::io::{self, Write};
use std::time::Duration;

use clap::{Args, ColorChoice};

use super::args::{EngineArgs, Format};
use super::build_failure::build_failure;
use super::check;
use super::config::{self, ResolvedSettings};
use super::failure::Failure;
use super::output::{stderr, stdout};
use super::run::RunArgs;
use crate::build;
use crate::engine::Engine;
use crate::exit::ExitStatus;
use crate::plan::{self, Plan, PlanDocument, Reading};
use crate::settings::Environment;
use crate::terminal::Out;

/// Show what a build would do, without running it.
///
/// Shows the image, phases and commands, the variables and who sets them, the artifacts, and where each
/// setting comes from. Takes every flag of `cobuild run`; writes no file and starts no container.
#[derive(Debug, Args)]
#[command(after_help = MORE, after_long_help = EXIT_STATUS)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub(super) run: RunArgs,
}

const MORE: &str = "`cobuild plan --help` describes all flags and the exit statuses.";

const EXIT_STATUS: &str = "\
Exit status:
  0  the build can run
  1  the buildspec or the source is refused, which fails the build
  2  the command line, or a file it names, cannot be used
  3  cobuild is at fault";

/// How long an engine may take to tell of an image; the plan does without.
const PATIENCE: Duration = Duration::from_secs(2);

/// The container's host name, which is not known before there is one.
const HOST_NAME: &str = "CONTAINER-ID";

/// Shows the plan of a build; a buildspec that CodeBuild refuses is a failed build here too.
pub(super) async fn run(
    args: &RunArgs,
    settled: &ResolvedSettings,
    environment: &Environment,
    color: ColorChoice,
) -> Result<ExitStatus, Failure> {
    let request = args.resolve(environment)?.request;
    let mut plan = match build::plan(&request, environment).await {
        Ok(plan) => plan,
        Err(error) => return build_failure(error, None),
    };
    let image = image_variables(&plan.image.local, &settled.engine, environment).await;
    if let Some(image) = &image {
        plan.environment = plan::complete(image, &plan.environment, HOST_NAME);
    }
    let refusal = refusal(&plan);
    if args.output.format == Format::Text {
        // Before the plan, which may be long.
        let _ = tell(&mut stderr(color), &plan, refusal.as_ref());
    }
    let mut out = stdout(color);
    let written = match args.output.format {
        Format::Text => text::write(&mut out, &plan)
            .and_then(|()| config::write_text(&mut out, &settled.settings)),
        Format::Json => {
            let settings = config::settings(&settled.settings);
            let document = PlanDocument::new(plan, settings);
            let document = serde_json::to_string_pretty(&document).map_err(Failure::no_verdict)?;
            out.json(&format!("{document}\n"))
        }
    };
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            return Err(Failure::no_verdict(
                anyhow::Error::new(error).context("cannot write the plan"),
            ));
        }
        Ok(()) | Err(_) => {}
    }
    match (refusal, args.output.format) {
        (None, _) => Ok(ExitStatus::Succeeded),
        (Some(refusal), Format::Text) => Ok(refusal.status),
        (Some(refusal), Format::Json) => Err(refusal),
    }
}

/// Says why a build of this plan fails before its first command, if it does.
fn refusal(plan: &Plan) -> Option<Failure> {
    let (context, hint) = match &plan.reading {
        Reading::Accepted(_) => return None,
        Reading::Refused { context, hint, .. } => (context, hint.as_ref()),
        Reading::SourceFailed { context, hint } => (context, Some(hint)),
    };
    let failure = Failure::refused(anyhow::anyhow!(
        "{}: {}",
        context.status_code,
        context.message
    ));
    Some(match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    })
}

/// Tells what is wrong with the buildspec.
fn tell(out: &mut Out<impl Write>, plan: &Plan, refusal: Option<&Failure>) -> io::Result<()> {
    if let Some(refusal) = refusal {
        out.page(&refusal.page())?;
    }
    for problem in &plan.problems.problems {
        out.drawn(&check::draw(problem, out.is_terminal()))?;
    }
    Ok(())
}

/// Returns what the image sets, where an engine is at hand that has it under any of these names.
async fn image_variables(
    names: &[String],
    engine: &EngineArgs,
    environment: &Environment,
) -> Option<Vec<(String, String)>> {
    let connection = engine.connect_to_running(environment).ok()?;
    let looking = async {
        for name in names {
            if let Some(facts) = connection.engine.inspect_image(name).await.ok()? {
                return Some(facts.environment);
            }
        }
        None
    };
    tokio::time::timeout(PATIENCE, looking).await.ok()?
}
