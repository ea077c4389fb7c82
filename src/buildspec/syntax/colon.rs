//! Keys without a colon: where libyaml notices.
//!
//! What stands where a key must be ends in a colon on its own line. libyaml looks for that colon
//! before it looks at anything else, and gives up at the first thing that it finds on a later line.

use super::super::node::Position;
use super::{EXPECTED_CONTENT, Failure, Problem, Within, has_value_indicator, last_line};

impl Failure<'_> {
    /// Brackets may stand where a key must be, such as those of a template. Returns the line on which
    /// libyaml notices that they are none, whatever else is wrong with what they hold.
    pub(super) fn brackets_as_key(&self) -> Option<usize> {
        let start = match (&self.problem, self.brackets) {
            (Problem::UnclosedBracket { .. } | Problem::MismatchedBracket { .. }, None) => {
                self.place
            }
            (problem, Some(brackets)) => {
                let later = brackets.outermost.line < self.place.line;
                if !later && (!problem.is_of_structure() || self.is_key(brackets.outermost)) {
                    return None;
                }
                brackets.outermost
            }
            (_, None) => return None,
        };
        let wants_key = self.around_block(start).wants_key(start);
        wants_key.then(|| self.line_of_next_content(start.line))
    }

    /// Returns the line on which libyaml notices that a key has no colon: that of the next token, or
    /// of the comment that ends a plain scalar.
    pub(super) fn line_of_next_token(&self, key: Position) -> usize {
        let rest = self.rest_of_line(key);
        if !is_plain(rest) || rest.contains(" #") {
            return self.line_of_next_content(key.line);
        }
        let end = self.lines().skip(key.line).find(|(_, line)| {
            let content = line.trim_start_matches(' ');
            let further_right = line.len() - content.len() >= key.column;
            let ends = content.starts_with('#') || content.contains(" #");
            !content.is_empty() && (ends || !further_right || has_value_indicator(content))
        });
        // The end of the text as far as a scalar may go on, else the end of everything.
        end.map_or(last_line(self.text).max(key.line + 1), |(line, _)| line)
    }

    /// Finds the next line that has more than a comment.
    fn line_of_next_content(&self, line: usize) -> usize {
        self.lines()
            .skip(line)
            .find(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
            .map_or_else(|| self.line_after_all(), |(line, _)| line)
    }

    /// Whether the brackets that open at a place are closed on its line, with a colon behind them.
    fn is_key(&self, open: Position) -> bool {
        let line = self.rest_of_line(open);
        let mut depth = 0usize;
        for (at, character) in line.char_indices() {
            match character {
                '[' | '{' => depth += 1,
                ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return has_value_indicator(&line[at + character.len_utf8()..]);
            }
        }
        false
    }
}

impl Problem {
    /// Whether libyaml finds this when it puts tokens together, not when it reads them.
    pub(super) fn is_of_structure(&self) -> bool {
        match self {
            Self::Same(problem) => {
                *problem == EXPECTED_CONTENT
                    || [
                        Within::Document,
                        Within::BlockMapping { column: 0 },
                        Within::BlockSequence { column: 0 },
                        Within::FlowMapping,
                        Within::FlowSequence,
                    ]
                    .into_iter()
                    .any(|within| within.expected() == *problem)
            }
            Self::TrailingContent { .. } | Self::ItemInBrackets | Self::Unexpected => true,
            _ => false,
        }
    }
}

/// Whether a text begins with a scalar that may go on in the next line.
fn is_plain(text: &str) -> bool {
    let content = text
        .split(' ')
        .find(|word| !word.is_empty() && !word.starts_with(['!', '&']))
        .unwrap_or_default();
    !content.is_empty() && !content.starts_with(['[', '{', '"', '\'', '*'])
}
