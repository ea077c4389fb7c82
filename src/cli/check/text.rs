//! Diagnostics in the shape of rustc's: the one file that names the crate that draws them.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::checked::{Checked, not_shown};
use crate::buildspec::{Code, Diagnostic, Position, Severity, Span};
use crate::event::Problem;
use crate::terminal;

/// The longest line that is shown; of a longer one, only the part around the carets.
const LONGEST: usize = 400;

/// How much is shown on either side of the place on a line that is too long.
const AROUND: usize = 40;

/// Stands for what is not shown.
const CUT: &str = "...";

/// Who reads what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    Terminal,
    /// A program that reads a pipe, or a file.
    Other,
}

/// Renders everything found. Colours are always there: the stream drops them when they are not
/// wanted. Of what a terminal obeys it gets signs; the crate has its own for lines of a file.
pub(super) fn render(all: &[Checked], reader: Reader) -> String {
    let renderer = Renderer::styled();
    let mut shown = String::new();
    for checked in all {
        let lines: Vec<&str> = checked.text.split('\n').collect();
        let path = match reader {
            Reader::Terminal => terminal::visible(&checked.path),
            Reader::Other => checked.path.as_str().into(),
        };
        for one in &checked.found {
            let line = lines.get(one.span.start.line.saturating_sub(1));
            let line = line.copied().unwrap_or_default();
            shown.push_str(&rendered(&renderer, one, &path, line, reader));
            shown.push_str("\n\n");
        }
        if checked.more > 0 {
            let _ = writeln!(shown, "{path}: {}\n", not_shown(checked.more));
        }
    }
    shown
}

/// Renders a problem that a build tells of, with colours, and an empty line after it.
pub(in crate::cli) fn draw(problem: &Problem, is_terminal: bool) -> String {
    let reader = if is_terminal {
        Reader::Terminal
    } else {
        Reader::Other
    };
    let path = visible(&problem.path, reader);
    let Some(code) = Code::find(&problem.code) else {
        // Another version of cobuild found it.
        return format!("{}\n", visible(&problem.to_string(), reader));
    };
    let at = |column| Position {
        line: problem.line,
        column,
    };
    let one = Diagnostic {
        code,
        message: problem.message.clone(),
        span: Span {
            start: at(problem.column),
            end: at(problem.end_column),
        },
        note: problem.note.clone(),
        help: problem.help.clone(),
    };
    let rendered = rendered(&Renderer::styled(), &one, &path, &problem.text, reader);
    format!("{rendered}\n\n")
}

fn rendered(
    renderer: &Renderer,
    one: &Diagnostic,
    path: &str,
    line: &str,
    reader: Reader,
) -> String {
    let place = one.span.start;
    let line = line.trim_end_matches('\r');
    let range = bytes(line, place, one.span.end);
    let (part, range) = if line.len() <= LONGEST {
        (Cow::Borrowed(line), range)
    } else {
        let (part, range) = around(line, &range);
        (part.into(), range)
    };
    let (part, range) = match reader {
        Reader::Terminal => signed(&part, &range),
        Reader::Other => (part.into_owned(), range),
    };
    let column = part[..range.start].chars().count() + 1;
    let shown = renderer.render(&[group(one, path, part.into(), range, reader)]);
    if column == place.column {
        return shown;
    }
    // The renderer counts the columns of what it is given.
    let at = |column| format!("{path}:{}:{column}", place.line);
    shown.replacen(&at(column), &at(place.column), 1)
}

fn group<'a>(
    one: &'a Diagnostic,
    path: &'a str,
    source: Cow<'a, str>,
    range: Range<usize>,
    reader: Reader,
) -> Group<'a> {
    let level = match one.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(visible(&one.message, reader))
        .id(one.code.id);
    let mut group = title.element(
        Snippet::source(source)
            .line_start(one.span.start.line)
            .path(path)
            .annotation(AnnotationKind::Primary.span(range)),
    );
    if let Some(note) = &one.note {
        let note = format!("CodeBuild: {}", visible(note, reader));
        group = group.element(Level::NOTE.message(note));
    }
    if let Some(help) = &one.help {
        group = group.element(Level::HELP.message(visible(help, reader)));
    }
    group
}

