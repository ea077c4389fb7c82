//! What was found, for people: a line for each check, its remedy below.

use anstyle::AnsiColor;

use super::report::Report;
use crate::doctor::{Check, Verdict};
use crate::terminal::{Page, Style};

/// Below how many columns what was found gets a line of its own.
const NARROW: usize = 60;

/// The least that a line is cut to.
const LEAST: usize = 20;

/// Writes the report with signs in colour.
pub(super) fn colored(report: &Report, width: Option<usize>) -> Page {
    let marks = |verdict| match verdict {
        Verdict::Ok => ("✓", AnsiColor::Green),
        Verdict::Warning => ("!", AnsiColor::Yellow),
        Verdict::Failed => ("✗", AnsiColor::Red),
        Verdict::NotTried => ("-", AnsiColor::BrightBlack),
    };
    write(report, width, |verdict| {
        let (sign, color) = marks(verdict);
        let style = Style::color(color).bold();
        (format!("{style}{sign}{style:#}"), 1)
    })
}

/// Writes the report with words alone.
pub(super) fn plain(report: &Report, width: Option<usize>) -> Page {
    write(report, width, |verdict| {
        let word = match verdict {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Failed => "failed",
            Verdict::NotTried => "not tried",
        };
        (format!("{word:9}"), 9)
    })
}

/// Writes the report; `mark` is what a line begins with, and how many columns that takes.
fn write(report: &Report, width: Option<usize>, mark: impl Fn(Verdict) -> (String, usize)) -> Page {
    let names = report.checks.iter().map(|check| check.subject.as_str());
    let longest = names.map(str::len).max().unwrap_or(0);
    let is_narrow = width.is_some_and(|width| width < NARROW);
    let mut text = Page::default();
    for check in &report.checks {
        let (mark, columns) = mark(check.verdict);
        let name = check.subject.as_str();
        let indent = if is_narrow { 2 } else { columns + longest + 3 };
        let room = width.map(|width| width.saturating_sub(indent).max(LEAST));
        let mut lines = wrapped(check, room).into_iter();
        if is_narrow {
            let _ = writeln!(text, "{mark} {name}");
        } else {
            let first = lines.next().unwrap_or_default();
            let _ = writeln!(text, "{mark} {name:longest$}  {first}");
        }
        for line in lines {
            let _ = writeln!(text, "{:indent$}{line}", "");
        }
    }
    let _ = writeln!(text);
    let _ = writeln!(text, "{}", closing(report));
    text
}

/// What was found, and the remedy, in lines.
fn wrapped(check: &Check, room: Option<usize>) -> Vec<String> {
    let mut lines = wrap(&check.found, room);
    if let Some(remedy) = &check.remedy {
        let room = room.map(|room| room.saturating_sub(2).max(LEAST));
        for (index, line) in wrap(remedy, room).into_iter().enumerate() {
            let begin = if index == 0 { "→ " } else { "  " };
            lines.push(format!("{begin}{line}"));
        }
    }
    lines
}

/// Cuts a text at its blanks into lines that have room; a longer word stays whole.
fn wrap(text: &str, room: Option<usize>) -> Vec<String> {
    // An engine's words may come in lines, and hold what a terminal would obey.
    let words = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty());
    let mut lines = vec![String::new()];
    for word in words {
        let last = lines.last().map_or(0, |line| line.chars().count());
        let fits = room.is_none_or(|room| last + 1 + word.chars().count() <= room);
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if fits => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

fn closing(report: &Report) -> String {
    let failed = report.count(Verdict::Failed);
    let warnings = report.count(Verdict::Warning);
    let plural = if warnings == 1 { "" } else { "s" };
    match (failed, warnings) {
        (0, 0) => "Builds can run here.".to_owned(),
        (0, _) => format!("Builds can run here, with {warnings} warning{plural}."),
        (_, 0) => format!("{failed} failed."),
        (_, _) => format!("{failed} failed, {warnings} warning{plural}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Subject;

    fn report() -> Report {
        Report {
            checks: vec![
                Check::ok(Subject::Engine, "unix:///s"),
                Check::warning(Subject::CopyOnWrite, "one two\nthree", "do this or that"),
            ],
            ..Report::default()
        }
    }

    #[test]
    fn lines_stand_below_each_other() {
        assert_eq!(
            plain(&report(), None).to_string(),
            "ok        engine         unix:///s
warning   copy-on-write  one two three
                         → do this or that

Builds can run here, with 1 warning.
"
        );
    }

    #[test]
    fn a_narrow_terminal_breaks_lines() {
        let text = colored(&report(), Some(30));
        let plain = text.to_string();
        assert!(plain.starts_with("✓ engine\n  unix:///s\n! copy-on-write\n  one two three\n"));
        let longest = plain.lines().map(|line| line.chars().count()).max();
        assert!(
            plain.lines().take(6).all(|line| line.chars().count() <= 30),
            "{longest:?}"
        );
    }

    #[test]
    fn words_are_cut_at_blanks() {
        assert_eq!(wrap("aa bb cc", Some(5)), ["aa bb", "cc"]);
        assert_eq!(wrap("aaaaaaaa b", Some(5)), ["aaaaaaaa", "b"]);
        assert_eq!(wrap("a\x1b[31mb\nc", None), ["a [31mb c"]);
        assert_eq!(wrap("", Some(5)), [""]);
    }
}
