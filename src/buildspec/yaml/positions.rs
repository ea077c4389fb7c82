//! Where a mark of the parser is in the lines that people see.

use libyaml::Mark;

use super::super::node::Position;

/// Line breaks to libyaml, and to nobody else who counts lines.
const OTHER_BREAKS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

/// The lines of a text.
#[derive(Debug)]
pub(super) struct Positions<'text> {
    text: &'text str,
    /// Where each line of libyaml begins, if its lines are not those of everybody.
    lines: Option<Vec<Position>>,
}

impl<'text> Positions<'text> {
    pub(super) fn of(text: &'text str) -> Self {
        let has_others = !text.is_ascii() && text.contains(OTHER_BREAKS);
        Self {
            text,
            lines: has_others.then(|| lines(text)),
        }
    }

    /// Returns the position of a mark.
    pub(super) fn of_mark(&self, mark: Mark) -> Position {
        let start = match &self.lines {
            None => Position {
                line: mark.line + 1,
                column: 1,
            },
            Some(lines) => {
                let last = lines.len() - 1;
                lines[mark.line.min(last)]
            }
        };
        Position {
            column: start.column + mark.column,
            ..start
        }
    }

    /// Returns where a node begins whose anchor and tag begin at a mark, but not what is behind `end`.
    pub(super) fn behind_properties(&self, mark: Mark, end: Mark) -> Mark {
        let mut mark = mark;
        let rest = self.text.get(mark.offset..end.offset).unwrap_or_default();
        let mut skipped = Skipped::Blank;
        for character in rest.chars() {
            skipped = match (skipped, character) {
                (Skipped::Blank | Skipped::Property, ' ' | '\t' | '\r') => Skipped::Blank,
                (_, '\n') => Skipped::Blank,
                (Skipped::Blank, '&' | '!') => Skipped::Property,
                (Skipped::Blank, '#') => Skipped::Comment,
                (Skipped::Blank, _) => break,
                (other, _) => other,
            };
            mark.offset += character.len_utf8();
            if character == '\n' {
                mark.line += 1;
                mark.column = 0;
            } else {
                mark.column += 1;
            }
        }
        mark
    }

    /// Returns how many blanks stand before a mark, behind what is not one.
    pub(super) fn blanks_before(&self, mark: Mark) -> usize {
        let before = self.text.get(..mark.offset).unwrap_or_default();
        let filled = before.trim_end_matches([' ', '\t']);
        if filled.is_empty() || filled.ends_with('\n') {
            return 0;
        }
        (before.len() - filled.len()).min(mark.column)
    }
}

/// What was skipped last.
#[derive(Debug, Clone, Copy)]
enum Skipped {
    Blank,
    Property,
    Comment,
}

/// Lists where each line of libyaml begins.
fn lines(text: &str) -> Vec<Position> {
    let mut place = Position { line: 1, column: 1 };
    let mut lines = vec![place];
    for character in text.chars() {
        if character == '\n' {
            place.line += 1;
            place.column = 1;
            lines.push(place);
        } else {
            place.column += 1;
            if OTHER_BREAKS.contains(&character) {
                lines.push(place);
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use libyaml::Parser;

    use super::*;

    #[test]
    fn a_mark_is_where_people_see_it() {
        for (text, line, column) in [
            ("a: b\nc: @d\n", 2, 4),
            ("é: b\r\n'é': @d\r\n", 2, 6),
            ("a: b\u{85}c: @d\n", 1, 9),
            ("# \u{2028}\n\u{85} \u{2029}\na: @b\n", 3, 4),
            ("- a\u{85}\n\n- @\u{85}", 3, 3),
        ] {
            let error = Parser::new(text, 9).find_map(Result::err);
            let Some(libyaml::Error::Syntax(error)) = error else {
                panic!("{text:?}: {error:?}");
            };
            let position = Positions::of(text).of_mark(error.mark);
            assert_eq!(position, Position { line, column }, "{text:?}");
        }
    }
}
