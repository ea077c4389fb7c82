//! `cobuild images`: lists the curated images, and what of them is local.

mod json;
mod listed;
mod text;

use std::io;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, ColorChoice, ValueEnum};
use futures_util::{StreamExt, stream};

use super::args::EngineArgs;
use super::failure::Failure;
use super::output::{stderr, stdout};
use super::tips;
use crate::engine::docker::Docker;
use crate::engine::{Engine, EngineError};
use crate::exit::ExitStatus;
use crate::project::image::{Curated, Resolution, curated};
use crate::settings::Environment;
use crate::terminal::stdout_width;

use listed::{Listed, Local};

/// List the images that CodeBuild offers, with their runtimes, and say which are local.
#[derive(Debug, Args)]
pub(super) struct ImagesArgs {
    /// List only images with this runtime, such as `nodejs` or `nodejs:22`.
    #[arg(long, value_name = "NAME[:VERSION]")]
    runtime: Vec<String>,

    /// Form of the output.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,

    #[command(flatten)]
    pub(super) engine: EngineArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

/// How long an engine may take to tell of its images; the list does without.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many questions an engine is asked at a time.
const AT_A_TIME: usize = 8;

/// How wide a terminal is taken to be that does not tell.
const USUAL_WIDTH: usize = 80;

/// Other names of runtimes.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("node", "nodejs"),
    ("js", "nodejs"),
    ("go", "golang"),
    ("python3", "python"),
    ("jdk", "java"),
    ("openjdk", "java"),
    ("corretto", "java"),
];

/// Lists the images.
pub(super) async fn run(
    args: ImagesArgs,
    environment: &Environment,
    color: ColorChoice,
) -> Result<ExitStatus, Failure> {
    let images: Vec<Curated> = curated()
        .filter(|image| args.runtime.iter().all(|wanted| offers(image, wanted)))
        .collect();
    for meant in args.runtime.iter().filter_map(|wanted| meant(wanted)) {
        // The list is what was asked for; an unknown runtime makes it empty.
        let _ = writeln!(stderr(color), "hint: did you mean `{meant}`?");
    }
    let locals = match locals(&args.engine, environment, &images).await {
        Ok(locals) => locals.into_iter().map(Some).collect(),
        Err(failure) => {
            let reason = failure.in_one_line();
            // The list is what was asked for; it goes on without.
            let _ = writeln!(stderr(color), "what is local cannot be told: {reason}");
            images.iter().map(|_| None).collect::<Vec<_>>()
        }
    };
    let listed: Vec<Listed> = images
        .into_iter()
        .zip(locals)
        .map(|(image, local)| Listed { image, local })
        .collect();
    let mut out = stdout(color);
    let width = stdout_width().map(|width| if width > 0 { width } else { USUAL_WIDTH });
    let written = match args.format {
        Format::Text => text::write(&mut out, &listed, width),
        Format::Json => out.json(&format!("{:#}\n", json::value(&listed))),
    };
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error)
            .context("cannot write the list")
            .map_err(Failure::no_verdict),
        Ok(()) | Err(_) => Ok(ExitStatus::Succeeded),
    }
}

/// Whether an image offers `NAME` or `NAME:VERSION`.
fn offers(image: &Curated, wanted: &str) -> bool {
    match wanted.split_once(':') {
        Some((runtime, version)) => image.offers(runtime, Some(version)),
        None => image.offers(wanted, None),
    }
}

/// The runtime that is meant by a name that none has, `:VERSION` included.
fn meant(wanted: &str) -> Option<String> {
    let name = wanted.split(':').next().unwrap_or_default();
    let known = curated().flat_map(|image| image.runtimes.iter().map(|(name, _)| *name));
    let known: Vec<&str> = known.collect();
    if known.contains(&name) {
        return None;
    }
    let other = OTHER_NAMES.iter().find(|(other, _)| *other == name);
    let other = other.map(|(_, runtime)| *runtime);
    let runtime = other.or_else(|| tips::nearest(name, known))?;
    Some(format!("{runtime}{}", &wanted[name.len()..]))
}

/// Asks the engine which of these images it has, by any of their names.
async fn locals(
    engine: &EngineArgs,
    environment: &Environment,
    images: &[Curated],
) -> Result<Vec<Vec<Local>>, Failure> {
    let connection = engine.connect_to_running(environment)?;
    let engine = &connection.engine;
    let asking = async {
        engine.facts().await?;
        stream::iter(images)
            .map(|image| local(engine, image))
            .buffered(AT_A_TIME)
            .collect::<Vec<_>>()
            .await
            .into_iter()
            .collect::<Result<Vec<_>, EngineError>>()
    };
    match tokio::time::timeout(PATIENCE, asking).await {
        Ok(asked) => asked.map_err(|error| connection.failure(error)),
        Err(_) => Err(Failure::no_verdict(anyhow::anyhow!(
            "the engine did not answer within {} s",
            PATIENCE.as_secs()
        ))),
    }
}

async fn local(engine: &Docker, image: &Curated) -> Result<Vec<Local>, EngineError> {
    let mut found = Vec::new();
    for name in Resolution::of(&image.name()).local {
        if let Some(facts) = engine.inspect_image(&name).await? {
            found.push(Local { name, facts });
        }
    }
    Ok(found)
}
