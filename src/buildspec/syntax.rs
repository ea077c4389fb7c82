//! YAML errors in the words of the library that CodeBuild's agent uses.
//!
//! The agent's parser is Go's port of libyaml; ours stops for the same reasons, but says so in
//! other words and sometimes at another place. What is known here of libyaml is where *it* stops.

mod colon;
mod directive;
mod quotes;
mod tab;

use super::Refusal;
use super::node::Position;

use tab::begins_with_tab;

/// What libyaml says of the name of an anchor or alias.
pub(super) const BAD_ANCHOR: &str = "did not find expected alphabetic or numeric character";

/// What libyaml says of a tab within a block of text.
pub(super) const TAB_IN_BLOCK: &str =
    "found a tab character where an indentation space is expected";

/// What libyaml says of a tab in front of a line.
pub(super) const TAB_IN_INDENTATION: &str = "found character that cannot start any token";

/// What libyaml says of a tab that could go on with a plain scalar.
pub(super) const TAB_IN_PLAIN: &str = "found a tab character that violates indentation";

/// Where and why our parser stopped.
#[derive(Debug)]
pub(super) struct Failure<'text> {
    /// The whole text.
    pub(super) text: &'text str,
    /// The reason.
    pub(super) problem: Problem,
    /// The place it stopped at.
    pub(super) place: Position,
    /// The brackets that are open there.
    pub(super) brackets: Option<Brackets>,
    /// The lists and maps that it was within, outermost first.
    pub(super) open: &'text [Within],
}

/// The brackets around a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Brackets {
    /// Where the outermost ones open.
    pub(super) outermost: Position,
    /// What the innermost ones hold.
    pub(super) innermost: Within,
}

/// Why a parser stopped.
#[derive(Debug)]
pub(super) enum Problem {
    /// For the same reason and at the same place as libyaml, which has these words for it.
    Same(&'static str),
    /// A line of a map is no `key: value`; reported at the line's beginning.
    MissingColon,
    /// A tab stands where only blanks may.
    TabInIndentation,
    /// A tab begins a line that continues a plain scalar; reported at the scalar.
    TabInPlainScalar,
    /// A tab begins a block of text; reported at its header.
    TabInBlockScalar,
    /// The text ends within quotes; reported at the opening quote.
    UnclosedQuote,
    /// A `---` or `...` within quotes; reported at the opening quote.
    MarkerInQuotes,
    /// Something follows a closing quote.
    TrailingContent {
        /// The place of the opening quote.
        quoted: Position,
    },
    /// The line after a comment continues the value before it; reported at the comment.
    ContinuedAfterComment,
    /// The text ends within brackets; reported at the opening one.
    UnclosedBracket {
        /// The opening bracket.
        open: char,
    },
    /// A closing bracket of the other kind; reported at the opening one.
    MismatchedBracket {
        /// The opening bracket.
        open: char,
    },
    /// A list item within brackets.
    ItemInBrackets,
    /// Anything else where the next entry or the end should be.
    Unexpected,
    /// What libyaml has no words for.
    Other(String),
}

/// The innermost list or map around a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    /// None.
    Document,
    /// A map without braces, whose keys begin at this column, counted from 1.
    BlockMapping {
        /// The column.
        column: usize,
    },
    /// A list without brackets, whose items begin at this column, counted from 1.
    BlockSequence {
        /// The column.
        column: usize,
    },
    /// A map in braces.
    FlowMapping,
    /// A list in brackets.
    FlowSequence,
}

impl Within {
    /// What libyaml says when anything but the next entry follows.
    fn expected(self) -> &'static str {
        match self {
            Self::Document => "did not find expected <document start>",
            Self::BlockMapping { .. } => "did not find expected key",
            Self::BlockSequence { .. } => "did not find expected '-' indicator",
            Self::FlowMapping => "did not find expected ',' or '}'",
            Self::FlowSequence => "did not find expected ',' or ']'",
        }
    }

    /// What these brackets hold.
    pub(super) fn brackets(open: char) -> Self {
        if open == '{' {
            Self::FlowMapping
        } else {
            Self::FlowSequence
        }
    }

    /// Whether what begins at this place must be a key: in a list, too, it stands where the dashes
    /// do.
    fn wants_key(self, place: Position) -> bool {
        matches!(
            self,
            Self::BlockMapping { column } | Self::BlockSequence { column } if column == place.column
        )
    }
}

const MARKER_IN_QUOTES: &str = "found unexpected document indicator";

const UNCLOSED_QUOTE: &str = "found unexpected end of stream";

const EXPECTED_CONTENT: &str = "did not find expected node content";

const MISSING_COLON: &str = "could not find expected ':'";

