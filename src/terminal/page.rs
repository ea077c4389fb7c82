//! Texts that are composed before they are written.

use std::fmt;

use super::style::{NEWLINE, mark};

/// A text of several lines within a line of cobuild. On a terminal, the further lines are indented
/// by this many spaces; in a pipe or a file they are unchanged.
#[derive(Debug, Clone, Copy)]
pub struct Lines<'text>(pub &'text str, pub usize);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text, indent) = self;
        let mut lines = text.split('\n');
        f.write_str(lines.next().unwrap_or_default())?;
        lines.try_for_each(|line| write!(f, "{}{indent}{NEWLINE}{line}", mark()))
    }
}

/// Lines that go to an [`Out`](super::Out) together: each `writeln!` is one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    lines: Vec<String>,
}

impl Page {
    /// Appends a line. For `writeln!`, whose result is never an error.
    pub fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) -> fmt::Result {
        let mut line = arguments.to_string();
        if line.ends_with('\n') {
            line.pop();
        }
        self.lines.push(line);
        Ok(())
    }

    pub(super) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The same lines, each changed.
    #[must_use]
    pub fn map(&self, change: impl Fn(&str) -> String) -> Self {
        Self {
            lines: self.lines.iter().map(|line| change(line)).collect(),
        }
    }
}
