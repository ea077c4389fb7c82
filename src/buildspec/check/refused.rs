//! What CodeBuild refuses: every problem of the reading, worded for people.

use super::super::code::Code;
use super::super::code::STEPS;
use super::super::code::{COMMAND_TYPE, KIND, NO_BUILDSPEC, PHASE_NAME, VERSION};
use super::super::diagnostic::Findings;
use super::super::keys::Section;
use super::super::node::Span;
use super::super::problems::Problem;
use super::super::refusal::{NoBuildspec, Reason, Refusal, ValueKind};
use super::keys::suggestion;
use super::syntax_help;

const COMMAND_HELP: &str = "put the whole command in quotes, or in a block after `- |`";

/// Tells of a problem for which a buildspec is refused.
pub(super) fn tell(problem: &Problem, findings: &mut Findings<'_>) {
    let span = problem.span;
    let (code, span, message, help): (&'static Code, Span, String, Option<String>) =
        match &problem.reason {
            Reason::NoBuildspec(because) => {
                let (message, help) = no_buildspec(*because);
                let line = findings.line(span.start.line);
                (
                    &NO_BUILDSPEC,
                    line,
                    message.to_owned(),
                    Some(help.to_owned()),
                )
            }
            Reason::Version { written } => (
                &VERSION,
                span,
                format!("version `{written}` does not exist"),
                Some("write `version: 0.2`".to_owned()),
            ),
            Reason::PhaseName { written } => (
                &PHASE_NAME,
                span,
                format!("`{written}` is not a phase"),
                Some(meant_phase(written)),
            ),
            Reason::Steps => (
                &STEPS,
                span,
                "`steps` need an AWS account that is connected to GitHub".to_owned(),
                Some("write `commands` that do the same".to_owned()),
            ),
            Reason::CommandIsMap { .. } => (
                &COMMAND_TYPE,
                span,
                "YAML reads this command as a map".to_owned(),
                Some(COMMAND_HELP.to_owned()),
            ),
            Reason::CommandIsList { .. } => (
                &COMMAND_TYPE,
                span,
                "YAML reads this command as a list".to_owned(),
                Some(COMMAND_HELP.to_owned()),
            ),
            Reason::ValueKind { is, expected, .. } => (
                &KIND,
                span,
                format!(
                    "expected {}, found {}",
                    expected_kind(*expected),
                    found_kind(*is)
                ),
                value_help(*is, *expected).map(str::to_owned),
            ),
            Reason::KeyKind => (
                &KIND,
                span,
                "expected text as the key, found a map or a list".to_owned(),
                Some("put text that begins with a bracket in quotes".to_owned()),
            ),
            _ => return syntax_help::tell(problem, findings),
        };
    let refusal = Refusal::of_buildspec(&problem.reason);
    let finding = findings.add(code, span, message).note(&refusal);
    if let Some(help) = help {
        finding.help(help);
    }
}

fn no_buildspec(because: NoBuildspec) -> (&'static str, &'static str) {
    let help = "begin the file with `version: 0.2`, and put the commands under `phases`";
    match because {
        NoBuildspec::Empty => ("the buildspec is empty", help),
        NoBuildspec::Text => (
            "expected a map with `version` and `phases`, found text",
            help,
        ),
        NoBuildspec::List => (
            "expected a map with `version` and `phases`, found a list",
            help,
        ),
        NoBuildspec::NoVersion => (
            "the buildspec has no `version`",
            "begin the file with `version: 0.2`",
        ),
    }
}

fn meant_phase(written: &str) -> String {
    match suggestion(written, Section::Phases.keys().map(|key| key.name)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if Section::Root.has(written) => {
            format!("`{written}` belongs beside `phases`, not under it: indent it less")
        }
        None if Section::Install.has(written) => {
            format!("`{written}` belongs in a phase: indent it more")
        }
        None => "the phases are install, pre_build, build and post_build".to_owned(),
    }
}

/// Names a kind of value as it should be written.
pub(super) fn expected_kind(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Text => "text",
        ValueKind::Boolean => "`yes` or `no`",
        ValueKind::List => "a list",
        ValueKind::Texts => "a list of texts",
        ValueKind::Map => "a map (`NAME: value`)",
    }
}

/// Names the kind of a value that is there.
pub(super) fn found_kind(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Text | ValueKind::Boolean => "text",
        ValueKind::List | ValueKind::Texts => "a list",
        ValueKind::Map => "a map",
    }
}

fn value_help(is: ValueKind, expected: ValueKind) -> Option<&'static str> {
    Some(match (is, expected) {
        (ValueKind::Text, ValueKind::Map) => "write keys with values, as in `NAME: value`",
        (_, ValueKind::Map) => "write keys with values, as in `NAME: value`, without `-`",
        (_, ValueKind::List | ValueKind::Texts) => "begin each item with `- `",
        (ValueKind::List, ValueKind::Text) => "write one value, without `-` and brackets",
        (_, ValueKind::Text) => "put text that has `: ` in it or begins with a bracket in quotes",
        (_, ValueKind::Boolean) => return None,
    })
}