impl Failure<'_> {
    /// Says it as libyaml would.
    pub(super) fn refuse(&self) -> Refusal {
        let line = self.place.line;
        if let Some(refusal) = self.earlier_tab() {
            return refusal;
        }
        if let Some(problem) = self.tab_here() {
            return Refusal::syntax(problem, line);
        }
        if let Some(line) = self.brackets_as_key() {
            return Refusal::syntax(MISSING_COLON, line);
        }
        let (problem, line) = match &self.problem {
            Problem::Same(problem) => self.directive().unwrap_or_else(|| self.same(problem)),
            Problem::Other(problem) => self.directive().unwrap_or((problem.as_str(), line)),
            Problem::MissingColon => self.bad_anchor().map_or_else(
                || (MISSING_COLON, self.line_of_next_token(self.place)),
                |problem| (problem, line),
            ),
            Problem::TabInIndentation => (self.tab_in_indentation(), line),
            Problem::TabInPlainScalar => (TAB_IN_PLAIN, self.find_line(begins_with_tab)),
            Problem::TabInBlockScalar => (TAB_IN_BLOCK, self.find_line(begins_with_tab)),
            Problem::UnclosedQuote => (UNCLOSED_QUOTE, last_line(self.text)),
            Problem::MarkerInQuotes => (MARKER_IN_QUOTES, self.find_line(is_document_marker)),
            Problem::TrailingContent { quoted } => self.trailing_content(*quoted),
            Problem::ContinuedAfterComment => (self.around(self.place).expected(), line + 1),
            Problem::UnclosedBracket { open } => {
                (Within::brackets(*open).expected(), self.line_after_all())
            }
            Problem::MismatchedBracket { open } => {
                (Within::brackets(*open).expected(), self.line_of_mismatch())
            }
            Problem::ItemInBrackets => (self.item_in_brackets(), line),
            Problem::Unexpected => (self.around(self.place).expected(), line),
        };
        Refusal::syntax(problem, line)
    }

    /// Returns the innermost list or map that goes on at a place; those further to the right have
    /// ended there.
    fn around(&self, place: Position) -> Within {
        match self.brackets {
            Some(brackets) => brackets.innermost,
            None => self.around_block(place),
        }
    }

    /// Returns the same as if there were no brackets.
    fn around_block(&self, place: Position) -> Within {
        let mut open = self.open;
        while let [outer @ .., inner] = open {
            let ended = match *inner {
                Within::BlockMapping { column } => column > place.column,
                // The items of a list may begin where the keys of the map around it do.
                Within::BlockSequence { column } => {
                    column > place.column
                        || column == place.column
                            && outer.last() == Some(&Within::BlockMapping { column })
                }
                Within::FlowMapping | Within::FlowSequence | Within::Document => false,
            };
            if !ended {
                return *inner;
            }
            open = outer;
        }
        Within::Document
    }

    /// A `-` where a value should be, or where the next entry or the end should be.
    fn item_in_brackets(&self) -> &'static str {
        let before = self.before();
        if before.trim_end().ends_with(['[', '{', ',', ':']) {
            EXPECTED_CONTENT
        } else {
            self.around(self.place).expected()
        }
    }

    /// Finds the line of the first closing bracket that does not fit the opening one.
    fn line_of_mismatch(&self) -> usize {
        let start = self.before().len();
        let mut open = Vec::new();
        let mut quoted = false;
        let mut escaped = false;
        for (at, character) in self.text[start..].char_indices() {
            match character {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                _ if quoted => {}
                '[' => open.push(']'),
                '{' => open.push('}'),
                ']' | '}' if open.pop() != Some(character) => {
                    return self.text[..start + at].matches('\n').count() + 1;
                }
                _ => {}
            }
        }
        self.place.line
    }

    /// The text before the place.
    fn before(&self) -> &str {
        let rest = self.rest_of_line(self.place);
        let lines: usize = self
            .text
            .split_inclusive('\n')
            .take(self.place.line)
            .map(str::len)
            .sum();
        let end = self.text[..lines].rfind(rest);
        &self.text[..end.unwrap_or(lines)]
    }

    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines())
    }

    fn rest_of_line(&self, place: Position) -> &str {
        let line = self.text.lines().nth(place.line.saturating_sub(1));
        let line = line.unwrap_or_default();
        let start = line.char_indices().nth(place.column.saturating_sub(1));
        start.map_or("", |(start, _)| &line[start..])
    }

    /// The line of the end of everything, which libyaml puts on a line of its own.
    fn line_after_all(&self) -> usize {
        let unfinished = !self.text.is_empty() && !self.text.ends_with('\n');
        last_line(self.text) + usize::from(unfinished)
    }

    /// Finds the first line after the current one of which something is true.
    fn find_line(&self, is_meant: fn(&str) -> bool) -> usize {
        self.lines()
            .skip(self.place.line)
            .find(|(_, line)| is_meant(line))
            .map_or(self.place.line, |(line, _)| line)
    }

    /// What both parsers object to; but within quotes, ours tells of the opening one.
    fn same(&self, problem: &'static str) -> (&'static str, usize) {
        let line = self.place.line;
        if self.rest_of_line(self.place).starts_with('"')
            && let Some(problem) = self.problem_in_quotes()
        {
            return problem;
        }
        if let Some(problem) = self.bad_anchor() {
            return (problem, line);
        }
        // A bracket that closes nothing ends what stands further right, before it is looked at.
        if problem == EXPECTED_CONTENT && self.brackets.is_none() && self.is_first_of_line() {
            let around = self.around_block(self.place);
            let ended = self.open.last().is_some_and(|inner| *inner != around);
            if ended || around.wants_key(self.place) {
                return (around.expected(), line);
            }
        }
        (problem, line)
    }

    /// libyaml looks at the name of an anchor before it looks at where the anchor stands.
    fn bad_anchor(&self) -> Option<&'static str> {
        let name = self.rest_of_line(self.place).strip_prefix(['&', '*'])?;
        (!is_anchor(name)).then_some(BAD_ANCHOR)
    }

    /// Whether nothing but blanks stands before the place on its line.
    fn is_first_of_line(&self) -> bool {
        let before = self.before().rsplit('\n').next().unwrap_or_default();
        before.trim().is_empty()
    }

    /// What libyaml finds wrong within the quotes that open at the place.
    fn problem_in_quotes(&self) -> Option<(&'static str, usize)> {
        let (problem, lines) = quotes::problem(&self.text[self.before().len()..])?;
        Some((problem, self.place.line + lines))
    }

    fn trailing_content(&self, quoted: Position) -> (&'static str, usize) {
        let line = self.place.line;
        // The next token is read before the two are put together.
        if self.rest_of_line(self.place).starts_with(['"', '\''])
            && let Some(problem) = self.problem_in_quotes()
        {
            return problem;
        }
        let around = self.around(quoted);
        let is_key = quoted.line == line && has_value_indicator(self.rest_of_line(self.place));
        if around.wants_key(quoted) && !is_key {
            let line = if quoted.line == line {
                self.line_of_next_token(quoted)
            } else {
                line
            };
            return (MISSING_COLON, line);
        }
        if let Some(problem) = self.bad_anchor() {
            return (problem, line);
        }
        if self.brackets.is_none() && self.rest_of_line(self.place).starts_with("- ") {
            return (
                "block sequence entries are not allowed in this context",
                line,
            );
        }
        // The colon makes the quoted text a key, and what follows it is none of its value.
        if is_key && self.brackets.is_none() {
            return ("did not find expected key", line);
        }
        (around.expected(), line)
    }
}

