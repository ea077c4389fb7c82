//! What libyaml's words about a text that is no YAML mean, where to look, and what to do.
//!
//! libyaml knows where it cannot go on and what it was reading. Where that is not the mistake, it is
//! sought here by what people get wrong; what is not recognized is told in libyaml's words.

#[cfg(test)]
mod tests;

use std::ops::Range;

use super::super::code::SYNTAX;
use super::super::diagnostic::Findings;
use super::super::node::{Position, Span};
use super::super::problems::Problem;
use super::super::refusal::{Reason, Refusal, SyntaxProblem};

const QUOTE: &str = "put the whole text in quotes, or in a block after `|`";

/// Tells of a text that is no YAML, or more of it than is read.
pub(super) fn tell(problem: &Problem, findings: &mut Findings<'_>) {
    let place = findings.line(problem.span.start.line);
    let text = Text {
        lines: findings.lines(),
    };
    let (message, place, help) = match &problem.reason {
        Reason::TooLarge
        | Reason::TooManyValues { .. }
        | Reason::TooManyBlanks
        | Reason::TooManyDirectives => (
            problem.reason.words(),
            place,
            Some("this limit is cobuild's own: CodeBuild may accept the buildspec".to_owned()),
        ),
        reason => {
            let mistake = text.conflict().or_else(|| match reason {
                Reason::Syntax(syntax) => {
                    let at = Position {
                        line: place.start.line,
                        column: problem.span.start.column,
                    };
                    text.mistake(syntax, at)
                }
                Reason::UnknownAnchor { name } => Some((
                    format!("unknown anchor `{name}`"),
                    problem.span,
                    "put text that begins with `*` in quotes".to_owned(),
                )),
                _ => None,
            });
            match mistake {
                Some((message, place, help)) => (message, place, Some(help)),
                None => (format!("this is not YAML: {}", reason.words()), place, None),
            }
        }
    };
    let refusal = Refusal::of_buildspec(&problem.reason);
    let finding = findings.add(&SYNTAX, place, message).note(&refusal);
    if let Some(help) = help {
        finding.help(help);
    }
}

/// What is said of a mistake, its place, and what to do.
type Mistake = (String, Span, String);

/// The text as lines, counted from 1.
struct Text<'text> {
    lines: &'text [&'text str],
}

impl<'text> Text<'text> {
    fn mistake(&self, syntax: &SyntaxProblem, at: Position) -> Option<Mistake> {
        let line = at.line;
        let context = syntax.context.as_ref().map_or(at, |context| context.place);
        Some(match syntax.problem.as_str() {
            "mapping values are not allowed in this context" => self.map_in_text(line),
            "found character that cannot start any token" => self.bad_beginning(at)?,
            "did not find expected alphabetic or numeric character" => {
                self.bad_beginning(context)?
            }
            "found a tab character that violates indentation"
            | "found a tab character where an indentation space is expected" => self.tab(at)?,
            "could not find expected ':'" => self.no_key(context.line),
            "did not find expected key" => self.no_entry(line, "a key of the map"),
            "did not find expected '-' indicator" => self.no_entry(line, "an item of the list"),
            "did not find expected <document start>" => (
                "the line does not continue the lines above".to_owned(),
                self.whole(line),
                "begin this line and the first line in the first column".to_owned(),
            ),
            "did not find expected ',' or ']'" => self
                .unclosed(context)
                .unwrap_or_else(|| self.no_comma(line, ']')),
            "did not find expected ',' or '}'" => self
                .unclosed(context)
                .unwrap_or_else(|| self.no_comma(line, '}')),
            "did not find expected node content" => self.unclosed(syntax.bracket?)?,
            "found unexpected end of stream" => (
                "this quote is never closed".to_owned(),
                self.rest(context),
                "close it, or put text that begins with a quote in quotes of the other kind"
                    .to_owned(),
            ),
            "found unknown escape character" => self.escape(at)?,
            "block sequence entries are not allowed in this context" => (
                "a list cannot begin on the line of its key".to_owned(),
                self.whole(line),
                "begin the list on the next line".to_owned(),
            ),
            "control characters are not allowed" => (
                "the line has a control character".to_owned(),
                self.whole(line),
                "remove it, or write it as an escape in double quotes".to_owned(),
            ),
            "incomplete UTF-8 octet sequence"
            | "invalid leading UTF-8 octet"
            | "invalid trailing UTF-8 octet" => (
                "the text is not UTF-8".to_owned(),
                self.unreadable(line),
                "save the file as UTF-8".to_owned(),
            ),
            _ => return None,
        })
    }

    /// What a merge leaves when both sides have changed the same lines.
    fn conflict(&self) -> Option<Mistake> {
        let has = |mark| self.lines.iter().position(|line| line.starts_with(mark));
        let first = has("<<<<<<< ")? + 1;
        has(">>>>>>> ")?;
        Some((
            "unresolved merge conflict".to_owned(),
            self.whole(first),
            "resolve it, and remove the lines with `<<<<<<<`, `=======` and `>>>>>>>`".to_owned(),
        ))
    }

