//! What `cobuild check` says of a buildspec, as far as it concerns the build.

use crate::buildspec::{self, Diagnostic, Project, Severity, Span};
use crate::event::{Problem, Problems};

/// How many problems a build tells of.
const MOST: usize = 3;

/// The longest line that is told with its problem, in bytes.
const LONGEST: usize = 4096;

/// The warnings that concern a build: it does not do what its buildspec says. Those about style, or about
/// what may go wrong in a command, do not.
const CONCERNING: &[&str] = &[
    "unknown-key",
    "duplicate-key",
    "empty-phase",
    "ignored-kind",
    "on-failure",
    "boolean",
    "steps",
    "unusable-name",
];

/// Finds what concerns a build of this buildspec, which people know as `path`: why it is refused, else what of
/// it does nothing.
pub(super) fn problems(text: &[u8], path: &str, project: Project) -> Problems {
    let diagnosis = buildspec::diagnose(text, project);
    let all = diagnosis.told.len() + diagnosis.more;
    let is_error = |one: &&Diagnostic| one.severity() == Severity::Error;
    let mut concerning: Vec<&Diagnostic> = diagnosis.told.iter().filter(is_error).collect();
    if concerning.is_empty() {
        // A build takes no notice of the batch.
        let batch = buildspec::batch_span(text);
        let warnings = diagnosis.told.iter();
        concerning = warnings
            .filter(|one| CONCERNING.contains(&one.code.name))
            .filter(|one| !batch.is_some_and(|batch| is_in(one.span, batch)))
            .collect();
    }
    if concerning.is_empty() {
        return Problems::default();
    }
    concerning.truncate(MOST);
    let readable = buildspec::readable(text);
    let lines: Vec<&str> = readable.split('\n').collect();
    let told = concerning.into_iter();
    let problems: Vec<Problem> = told.map(|one| problem(one, path, &lines)).collect();
    Problems {
        more: all - problems.len(),
        problems,
    }
}

fn is_in(place: Span, section: Span) -> bool {
    section.start <= place.start && place.start < section.end
}

fn problem(one: &Diagnostic, path: &str, lines: &[&str]) -> Problem {
    let Span { start, end } = one.span;
    let line = lines.get(start.line.saturating_sub(1)).copied();
    let text = line
        .filter(|line| line.len() <= LONGEST)
        .unwrap_or_default();
    Problem {
        code: one.code.id.to_owned(),
        is_error: one.severity() == Severity::Error,
        message: one.message.clone(),
        path: path.to_owned(),
        line: start.line,
        column: start.column,
        end_column: end.column,
        text: text.trim_end_matches('\r').to_owned(),
        note: one.note.clone(),
        help: one.help.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buildspec::CODES;

    fn found(text: &str) -> Problems {
        problems(text.as_bytes(), "spec.yml", Project::default())
    }

    #[test]
    fn the_warnings_that_concern_a_build_have_codes() {
        for name in CONCERNING {
            assert!(CODES.iter().any(|code| code.name == *name), "{name}");
        }
    }

    #[test]
    fn a_good_buildspec_has_nothing_to_tell() {
        let text = "version: 0.2\nphases: {build: {commands: [make]}}\n";
        assert_eq!(found(text), Problems::default());
        // Neither has one whose commands may go wrong.
        let text = "version: 0.2\nphases: {build: {commands: ['[[ a == b ]]']}}\n";
        assert_eq!(found(text), Problems::default());
    }

    #[test]
    fn the_first_few_are_told_and_the_rest_is_counted() {
        let text =
            "version: 0.2\na: 1\nb: 2\nc: 3\nd: 4\nphases: {build: {commands: ['[[ a == b ]]']}}\n";
        let Problems { problems, more } = found(text);
        let lines: Vec<usize> = problems.iter().map(|one| one.line).collect();
        assert_eq!((lines.as_slice(), more), (&[2, 3, 4][..], 2));
        assert_eq!(problems[0].text, "a: 1");
    }

    #[test]
    fn why_a_buildspec_is_refused_comes_before_what_it_does_not_do() {
        let text = "version: 0.2\na: 1\nphases:\n  build:\n    commands: [echo \"a\": b]\n";
        let Problems { problems, more } = found(text);
        assert_eq!((problems.len(), more), (1, 1));
        assert!(problems[0].is_error, "{problems:?}");
        assert_eq!(problems[0].line, 5);
    }

    #[test]
    fn what_is_wrong_with_a_batch_concerns_no_single_build() {
        let batch = "batch:\n  build-list:\n    - identifier: a\n      env:\n        FOO: 1\n";
        let text = format!("version: 0.2\n{batch}phases: {{build: {{commands: [make]}}}}\n");
        assert_eq!(found(&text), Problems::default());
        let text = format!("version: 0.2\n{batch}phase: {{build: {{commands: [make]}}}}\n");
        let Problems { problems, more } = found(&text);
        assert_eq!((problems.len(), more), (1, 1));
    }
}
