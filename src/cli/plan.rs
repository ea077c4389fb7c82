//! `cobuild plan`: shows what would run, without an engine.

use std::io::{self, BufWriter, Write};

use anstream::AutoStream;
use anstyle::Style;
use clap::{Args, ColorChoice, ValueEnum};
use serde_json::{Value, json};

use super::build_args::BuildArgs;
use super::gather::{self, Numbering};
use super::{Failure, choice};
use crate::buildspec::{Artifacts, OnFailure, Version};
use crate::exit::ExitStatus;
use crate::plan::{self, PhasePlan, Plan, Reading, Store, Work};
use crate::settings::Environment;

/// Show what a build would do: image, phases and commands, variables and who sets them, artifacts.
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    build: BuildArgs,

    /// Form of the output.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

/// Shows the plan of a build; a buildspec that CodeBuild refuses is a failed build here too.
pub(super) async fn run(
    args: PlanArgs,
    environment: &Environment,
    color: ColorChoice,
) -> Result<ExitStatus, Failure> {
    let request = args.build.request(environment)?;
    let facts = gather::facts(&request, environment, Numbering::Look).await;
    let plan = plan::make(request, &facts);
    let out = AutoStream::new(io::stdout(), choice(color)).lock();
    let mut out = BufWriter::new(out);
    let written = match args.format {
        Format::Text => write_text(&mut out, &plan),
        Format::Json => {
            { serde_json::to_writer_pretty(&mut out, &to_json(&plan)).map_err(io::Error::from) }
                .and_then(|()| writeln!(out))
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
    match &plan.reading {
        Reading::Accepted(_) => Ok(ExitStatus::Succeeded),
        Reading::Refused { context, hint, .. } => {
            let failure = Failure::refused(anyhow::anyhow!(
                "{}: {}",
                context.status_code,
                context.message
            ));
            Err(match hint {
                Some(hint) => failure.hint(hint),
                None => failure,
            })
        }
    }
}

fn write_text(out: &mut impl Write, plan: &Plan) -> io::Result<()> {
    let bold = Style::new().bold();
    let identity = &plan.identity;
    for (label, value) in [
        ("project", identity.project_name.clone()),
        ("build", identity.build_number.to_string()),
        ("image", plan.engine_image.clone()),
        ("privileged", plan.privileged.to_string()),
        ("timeout", format!("{} min", identity.timeout_in_minutes)),
    ] {
        writeln!(out, "{bold}{label:<11}{bold:#}{value}")?;
    }
    for source in &plan.sources {
        let label = match &source.identifier {
            None => "source".to_owned(),
            Some(identifier) => format!("source {identifier}"),
        };
        writeln!(
            out,
            "{bold}{label:<11}{bold:#}{} -> {}",
            source.host.display(),
            source.directory
        )?;
    }
    if let Reading::Accepted(work) = &plan.reading {
        writeln!(out, "{bold}{:<11}{bold:#}{}", "buildspec", work.location)?;
        let shell = work.shell.as_deref().unwrap_or("sh");
        writeln!(out, "{bold}{:<11}{bold:#}{shell}", "shell")?;
        for phase in work.phases.iter().filter(|phase| phase.named) {
            write_phase(out, phase)?;
        }
    }
    writeln!(out, "\n{bold}environment{bold:#}")?;
    for variable in &plan.environment {
        let origin = variable.origin.as_str();
        writeln!(out, "  {origin:<9}  {}={}", variable.name, variable.value)?;
    }
    if let Reading::Accepted(work) = &plan.reading {
        for stored in &work.stored {
            let store = store_name(stored.store);
            writeln!(
                out,
                "  {:<9}  {}  ({store}: {})",
                "secret", stored.variable, stored.reference
            )?;
        }
        write_results(out, work)?;
    }
    Ok(())
}

fn write_phase(out: &mut impl Write, phase: &PhasePlan) -> io::Result<()> {
    let bold = Style::new().bold();
    let on_failure = match on_failure(&phase.on_failure) {
        None => String::new(),
        Some(on_failure) => format!(" (on-failure: {on_failure})"),
    };
    writeln!(out, "\n{bold}{}{bold:#}{on_failure}", phase.phase)?;
    for (label, commands) in [("", &phase.commands), ("finally ", &phase.finally)] {
        for (index, command) in commands.iter().enumerate() {
            let number = format!("{label}{}", index + 1);
            // The further lines of a command stand below its first.
            let indented = command
                .trim_end()
                .replace('\n', &format!("\n{:width$}", "", width = number.len() + 4));
            writeln!(out, "  {number}  {indented}")?;
        }
    }
    Ok(())
}

fn write_results(out: &mut impl Write, work: &Work) -> io::Result<()> {
    let bold = Style::new().bold();
    let sets = work.artifacts.iter().flat_map(|artifacts| {
        std::iter::once((None, artifacts)).chain(
            artifacts
                .secondary
                .iter()
                .map(|(identifier, artifacts)| (Some(identifier), artifacts)),
        )
    });
    for (identifier, artifacts) in sets {
        let identifier = identifier.map(|it| format!(" {it}")).unwrap_or_default();
        writeln!(out, "\n{bold}artifacts{identifier}{bold:#}")?;
        if let Some(base) = &artifacts.base_directory {
            writeln!(out, "  from       {base}")?;
        }
        for pattern in &artifacts.files {
            writeln!(out, "  files      {pattern}")?;
        }
        for pattern in &artifacts.exclude_paths {
            writeln!(out, "  but not    {pattern}")?;
        }
        if artifacts.discard_paths {
            writeln!(out, "  flat, in one directory")?;
        }
    }
    for path in work.cache_paths.iter().flatten() {
        writeln!(out, "\n{bold}cache{bold:#}\n  {path}")?;
    }
    for warning in &work.warnings {
        writeln!(out, "\n{bold}note{bold:#}: {warning}")?;
    }
    Ok(())
}

fn to_json(plan: &Plan) -> Value {
    let mut value = json!({
        "build": plan.identity,
        "engineImage": plan.engine_image,
        "privileged": plan.privileged,
        "timeoutInSeconds": plan.timeout.as_secs(),
        "sources": plan.sources.iter().map(|source| json!({
            "identifier": source.identifier,
            "host": source.host,
            "directory": source.directory,
        })).collect::<Value>(),
        "environment": plan.environment,
    });
    match &plan.reading {
        Reading::Refused {
            location, context, ..
        } => value["refused"] = json!({ "location": location, "context": context }),
        Reading::Accepted(work) => value["work"] = work_json(work),
    }
    value
}

fn work_json(work: &Work) -> Value {
    json!({
        "buildspec": work.location,
        "version": match work.version {
            Version::V0_1 => "0.1",
            Version::V0_2 => "0.2",
        },
        "shell": work.shell,
        "phases": work.phases.iter().map(|phase| json!({
            "phase": phase.phase,
            "named": phase.named,
            "commands": phase.commands,
            "finally": phase.finally,
            "onFailure": on_failure(&phase.on_failure),
        })).collect::<Value>(),
        "stored": work.stored.iter().map(|stored| json!({
            "variable": stored.variable,
            "store": store_name(stored.store),
            "reference": stored.reference,
        })).collect::<Value>(),
        "artifacts": work.artifacts.as_ref().map(artifacts_json),
        "cachePaths": work.cache_paths,
        "unknownKeys": work.unknown_keys.iter().map(|unknown| json!({
            "section": unknown.section,
            "keys": unknown.keys,
        })).collect::<Value>(),
        "warnings": work.warnings,
    })
}

fn artifacts_json(artifacts: &Artifacts) -> Value {
    json!({
        "files": artifacts.files,
        "name": artifacts.name,
        "baseDirectory": artifacts.base_directory,
        "discardPaths": artifacts.discard_paths,
        "excludePaths": artifacts.exclude_paths,
        "enableSymlinks": artifacts.enable_symlinks,
        "s3Prefix": artifacts.s3_prefix,
        "secondary": artifacts
            .secondary
            .iter()
            .map(|(identifier, artifacts)| (identifier.clone(), artifacts_json(artifacts)))
            .collect::<serde_json::Map<_, _>>(),
    })
}

fn on_failure(on_failure: &OnFailure) -> Option<String> {
    match on_failure {
        OnFailure::Default => None,
        OnFailure::Abort => Some("ABORT".to_owned()),
        OnFailure::Continue => Some("CONTINUE".to_owned()),
        OnFailure::Retry { count, pattern } => Some(format!("RETRY-{count}-{pattern}")),
    }
}

fn store_name(store: Store) -> &'static str {
    match store {
        Store::ParameterStore => "parameter-store",
        Store::SecretsManager => "secrets-manager",
    }
}
