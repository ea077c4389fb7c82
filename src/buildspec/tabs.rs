//! Tabs that only our parser lets pass.
//!
//! libyaml refuses a tab in front of a line even where nothing follows it, for which an editor that
//! indents empty lines is enough, a tab between a `-` and its item, and one in front of the first
//! line of a block of text.

use super::Refusal;
use super::node::{Node, Style, Value};
use super::syntax::{TAB_IN_BLOCK, TAB_IN_INDENTATION, TAB_IN_PLAIN};

/// Refuses the first tab of a document at which libyaml would stop.
pub(super) fn check(text: &str, root: &Node) -> Result<(), Refusal> {
    if !text.contains('\t') {
        return Ok(());
    }
    let mut walk = Walk {
        lines: text.lines().collect(),
        inside: Vec::new(),
        ends: Vec::new(),
        dashes: Vec::new(),
        blocks: Vec::new(),
    };
    walk.node(root, 0);
    match walk.first_tab(root.span.end.line) {
        Some((line, problem)) => Err(Refusal::syntax(problem, line)),
        None => Ok(()),
    }
}

struct Walk<'text> {
    lines: Vec<&'text str>,
    /// First and last line of what may have tabs in front of its lines.
    inside: Vec<(usize, usize)>,
    /// The lines that end with text to which a further line could belong.
    ends: Vec<(usize, End)>,
    /// The lines with a tab behind a `-`.
    dashes: Vec<usize>,
    /// The lines with a tab where a block of text has yet to show how far right it stands.
    blocks: Vec<usize>,
}

/// What a line ends with.
#[derive(Debug, Clone, Copy)]
enum End {
    /// A plain scalar, in a list or map whose entries stand behind this many blanks.
    Plain { indentation: usize },
    /// A block of text that stands behind this many blanks.
    Block { indentation: usize },
}

