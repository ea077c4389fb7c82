//! `cobuild check`: finds what is wrong with buildspecs.

mod checked;
mod find;
mod github;
mod json;
mod sarif;
mod text;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ColorChoice, ValueEnum};

use super::failure::Failure;
use super::output::{stderr, stdout, written};
use crate::buildspec::{CODES, Code, Project, Severity};
use crate::exit::ExitStatus;

use checked::{Checked, not_shown};
use text::Reader;
pub(super) use text::draw;

/// Find every problem of buildspecs: what CodeBuild refuses, what it silently ignores, and what
/// will hurt.
///
/// `# cobuild: allow(CODE)` on a line or the line above silences a warning there; at the top of a
/// file, in all of it.
#[derive(Debug, Args)]
#[command(after_long_help = EXIT_STATUS)]
pub(super) struct CheckArgs {
    /// Buildspecs, and directories to look for them in; `-` is stdin [default: .]. In a directory
    /// every `buildspec*.yml` and `buildspec*.yaml` counts, at any depth.
    #[arg(value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,

    /// Form of what is written to stdout.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,

    /// Fail on warnings too.
    #[arg(long)]
    deny_warnings: bool,

    /// The project is privileged, so docker commands have their daemon.
    #[arg(short = 'd', long)]
    privileged: bool,

    /// Explain a code, such as bs101 or unknown-key; `codes` lists them all.
    #[arg(long, value_name = "CODE", conflicts_with_all = ["paths", "format", "deny_warnings", "privileged"])]
    explain: Option<String>,
}

const EXIT_STATUS: &str = "\
Exit status:
  0  no errors; warnings are no errors, unless denied
  1  CodeBuild would refuse one of the buildspecs, or one leads out of the directory
  2  the command line, or a file it names, cannot be used";

/// A form in which problems are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: the place, the line and what to do.
    Text,
    /// One object with everything found.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Commands of GitHub Actions, shown on the changed lines.
    Github,
}

impl Format {
    fn render(self, all: &[Checked], reader: Reader) -> String {
        match self {
            Self::Text => text::render(all, reader),
            Self::Json => json::render(all),
            Self::Sarif => sarif::render(all),
            Self::Github => github::render(all),
        }
    }
}

/// Shows what is wrong with a buildspec as `cobuild check` does, with colours.
pub fn show_problems(path: &str, bytes: &[u8], format: Format) -> String {
    let checked = Checked::of(path.to_owned(), bytes, Project::default());
    format.render(&[checked], Reader::Terminal)
}

/// Checks buildspecs.
pub(super) fn check(args: &CheckArgs, color: ColorChoice) -> Result<ExitStatus, Failure> {
    let mut out = stdout(color);
    if let Some(code) = &args.explain {
        let text = explain(code)?;
        written(out.drawn(&text).and_then(|()| out.flush()))?;
        return Ok(ExitStatus::Succeeded);
    }
    let project = Project {
        privileged: args.privileged,
    };
    let mut all = Vec::new();
    let find::FoundBuildspecs { texts, unread } = find::read(&args.paths)?;
    for (path, bytes) in texts {
        all.push(Checked::of(path, &bytes, project));
    }
    let reader = if out.is_terminal() {
        Reader::Terminal
    } else {
        Reader::Other
    };
    let shown = args.format.render(&all, reader);
    let told = match args.format {
        Format::Text => out.drawn(&shown),
        // Each command is a line; what would break it has been escaped.
        Format::Github => shown.lines().try_for_each(|line| writeln!(out, "{line}")),
        Format::Json | Format::Sarif => out.json(&shown),
    };
    written(told.and_then(|()| out.flush()))?;
    let count = |severity| {
        let found = all.iter().flat_map(|one| &one.found);
        found.filter(|one| one.severity() == severity).count()
    };
    let errors = count(Severity::Error) + unread.len();
    let warnings = count(Severity::Warning);
    let mut err = stderr(color);
    for (path, reason) in &unread {
        // Nobody is left to tell when stderr is gone.
        let _ = writeln!(err, "error: `{path}` is not read: {reason}");
    }
    let mut summary = format!(
        "{} and {} in {}",
        counted(errors, "error"),
        counted(warnings, "warning"),
        counted(all.len() + unread.len(), "buildspec")
    );
    let more: usize = all.iter().map(|one| one.more).sum();
    if more > 0 {
        summary.push_str("; ");
        summary.push_str(&not_shown(more));
    }
    let _ = writeln!(err, "{summary}");
    Ok(if errors > 0 || (args.deny_warnings && warnings > 0) {
        ExitStatus::BuildFailed
    } else {
        ExitStatus::Succeeded
    })
}

fn counted(count: usize, what: &str) -> String {
    match count {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

fn explain(name: &str) -> Result<String, Failure> {
    if name == "codes" {
        return Ok(CODES.iter().map(|code| line(code)).collect());
    }
    let code = Code::find(name)
        .with_context(|| format!("unknown code `{name}`"))
        .map_err(|error| {
            Failure::usage(error).hint("`cobuild check --explain codes` lists them")
        })?;
    let page = code.page();
    let explanation: Vec<String> = page.paragraphs().map(|text| wrapped(&text)).collect();
    Ok(format!(
        "{} {} ({})\n\n{}\n\n{}\n\nWrong:\n\n{}\nRight:\n\n{}",
        code.id,
        code.name,
        code.severity.as_str(),
        wrapped(page.summary),
        explanation.join("\n\n"),
        indented(page.wrong),
        indented(page.right)
    ))
}

fn line(code: &Code) -> String {
    let severity = code.severity.as_str();
    let summary = code.page().summary;
    format!("{} {severity:7} {}: {summary}\n", code.id, code.name)
}

fn indented(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("    {line}")).collect();
    format!("{}\n", lines.join("\n"))
}

/// How wide an explanation is.
const WIDTH: usize = 80;

fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last().map_or(0, |line| line.chars().count());
        if last > 0 && last + 1 + word.chars().count() > WIDTH {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}
