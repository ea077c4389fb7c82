//! What is to be said of one place of a buildspec.

use std::collections::HashMap;

use super::code::{Code, Severity};
use super::node::{Position, Span};
use super::refusal::Refusal;

/// One problem of a buildspec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of problem it is.
    pub code: &'static Code,
    /// What is wrong, in one line.
    pub message: String,
    /// Where; never more than one line.
    pub span: Span,
    /// What CodeBuild's log says when it refuses the buildspec or its batch for this: status code and
    /// message.
    pub note: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// Returns how bad it is.
    pub fn severity(&self) -> Severity {
        self.code.severity
    }
}

/// What was found in a buildspec.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// The problems, in the order of the text.
    pub told: Vec<Diagnostic>,
    /// How many more there are. Nobody reads a thousand, and a hostile text may have a million.
    pub more: usize,
}

/// How many errors of one buildspec are told, and how many warnings.
const MOST: usize = 1_000;

/// How many lines are searched for the exact place of a problem, and how many bytes.
const MOST_LINES: usize = 1_000;
const MOST_SEARCHED: usize = 16 << 10;

/// The problems of one text, as they are found.
#[derive(Debug)]
pub(super) struct Findings<'text> {
    lines: Vec<&'text str>,
    /// The last line with something on it, counted from 1.
    last_filled: usize,
    allowed: Allowed,
    found: Vec<Diagnostic>,
    /// How many of those found are errors.
    errors: usize,
    /// How many problems the text allows, and how many there was no room for.
    silenced: usize,
    more: usize,
}

/// What a comment in the text silences.
#[derive(Debug, Default)]
pub(super) struct Allowed {
    /// In all of the text.
    pub(super) everywhere: Vec<&'static Code>,
    /// On a line, counted from 1.
    pub(super) lines: HashMap<usize, Vec<&'static Code>>,
}

impl Allowed {
    fn silences(&self, code: &'static Code, line: usize) -> bool {
        let here = || self.lines.get(&line);
        code.severity == Severity::Warning
            && (self.everywhere.contains(&code) || here().is_some_and(|here| here.contains(&code)))
    }
}

impl<'text> Findings<'text> {
    pub(super) fn new(text: &'text str) -> Self {
        let lines: Vec<_> = text.split('\n').collect();
        let filled = lines.iter().rposition(|line| !line.trim().is_empty());
        Self {
            last_filled: filled.map_or(1, |index| index + 1),
            lines,
            allowed: Allowed::default(),
            found: Vec::new(),
            errors: 0,
            silenced: 0,
            more: 0,
        }
    }

    /// Drops from now on what the text allows.
    pub(super) fn allow(&mut self, allowed: Allowed) {
        self.allowed = allowed;
    }