impl Walk<'_> {
    fn node(&mut self, node: &Node, indentation: usize) {
        let (start, end) = (node.span.start, node.span.end);
        match &node.value {
            Value::Scalar(scalar) if scalar.style == Style::Block => {
                let last = self.last_filled(node);
                self.blocks.extend(self.tab_at_start(node, last));
                let content = self.line(start.line + 1);
                let indentation = content.len() - content.trim_start_matches(' ').len();
                self.inside.push((start.line + 1, last));
                self.ends.push((last, End::Block { indentation }));
            }
            Value::Scalar(scalar) => {
                self.inside.push((start.line + 1, end.line));
                let mut rest = self.line(end.line).chars().skip(end.column - 1);
                if scalar.style == Style::Plain && rest.all(char::is_whitespace) {
                    self.ends.push((end.line, End::Plain { indentation }));
                }
            }
            Value::Sequence(_) | Value::Mapping(_) if self.is_in_brackets(node) => {
                self.inside.push((start.line + 1, end.line));
            }
            Value::Sequence(items) => {
                for item in items {
                    let (line, column) = (item.span.start.line, item.span.start.column);
                    let before: String = self.line(line).chars().take(column - 1).collect();
                    let dash = before.trim_end_matches([' ', '\t']);
                    if dash.ends_with('-') && before[dash.len()..].contains('\t') {
                        self.dashes.push(line);
                    }
                    self.node(item, start.column - 1);
                }
            }
            Value::Mapping(entries) => {
                for entry in entries {
                    self.node(&entry.value, start.column - 1);
                }
            }
        }
    }

    fn line(&self, number: usize) -> &str {
        self.lines
            .get(number.saturating_sub(1))
            .copied()
            .unwrap_or_default()
    }

    fn is_in_brackets(&self, node: &Node) -> bool {
        let start = node.span.start;
        let first = self.line(start.line).chars().nth(start.column - 1);
        matches!(first, Some('[' | '{'))
    }

    /// Returns the line with a tab among the blanks up to the first text of a block, unless the
    /// block's header says how far right the text stands.
    fn tab_at_start(&self, block: &Node, last: usize) -> Option<usize> {
        let start = block.span.start;
        let header = self.line(start.line).chars().skip(start.column);
        if header.take(2).any(|indicator| indicator.is_ascii_digit()) {
            return None;
        }
        let mut lines = (start.line + 1..=last).map(|number| (number, self.line(number)));
        let (number, line) = lines.find(|(_, line)| !line.trim_matches(' ').is_empty())?;
        line.trim_start_matches(' ')
            .starts_with('\t')
            .then_some(number)
    }

    /// Returns the last line of a block that has text.
    fn last_filled(&self, block: &Node) -> usize {
        let (first, end) = (block.span.start.line, block.span.end);
        let last = end.line - usize::from(end.column == 1);
        let filled = (first..=last).rfind(|line| !self.line(*line).trim().is_empty());
        filled.unwrap_or(first)
    }

    fn first_tab(mut self, last: usize) -> Option<(usize, &'static str)> {
        self.inside.sort_unstable();
        self.ends.sort_unstable_by_key(|(line, _)| *line);
        self.dashes.sort_unstable();
        self.blocks.sort_unstable();
        let mut inside = self.inside.iter().peekable();
        let mut ended_with = None;
        for (number, line) in (1..).zip(&self.lines) {
            let content = line.trim_start_matches(' ');
            let is_filled = !content.trim().is_empty();
            if number > last && is_filled && !content.trim_start().starts_with('#') {
                break;
            }
            while inside.next_if(|(_, last)| *last < number).is_some() {}
            let is_inside = inside.peek().is_some_and(|(first, _)| *first <= number);
            let blanks = line.len() - content.len();
            if content.starts_with('\t') && !is_inside {
                match ended_with {
                    Some(End::Block { indentation } | End::Plain { indentation })
                        if blanks > indentation => {}
                    Some(End::Block { .. }) => return Some((number, TAB_IN_BLOCK)),
                    Some(End::Plain { .. }) => return Some((number, TAB_IN_PLAIN)),
                    None => return Some((number, TAB_IN_INDENTATION)),
                }
            }
            if self.dashes.binary_search(&number).is_ok() {
                return Some((number, TAB_IN_INDENTATION));
            }
            if self.blocks.binary_search(&number).is_ok() {
                return Some((number, TAB_IN_BLOCK));
            }
            if is_filled {
                let end = self.ends.binary_search_by_key(&number, |(line, _)| *line);
                ended_with = end.ok().map(|at| self.ends[at].1);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::buildspec::yaml;

    #[test]
    fn a_tab_in_front_of_nothing_is_refused() {
        for (text, message) in [
            (
                "\ta: b\n",
                "found character that cannot start any token at line 0",
            ),
            (
                "a:\n\t\n  b: c\n",
                "found character that cannot start any token at line 1",
            ),
            (
                "a:\n  - 'b'\n\t\n",
                "found character that cannot start any token at line 2",
            ),
            (
                "a: b # c\n\t\n",
                "found character that cannot start any token at line 1",
            ),
            (
                "a:\n  # b\n\t# c\n  d: e\n",
                "found character that cannot start any token at line 2",
            ),
            (
                "a:\n  -\tb\n",
                "found character that cannot start any token at line 1",
            ),
            (
                "a: b\n\t\n",
                "found a tab character that violates indentation at line 1",
            ),
            (
                "a:\n  - b\n\n \t\n",
                "found a tab character that violates indentation at line 3",
            ),
            (
                "a: |\n  \tb\n   \t\n",
                "found a tab character where an indentation space is expected at line 1",
            ),
            (
                "a:\n  - >-\n\n    \tb\n    c\n",
                "found a tab character where an indentation space is expected at line 3",
            ),
            (
                "a:\n  - |\n    b\n\t\n  - c\n",
                "found a tab character where an indentation space is expected at line 3",
            ),
        ] {
            assert_eq!(yaml::read(text).unwrap_err().message, message, "{text:?}");
        }
    }

    #[test]
    fn a_tab_elsewhere_is_not() {
        for text in [
            "a:\tb\t# c\n",
            "a:\n  - b\tc\n",
            "a:\n  - b\n   \t\n",
            "a: |\n  b\n  \tc\n   \t\n",
            "a: |2 # b\n  \tb\n",
            "a: |-2\n  \tb\n",
            "a: 'b\n\tc'\n",
            "a: [\n  b,\n  \tc\n  \t]\n",
            "{\n\t\"a\": \"b\"\n}\n",
            "a: b\n---\n\t\n",
        ] {
            assert!(yaml::read(text).is_ok(), "{text:?}");
        }
    }
}
