//! Diagnostics in the shape of rustc's: the one file that names the crate that draws them.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::Checked;
use crate::buildspec::{Diagnostic, Position, Severity};

/// The longest line that is shown; of a longer one, only the part around the carets.
const LONGEST: usize = 400;

/// How much is shown on either side of the place on a line that is too long.
const AROUND: usize = 60;

/// Renders everything found. Colours are always there: the stream drops them when they are not
/// wanted.
pub(super) fn render(all: &[Checked]) -> String {
    let renderer = Renderer::styled();
    let mut shown = String::new();
    for checked in all {
        let lines: Vec<&str> = checked.text.split('\n').collect();
        for one in &checked.found {
            shown.push_str(&renderer.render(&[group(one, &checked.path, &lines)]));
            shown.push_str("\n\n");
        }
    }
    shown
}

fn group<'a>(one: &'a Diagnostic, path: &'a str, lines: &[&'a str]) -> Group<'a> {
    let level = match one.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let line = lines
        .get(one.span.start.line.saturating_sub(1))
        .map_or("", |line| line.trim_end_matches('\r'));
    let range = bytes(line, one.span.start, one.span.end);
    let title = level.primary_title(visible(&one.message)).id(one.code.id);
    let mut group = if line.len() > LONGEST {
        let part = around(line, &range);
        let start = range.start - part.start;
        let end = range.end.min(part.end) - part.start;
        title.element(snippet(&line[part], start..end, one, path))
    } else {
        title.element(snippet(line, range, one, path))
    };
    if let Some(note) = &one.note {
        let note = format!("CodeBuild: YAML_FILE_ERROR Message: {}", visible(note));
        group = group.element(Level::NOTE.message(note));
    }
    if let Some(help) = &one.help {
        group = group.element(Level::HELP.message(visible(help)));
    }
    group
}

fn snippet<'a>(
    line: &'a str,
    range: Range<usize>,
    one: &Diagnostic,
    path: &'a str,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    Snippet::source(line)
        .line_start(one.span.start.line)
        .path(path)
        .annotation(AnnotationKind::Primary.span(range))
}

/// Returns the bytes of a line between two places on it.
fn bytes(line: &str, start: Position, end: Position) -> Range<usize> {
    let at = |column: usize| {
        line.char_indices()
            .nth(column.saturating_sub(1))
            .map_or(line.len(), |(at, _)| at)
    };
    let first = at(start.column);
    first..at(end.column).max(first)
}

/// Returns the part of a long line that is shown.
fn around(line: &str, range: &Range<usize>) -> Range<usize> {
    let start = line[..range.start]
        .char_indices()
        .rev()
        .nth(AROUND - 1)
        .map_or(0, |(at, _)| at);
    let end = line[range.start..]
        .char_indices()
        .nth(2 * AROUND)
        .map_or(line.len(), |(at, _)| range.start + at);
    start..end
}

/// Names from the file may hold what a terminal obeys.
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{FFFD}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buildspec::check;

    fn rendered(text: &str) -> String {
        let checked = Checked {
            path: "buildspec.yml".to_owned(),
            text: text.to_owned(),
            found: check(text.as_bytes()),
        };
        anstream::adapter::strip_str(&render(&[checked])).to_string()
    }

    #[test]
    fn an_error_has_place_line_note_and_help() {
        assert_eq!(
            rendered("version: 0.2\nphases:\n  pre-build: {}\n"),
            "\
error[bs004]: `pre-build` is no phase
 --> buildspec.yml:3:3
  |
3 |   pre-build: {}
  |   ^^^^^^^^^
  |
  = note: CodeBuild: YAML_FILE_ERROR Message: Invalid buildspec phase name: pre-build. Expecting: build,install,post_build,pre_build
  = help: did you mean `pre_build`?

"
        );
    }

    #[test]
    fn long_lines_and_control_characters_do_no_harm() {
        let text = format!(
            "version: 0.2\nphases:\n  build:\n    commands: [\"{}\", [x]]\n\"a\\eb\": c\n",
            "é".repeat(1000)
        );
        let shown = rendered(&text);
        assert!(
            shown.lines().all(|line| line.chars().count() < 300),
            "{shown}"
        );
        assert!(shown.contains("a\u{FFFD}b"), "{shown}");
        assert!(!shown.contains('\u{1b}'), "{shown}");
    }
}