    /// Adds a problem. The carets stay on the first line of its place.
    pub(super) fn add(
        &mut self,
        code: &'static Code,
        span: Span,
        message: impl Into<String>,
    ) -> Finding<'_> {
        if self.allowed.silences(code, span.start.line) {
            self.silenced += 1;
            return Finding(None);
        }
        let room = match code.severity {
            Severity::Error => self.errors < MOST,
            Severity::Warning => !self.is_full(),
        };
        if !room {
            self.more += 1;
            return Finding(None);
        }
        self.errors += usize::from(code.severity == Severity::Error);
        let span = self.on_one_line(span);
        self.found.push(Diagnostic {
            code,
            message: message.into(),
            span,
            note: None,
            help: None,
        });
        Finding(self.found.last_mut())
    }

    /// Returns the place of a whole line, without the blanks around it. A place behind the end of
    /// the text, where the YAML parser may notice what is missing, is on its last filled line.
    pub(super) fn line(&self, line: usize) -> Span {
        let line = if (1..self.lines.len()).contains(&line) {
            line
        } else {
            self.last_filled
        };
        let text = self.text_of(line);
        let indent = text.len() - text.trim_start().len();
        Span {
            start: Position {
                line,
                column: indent + 1,
            },
            end: Position {
                line,
                column: text.trim_end().chars().count().max(indent) + 1,
            },
        }
    }

    /// Returns the place of a mark that stands before an empty place, with nothing but blanks between;
    /// else the place itself.
    pub(super) fn mark_before(&self, span: Span, mark: char) -> Span {
        let Position { line, column } = span.start;
        if span.start != span.end {
            return span;
        }
        let before: String = self
            .text_of(line)
            .chars()
            .take(column.saturating_sub(1))
            .collect();
        let Some(rest) = before.trim_end().strip_suffix(mark) else {
            return span;
        };
        let column = rest.chars().count() + 1;
        let place = |column| Position { line, column };
        Span {
            start: place(column),
            end: place(column + 1),
        }
    }

    /// Returns the place of an occurrence of a text, counted from 0, within a stretch and not before
    /// `line`.
    pub(super) fn occurrence(
        &self,
        within: Span,
        line: usize,
        needle: &str,
        count: usize,
    ) -> Option<Span> {
        let mut places = (line..=within.end.line).flat_map(|line| {
            let text = self.text_of(line);
            let skipped = match within.start {
                start if start.line == line => start.column.saturating_sub(1),
                _ => 0,
            };
            let from = text.char_indices().nth(skipped).map_or(0, |(at, _)| at);
            let found = text[from..].match_indices(needle);
            found.map(move |(at, _)| (line, from + at))
        });
        let (line, at) = places.nth(count)?;
        let column = self.text_of(line)[..at].chars().count() + 1;
        let place = |column| Position { line, column };
        Some(Span {
            start: place(column),
            end: place(column + needle.chars().count()),
        })
    }

    /// Returns the place of a text within a stretch: on `line` when it is there, else wherever it
    /// first is, else all of the stretch.
    pub(super) fn locate(&self, within: Span, line: usize, needle: &str) -> Span {
        if self.is_full() || self.silenced >= MOST {
            return within;
        }
        let needle = needle.lines().next().unwrap_or_default();
        let mut left = MOST_SEARCHED;
        let last = within.end.line.max(within.start.line);
        let hinted = (within.start.line..=last).contains(&line).then_some(line);
        hinted
            .into_iter()
            .chain((within.start.line..=last).take(MOST_LINES))
            .find_map(|line| {
                let text = self.text_of(line);
                left = left.checked_sub(text.len())?;
                let at = find_word(text, needle)?;
                let column = text[..at].chars().count() + 1;
                let end = column + needle.chars().count();
                Some(Span {
                    start: Position { line, column },
                    end: Position { line, column: end },
                })
            })
            .unwrap_or(within)
    }

    /// Returns everything found, in the order of the text.
    pub(super) fn into_diagnosis(self) -> Diagnosis {
        let mut told = self.found;
        told.sort_by(|one, other| {
            let key = |one: &Diagnostic| (one.span.start, one.code.id);
            key(one).cmp(&key(other))
        });
        // What an alias repeats is one problem.
        told.dedup();
        Diagnosis {
            told,
            more: self.more,
        }
    }

    /// Returns the lines of the text.
    pub(super) fn lines(&self) -> &[&'text str] {
        &self.lines
    }

    /// Returns whether no more warnings are told, so that none needs to be worded with care.
    pub(super) fn is_full(&self) -> bool {
        self.found.len() - self.errors >= MOST
    }

    /// Returns whether a problem of this kind has been found.
    pub(super) fn has(&self, code: &Code) -> bool {
        self.found.iter().any(|one| one.code == code)
    }

    fn text_of(&self, line: usize) -> &'text str {
        let text = line.checked_sub(1).and_then(|index| self.lines.get(index));
        text.map_or("", |text| text.trim_end_matches('\r'))
    }

    fn on_one_line(&self, span: Span) -> Span {
        if span.end.line <= span.start.line {
            return span;
        }
        let end = self.text_of(span.start.line).trim_end().chars().count() + 1;
        Span {
            start: span.start,
            end: Position {
                line: span.start.line,
                column: end.max(span.start.column),
            },
        }
    }
}

/// Finds a text that is no part of a longer word, else the text wherever it is.
fn find_word(text: &str, needle: &str) -> Option<usize> {
    if needle.is_empty() {
        return None;
    }
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.match_indices(needle)
        .map(|(at, _)| at)
        .find(|&at| {
            let before = text[..at].chars().next_back();
            let after = text[at + needle.len()..].chars().next();
            !before.is_some_and(is_word) && !after.is_some_and(is_word)
        })
        .or_else(|| text.find(needle))
}

/// A problem just added, for what else is to be said of it.
#[derive(Debug)]
pub(super) struct Finding<'found>(Option<&'found mut Diagnostic>);

impl Finding<'_> {
    /// Returns whether it is told at all; if not, there is no need to find out what else to say.
    pub(super) fn is_told(&self) -> bool {
        self.0.is_some()
    }

    /// Adds what to do about it.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        if let Some(one) = &mut self.0 {
            one.help = Some(help.into());
        }
        self
    }

    /// Adds CodeBuild's own message.
    pub(super) fn note(mut self, refusal: &Refusal) -> Self {
        if let Some(one) = &mut self.0 {
            one.note = Some(refusal.in_log());
        }
        self
    }
}
