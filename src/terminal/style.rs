//! Styles of cobuild, which texts cannot forge.

use std::fmt;
use std::sync::OnceLock;

use anstyle::AnsiColor;
use uuid::Uuid;

/// Returns the beginning of this process's sequences: the form of a colour, with a parameter that
/// cannot be guessed.
pub(super) fn mark() -> &'static str {
    static MARK: OnceLock<String> = OnceLock::new();
    MARK.get_or_init(|| format!("\x1b[{};", Uuid::new_v4().as_u128()))
}

/// How a marked newline ends, with the indentation in between; a style ends with `m`.
pub(super) const NEWLINE: char = 'n';

/// How a text looks: `{style}` begins it and `{style:#}` ends it. Only an [`Out`](super::Out) can be
/// written to with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style(anstyle::Style);

impl Style {
    /// As the text around it.
    pub const PLAIN: Self = Self(anstyle::Style::new());
    /// Bold.
    pub const BOLD: Self = Self(anstyle::Style::new().bold());
    /// Dimmed.
    pub const DIM: Self = Self(anstyle::Style::new().dimmed());

    /// In a colour.
    pub const fn color(color: AnsiColor) -> Self {
        Self(anstyle::Style::new().fg_color(Some(anstyle::Color::Ansi(color))))
    }

    /// The same, bold.
    #[must_use]
    pub const fn bold(self) -> Self {
        Self(self.0.bold())
    }
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sequences = if f.alternate() {
            format!("{:#}", self.0)
        } else {
            self.0.to_string()
        };
        f.write_str(&sequences.replace("\x1b[", mark()))
    }
}