    /// A `: ` where no key can be.
    fn map_in_text(&self, line: usize) -> Mistake {
        let text = self.line(line);
        if let Some(value) = value(text)
            && colon(&text[value..]).is_some()
        {
            return (
                "YAML reads the `: ` in this text as the end of a key".to_owned(),
                self.part(line, value..text.trim_end().len()),
                QUOTE.to_owned(),
            );
        }
        if let Some(before) = self.before(line) {
            let above = self.line(before);
            if let Some((key, rest)) = above.trim().split_once(':')
                && colon(above).is_none()
                && key
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
            {
                return (
                    "no space after the colon, so this is not a key".to_owned(),
                    self.whole(before),
                    format!("write `{key}: {rest}`"),
                );
            }
            if indentation(text) > indentation(above) && value_of(above).is_some() {
                return (
                    "this key is indented more than the key above it, which already has a value"
                        .to_owned(),
                    self.whole(line),
                    "indent both keys the same".to_owned(),
                );
            }
        }
        (
            "YAML reads this as a key, and no key can be here".to_owned(),
            self.whole(line),
            QUOTE.to_owned(),
        )
    }

    /// A text that begins with what YAML keeps for itself, or a tab where blanks belong.
    fn bad_beginning(&self, at: Position) -> Option<Mistake> {
        if let Some(tab) = self.tab(at) {
            return Some(tab);
        }
        let text = self.line(at.line);
        let start = self.offset(at);
        let before = text[..start].trim_end();
        if !before.is_empty() && !before.ends_with(['-', ':', ',', '[', '{', '?']) {
            // Behind brackets, `&&` is where an anchor could be.
            let item = text.trim_start().strip_prefix("- ")?;
            let message = mistaken(item.trim_start())?.to_owned();
            return Some((message, self.content(at.line), QUOTE.to_owned()));
        }
        let shown = match text[start..].chars().next()? {
            '`' => "a backtick".to_owned(),
            first @ ('@' | '%' | '*' | '&') => format!("`{first}`"),
            _ => return None,
        };
        let end = text[start..]
            .find(' ')
            .map_or(text.len(), |length| start + length);
        Some((
            format!("text without quotes cannot begin with {shown}"),
            self.part(at.line, start..end),
            "put the whole text in quotes".to_owned(),
        ))
    }

    /// A tab that indents, or that stands behind a dash.
    fn tab(&self, at: Position) -> Option<Mistake> {
        let start = self.offset(at);
        let text = &self.line(at.line)[start..];
        let tabs = text.len() - text.trim_start_matches('\t').len();
        (tabs > 0).then(|| {
            (
                "a tab; YAML takes only spaces as indentation".to_owned(),
                self.part(at.line, start..start + tabs),
                "indent with spaces".to_owned(),
            )
        })
    }

    /// A line without a colon, in the midst of keys or items.
    fn no_key(&self, line: usize) -> Mistake {
        (
            "expected a key with a value or an item of a list".to_owned(),
            self.whole(line),
            "write `- ` before an item and `: ` after a key; indent a line more if it continues the line \
             above"
                .to_owned(),
        )
    }

    /// Returns whether a line is neither a key nor an item.
    fn is_bare(&self, line: usize) -> bool {
        let text = self.line(line).trim();
        colon(text).is_none() && !text.starts_with("- ")
    }

    /// A line that does not go on with what is around it.
    fn no_entry(&self, line: usize, what: &str) -> Mistake {
        let text = self.line(line);
        let own = indentation(text);
        let levels = self.levels(line);
        let nearest = levels.iter().min_by_key(|level| level.abs_diff(own));
        let item = text[own..].strip_prefix("- ").map(str::trim_start);
        let (message, help) = match (item.and_then(mistaken), nearest) {
            (Some(message), _) => {
                return (message.to_owned(), self.content(line), QUOTE.to_owned());
            }
            (None, Some(nearest)) if !levels.contains(&own) => (
                "the indentation of this line matches no line above".to_owned(),
                match nearest {
                    0 => "begin it in the first column".to_owned(),
                    1 => "indent it by 1 space".to_owned(),
                    _ => format!("indent it by {nearest} spaces"),
                },
            ),
            (None, _) if item.is_some() => {
                if let Some(before) = self.before(line)
                    && self.is_bare(before)
                    && indentation(self.line(before)) == own
                {
                    return self.no_key(before);
                }
                (
                    "an item of a list among keys".to_owned(),
                    "indent it like the other items of its list".to_owned(),
                )
            }
            (None, _) => (
                format!("expected {what} above"),
                "indent it like the lines that it belongs to".to_owned(),
            ),
        };
        (message, self.whole(line), help)
    }