/// Checks the name of an anchor or alias, in which our parser allows almost anything: an unquoted
/// `*.txt` or `&&` is no name to libyaml. Returns what libyaml takes for the name.
pub(super) fn anchor_name(name: &str, line: usize) -> Result<&str, Refusal> {
    if !is_anchor(name) {
        return Err(Refusal::syntax(BAD_ANCHOR, line));
    }
    let end = name.find(|character| !is_anchor_character(character));
    Ok(&name[..end.unwrap_or(name.len())])
}

fn is_anchor(text: &str) -> bool {
    let rest = text.trim_start_matches(is_anchor_character);
    rest.len() < text.len()
        && rest
            .chars()
            .next()
            .is_none_or(|next| " \t\r\n?:,]}%@`".contains(next))
}

fn is_anchor_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

/// Quotes that are not closed before a `---` or `...`, or at all; looked for from a line on.
pub(super) fn unclosed_quote(text: &str, line: usize) -> Refusal {
    let mut lines = (1..).zip(text.lines()).skip(line.saturating_sub(1));
    match lines.find(|(_, line)| is_document_marker(line)) {
        Some((marker, _)) => Refusal::syntax(MARKER_IN_QUOTES, marker),
        None => Refusal::syntax(UNCLOSED_QUOTE, last_line(text)),
    }
}

/// An alias to an anchor that the text does not have before it.
pub(super) fn unknown_anchor(name: &str) -> Refusal {
    Refusal::unlocated(format!("unknown anchor '{name}' referenced"))
}

fn last_line(text: &str) -> usize {
    text.matches('\n').count() + 1
}

fn has_value_indicator(text: &str) -> bool {
    text.contains(": ") || text.trim_end().ends_with(':')
}

/// Whether a line is a `---` or `...`.
pub(super) fn is_document_marker(line: &str) -> bool {
    ["---", "..."].iter().any(|marker| {
        line.strip_prefix(marker)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    })
}

#[cfg(test)]
mod tests;