/// Returns the bytes of a line between two places on it, as far as they are shown.
fn bytes(line: &str, start: Position, end: Position) -> Range<usize> {
    let after = |text: &str, characters: usize| {
        let mut rest = text.chars();
        if let Some(last) = characters.checked_sub(1) {
            rest.nth(last);
        }
        text.len() - rest.as_str().len()
    };
    let first = after(line, start.column.saturating_sub(1));
    // No more than this is shown.
    let characters = end.column.saturating_sub(start.column).min(LONGEST);
    let length = after(&line[first..], characters);
    first..first + length
}

/// Returns the part of a long line that is shown, and where the place is in it.
fn around(line: &str, range: &Range<usize>) -> (String, Range<usize>) {
    let mut before = line[..range.start].char_indices().rev();
    let start = before.nth(AROUND - 1).map_or(0, |(at, _)| at);
    let mut behind = line[range.start..].char_indices();
    let end = behind
        .nth(2 * AROUND)
        .map_or(line.len(), |(at, _)| range.start + at);
    let left = if start > 0 { CUT } else { "" };
    let right = if end < line.len() { CUT } else { "" };
    let moved = |at: usize| at.min(end) - start + left.len();
    let part = format!("{left}{}{right}", &line[start..end]);
    (part, moved(range.start)..moved(range.end))
}

/// Makes a part of a line visible; the place in it moves along.
fn signed(part: &str, range: &Range<usize>) -> (String, Range<usize>) {
    let (before, rest) = part.split_at(range.start);
    let (place, behind) = rest.split_at(range.len());
    let mut shown = terminal::visible(before).into_owned();
    let start = shown.len();
    shown.push_str(&terminal::visible(place));
    let end = shown.len();
    shown.push_str(&terminal::visible(behind));
    (shown, start..end)
}

/// Names from the file may hold what a terminal obeys.
fn visible(text: &str, reader: Reader) -> String {
    match reader {
        Reader::Terminal => terminal::visible(text).into_owned(),
        Reader::Other => text
            .chars()
            .map(|c| if c.is_control() { '\u{FFFD}' } else { c })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buildspec::Project;

    fn rendered(text: &str) -> String {
        rendered_for(text, Reader::Other)
    }

    fn rendered_for(text: &str, reader: Reader) -> String {
        let checked = Checked::of(
            "buildspec.yml".to_owned(),
            text.as_bytes(),
            Project::default(),
        );
        anstream::adapter::strip_str(&render(&[checked], reader)).to_string()
    }

    #[test]
    fn an_error_has_place_line_note_and_help() {
        assert_eq!(
            rendered("version: 0.2\nphases:\n  pre-build: {}\n"),
            "\
error[bs004]: `pre-build` is not a phase
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
        assert!(shown.contains(" --> buildspec.yml:4:1020\n"), "{shown}");
    }

    #[test]
    fn a_place_behind_signs_is_pointed_at_and_told_as_in_the_file() {
        let text = "version: 0.2\nphases:\n  build:\n    commands: [\"\u{202e}\u{200b}é\", [x]]\n";
        let shown = rendered_for(text, Reader::Terminal);
        let column = text
            .lines()
            .nth(3)
            .unwrap()
            .chars()
            .position(|c| c == 'x')
            .unwrap();
        assert!(
            shown.contains(&format!(" --> buildspec.yml:4:{column}\n")),
            "{shown}"
        );
        let lines: Vec<&str> = shown.lines().collect();
        let line = lines
            .iter()
            .position(|line| line.contains("<U+202E>"))
            .unwrap();
        assert!(lines[line].contains("<U+202E><U+200B>é"), "{shown}");
        let width = |line: &str, sign: &str| line[..line.find(sign).unwrap()].chars().count();
        assert_eq!(
            width(lines[line], "[x]"),
            width(lines[line + 1], "^"),
            "{shown}"
        );
    }
}