    /// The indentations of what a line may go on with: of the lines above that nothing ends.
    fn levels(&self, line: usize) -> Vec<usize> {
        let mut levels = Vec::new();
        let mut least = usize::MAX;
        let mut line = line;
        while let Some(before) = self.before(line) {
            line = before;
            let text = self.line(before);
            let own = indentation(text);
            if own < least {
                least = own;
                levels.push(own);
                // What stands behind a dash is as far in as its first key.
                if let Some(inner) = text[own..].strip_prefix("- ") {
                    levels.push(text.len() - inner.trim_start().len());
                }
            }
        }
        levels
    }

    /// A bracket that does not end on its line.
    fn unclosed(&self, opening: Position) -> Option<Mistake> {
        let text = self.line(opening.line);
        let open = text[self.offset(opening)..].chars().next()?;
        let close = if open == '{' { '}' } else { ']' };
        (text.matches(open).count() > text.matches(close).count()).then(|| {
            (
                format!("`{open}` has no closing `{close}`"),
                self.rest(opening),
                format!("close it, or put text that begins with `{open}` in quotes"),
            )
        })
    }

    /// More in brackets than there can be.
    fn no_comma(&self, line: usize, close: char) -> Mistake {
        (
            format!("expected `,` or `{close}`"),
            self.whole(line),
            QUOTE.to_owned(),
        )
    }

    /// A backslash within double quotes that escapes nothing.
    fn escape(&self, at: Position) -> Option<Mistake> {
        let start = self.offset(at);
        let escaped = self.line(at.line)[start..].chars().nth(1)?;
        Some((
            format!("`\\{escaped}` is not an escape of double quotes"),
            self.part(at.line, start..start + 1 + escaped.len_utf8()),
            "use single quotes, where a backslash is a plain character".to_owned(),
        ))
    }

    fn line(&self, line: usize) -> &'text str {
        let text = line.checked_sub(1).and_then(|index| self.lines.get(index));
        text.map_or("", |text| text.trim_end_matches('\r'))
    }

    /// Returns the next line above that has more than a comment.
    fn before(&self, line: usize) -> Option<usize> {
        (1..line).rev().find(|line| {
            let text = self.line(*line).trim();
            !text.is_empty() && !text.starts_with('#')
        })
    }

    fn whole(&self, line: usize) -> Span {
        let text = self.line(line);
        let start = text.len() - text.trim_start().len();
        self.part(line, start..text.trim_end().len().max(start))
    }

    /// Returns where a position is on its line, in bytes.
    fn offset(&self, at: Position) -> usize {
        let text = self.line(at.line);
        let mut characters = text.char_indices();
        let found = characters.nth(at.column.saturating_sub(1));
        found.map_or(text.len(), |(start, _)| start)
    }

    /// Returns the place of a line from a position on.
    fn rest(&self, at: Position) -> Span {
        let start = self.offset(at);
        let end = self.line(at.line).trim_end().len();
        self.part(at.line, start..end.max(start))
    }

    /// Returns the place of an item, without its dash.
    fn content(&self, line: usize) -> Span {
        let text = self.line(line).trim_end();
        let is_before = |c: char| c.is_whitespace() || c == '-';
        let start = text.len() - text.trim_start_matches(is_before).len();
        self.part(line, start..text.len())
    }

    /// Returns the place of what could not be decoded.
    fn unreadable(&self, line: usize) -> Span {
        let unknown = char::REPLACEMENT_CHARACTER;
        match self.line(line).find(unknown) {
            Some(at) => self.part(line, at..at + unknown.len_utf8()),
            None => self.whole(line),
        }
    }

    fn part(&self, line: usize, bytes: Range<usize>) -> Span {
        let text = self.line(line);
        let column = |at: usize| text[..at].chars().count() + 1;
        let place = |at| Position {
            line,
            column: column(at),
        };
        Span {
            start: place(bytes.start),
            end: place(bytes.end),
        }
    }
}

/// Says what YAML takes an item for that was probably meant as a text.
fn mistaken(item: &str) -> Option<&'static str> {
    match item.chars().next()? {
        '[' => Some("YAML reads the brackets at the beginning as a list, and more follows them"),
        '{' => Some("YAML reads the braces at the beginning as a map, and more follows them"),
        '"' | '\'' => Some("the quotes at the beginning end before the text ends"),
        _ => {
            let key = &item[..colon(item)?];
            // What is one word may well be meant as a key.
            key.contains(' ').then_some("YAML reads this item as a map")
        }
    }
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Returns where the first colon is that ends a key.
fn colon(text: &str) -> Option<usize> {
    let text = text.trim_end();
    text.find(": ")
        .or_else(|| text.ends_with(':').then(|| text.len() - 1))
}

/// Returns where the value of a line's first key begins, or its item.
fn value(line: &str) -> Option<usize> {
    let at = colon(line)? + 1;
    let rest = &line[at..];
    Some(at + rest.len() - rest.trim_start().len())
}

fn value_of(line: &str) -> Option<&str> {
    let value = value(line).map(|at| line[at..].trim());
    value.filter(|value| !value.is_empty())
}
