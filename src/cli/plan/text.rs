//! A plan for people.

use std::io::{self, Write};

use super::container;
use super::names::{cache_action, kind_name, mode_names, on_failure, store_name};
use crate::buildspec::Cache;
use crate::phase::PhaseType;
use crate::plan::cache::{CacheKind, CacheUse};
use crate::plan::part::Part;
use crate::plan::{GitMetadata, Origin, PhasePlan, Plan, Reading, Variable, Work};
use crate::terminal::{Lines, Out, Style};

/// Writes a plan for people.
pub(super) fn write(out: &mut Out<impl Write>, plan: &Plan) -> io::Result<()> {
    let bold = Style::BOLD;
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
    container::write(out, &plan.container)?;
    if plan.cache.kind != CacheKind::None {
        let kept = [kind_name(plan.cache.kind)]
            .into_iter()
            .chain(mode_names(plan.cache.modes))
            .collect::<Vec<_>>()
            .join(" ");
        let namespace = &plan.cache.namespace;
        writeln!(out, "{bold}{:<11}{bold:#}{kept}, in {namespace}", "cache")?;
    }
    for source in &plan.sources {
        let label = match &source.identifier {
            None => "source".to_owned(),
            Some(identifier) => format!("source {identifier}"),
        };
        let note = match source.git {
            GitMetadata::Kept => "",
            GitMetadata::LeftOut => " (without .git)",
            GitMetadata::Linked => " (.git elsewhere)",
        };
        writeln!(
            out,
            "{bold}{label:<11}{bold:#}{} -> {}{note}",
            source.host.display(),
            source.directory
        )?;
    }
    if let Reading::Accepted(work) = &plan.reading {
        writeln!(out, "{bold}{:<11}{bold:#}{}", "buildspec", work.location)?;
        let shell = work.shell.as_deref().unwrap_or("sh");
        writeln!(out, "{bold}{:<11}{bold:#}{shell}", "shell")?;
        for phase in work.phases.iter().filter(|phase| phase.named) {
            write_phase(out, phase, &plan.part, work)?;
        }
    }
    writeln!(out)?;
    writeln!(out, "{bold}environment{bold:#}")?;
    let (own, others): (Vec<&Variable>, Vec<&Variable>) =
        plan.environment.iter().partition(|it| is_codebuild_s(it));
    for variable in others {
        write_variable(out, variable)?;
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
        if let Some(cache) = &work.cache {
            write_cache(out, cache, plan.cache.of(cache))?;
        }
        for warning in work.warnings.iter().chain(&work.caveats) {
            writeln!(out)?;
            writeln!(out, "{bold}note{bold:#}: {warning}")?;
        }
    }
    writeln!(out)?;
    writeln!(out, "{bold}environment of every build{bold:#}")?;
    for variable in own {
        write_variable(out, variable)?;
    }
    Ok(())
}

fn write_variable(out: &mut Out<impl Write>, variable: &Variable) -> io::Result<()> {
    let origin = variable.origin.as_str();
    writeln!(out, "  {origin:<9}  {}={}", variable.name, variable.shown())
}

/// Whether a variable is one that CodeBuild sets in every build.
fn is_codebuild_s(variable: &Variable) -> bool {
    variable.origin == Origin::Default && variable.name.starts_with("CODEBUILD_")
}

fn write_phase(
    out: &mut Out<impl Write>,
    phase: &PhasePlan,
    part: &Part,
    work: &Work,
) -> io::Result<()> {
    let bold = Style::BOLD;
    let on_failure = match on_failure(&phase.on_failure) {
        None => String::new(),
        Some(on_failure) => format!(" (on-failure: {on_failure})"),
    };
    writeln!(out)?;
    writeln!(out, "{bold}{}{bold:#}{on_failure}", phase.phase)?;
    if phase.phase == PhaseType::Install {
        for (runtime, version) in &work.runtime_versions {
            writeln!(out, "  runtime  {runtime}: {version}")?;
        }
    }
    let finally_left_out = if phase.finally_left_out {
        phase.finally.len()
    } else {
        0
    };
    for (label, commands, left_out) in [
        ("", &phase.commands, phase.left_out),
        ("finally ", &phase.finally, finally_left_out),
    ] {
        for (index, command) in commands.iter().enumerate() {
            let number = format!("{label}{}", index + 1);
            let note = if index < left_out {
                " (left out)"
            } else if part.is_mocked(command) {
                " (mocked)"
            } else {
                ""
            };
            // The further lines of a command stand below its first.
            let indented = command
                .trim_end()
                .replace('\n', &format!("\n{:width$}", "", width = number.len() + 4));
            writeln!(out, "  {number}{note}  {}", Lines(&indented, 0))?;
        }
    }
    Ok(())
}

fn write_results(out: &mut Out<impl Write>, work: &Work) -> io::Result<()> {
    let bold = Style::BOLD;
    for (group, report) in &work.reports {
        writeln!(out)?;
        writeln!(out, "{bold}report {group}{bold:#}")?;
        writeln!(out, "  format     {}", report.format.name())?;
        write_files(out, report.base_directory.as_deref(), &report.files, &[])?;
    }
    for set in &work.artifacts.sets {
        let artifacts = &set.artifacts;
        let identifier = set.identifier.iter().map(|it| format!(" {it}"));
        let identifier: String = identifier.collect();
        writeln!(out)?;
        writeln!(out, "{bold}artifacts{identifier}{bold:#}")?;
        if let Some(name) = &artifacts.name {
            writeln!(out, "  name       {name}")?;
        }
        write_files(
            out,
            artifacts.base_directory.as_deref(),
            &artifacts.files,
            &artifacts.exclude_paths,
        )?;
        if artifacts.discard_paths {
            writeln!(out, "  flat, in one directory")?;
        }
    }
    Ok(())
}

fn write_files(
    out: &mut Out<impl Write>,
    base: Option<&str>,
    files: &[String],
    excluded: &[String],
) -> io::Result<()> {
    if let Some(base) = base {
        writeln!(out, "  from       {base}")?;
    }
    for pattern in files {
        writeln!(out, "  files      {pattern}")?;
    }
    for pattern in excluded {
        writeln!(out, "  but not    {pattern}")?;
    }
    Ok(())
}

fn write_cache(out: &mut Out<impl Write>, cache: &Cache, usage: CacheUse) -> io::Result<()> {
    let bold = Style::BOLD;
    let action = match cache_action(cache.action) {
        None => String::new(),
        Some(action) => format!(" ({action} only)"),
    };
    writeln!(out)?;
    writeln!(out, "{bold}cache{bold:#}{action}")?;
    if let Some(key) = &cache.key {
        writeln!(out, "  key        {key}")?;
    }
    for key in &cache.fallback_keys {
        writeln!(out, "  or         {key}")?;
    }
    for path in &cache.paths {
        writeln!(out, "  paths      {path}")?;
    }
    let usage = match usage {
        CacheUse::Nothing => "no; `--cache s3` or `--cache local` keeps it",
        CacheUse::Archive => "as an archive",
        CacheUse::Directories => "as directories, linked from their places",
    };
    writeln!(out, "  kept       {usage}")?;
    Ok(())
}
