//! The text as the parser gets it, and the way back to the text as it was written.
//!
//! libyaml does not mind how far left the lines of a quoted text stand; our parser wants them within
//! the list or map that the text is in. Since leading blanks of such lines mean nothing, they can
//! be pushed to the right before the parser sees them.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use super::limits::MAX_REREAD;
use super::node::Position;
use super::syntax::is_document_marker;

/// A text, with some lines pushed to the right.
#[derive(Debug)]
pub(super) struct Source<'written> {
    text: Cow<'written, str>,
    /// The lines that were pushed, counted from 1, in the order of the text.
    pushed: Vec<RangeInclusive<usize>>,
    /// By how many blanks.
    by: usize,
}

/// What came of pushing a quoted text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pushed {
    /// Its lines stand further to the right now.
    Done,
    /// There was nothing to push: it never ends, or not before a line that ends the document.
    NotClosed,
    /// There is too much of it.
    TooFar,
}

impl<'written> Source<'written> {
    pub(super) fn new(text: &'written str) -> Self {
        Self {
            text: Cow::Borrowed(text),
            pushed: Vec::new(),
            by: 0,
        }
    }

    /// Returns the text for the parser.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns what comes before a line.
    pub(super) fn before_line(&self, line: usize) -> &str {
        let lines = self.text.split_inclusive('\n').take(line.saturating_sub(1));
        &self.text[..lines.map(str::len).sum()]
    }

    /// Returns where a place of the parser's text is in the written one.
    pub(super) fn written(&self, place: Position) -> Position {
        let by = if self.is_pushed(place.line) {
            self.by
        } else {
            0
        };
        Position {
            line: place.line,
            column: place.column.saturating_sub(by).max(1),
        }
    }

    fn is_pushed(&self, line: usize) -> bool {
        let after = self.pushed.partition_point(|lines| *lines.end() < line);
        self.pushed
            .get(after)
            .is_some_and(|lines| lines.contains(&line))
    }

    /// Pushes the lines of a quoted text to the right, from `line` to the one where it ends. `quote`
    /// is where it begins, in bytes.
    pub(super) fn push_quoted(&mut self, quote: usize, line: usize) -> Pushed {
        let Some(end) = closing_quote(&self.text, quote) else {
            return Pushed::NotClosed;
        };
        let lines = (1..).zip(self.text.lines()).skip(line.saturating_sub(1));
        let marker = lines
            .take_while(|(_, line)| !is_document_marker(line))
            .last()
            .map_or(0, |(last, _)| last);
        let last = marker.min(self.text[..end].matches('\n').count() + 1);
        if (line..=last).all(|line| self.is_pushed(line)) {
            return Pushed::NotClosed;
        }
        if self.by == 0 {
            let blanks = |line: &str| line.len() - line.trim_start_matches(' ').len();
            self.by = self.text.lines().map(blanks).max().unwrap_or_default() + 2;
        }
        let length = self.text.len() + self.by.saturating_mul(last + 1 - line);
        if length > MAX_REREAD {
            return Pushed::TooFar;
        }
        let margin = " ".repeat(self.by);
        let mut text = String::with_capacity(length);
        for (number, content) in (1..).zip(self.text.split_inclusive('\n')) {
            if (line..=last).contains(&number) && !self.is_pushed(number) {
                text.push_str(&margin);
            }
            text.push_str(content);
        }
        self.text = Cow::Owned(text);
        let after = self.pushed.partition_point(|lines| *lines.end() < line);
        self.pushed.insert(after, line..=last);
        Pushed::Done
    }
}

/// Finds where a quoted text ends, in bytes.
fn closing_quote(text: &str, quote: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let single = bytes.get(quote) == Some(&b'\'');
    let mut at = quote + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if !single => at += 1,
            b'\'' if single && bytes.get(at + 1) == Some(&b'\'') => at += 1,
            b'\'' if single => return Some(at),
            b'"' if !single => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}
