//! What a parser's words about a text that is no YAML mean, where to look, and what to do.
//!
//! The parser knows only where it cannot go on. The mistake is often further up, and is sought here by
//! what people get wrong; what is not recognized is told in the parser's words.

#[cfg(test)]
mod tests;

use std::ops::Range;

use super::super::Refusal;
use super::super::code::errors::SYNTAX;
use super::super::diagnostic::Findings;
use super::super::node::{Position, Span};

const QUOTE: &str = "put the whole text into quotes, or into a block after `|`";

/// Tells of a text that is no YAML. The refusal counts lines from 0.
pub(super) fn tell(refusal: &Refusal, findings: &mut Findings<'_>) {
    let (problem, line) = match refusal.message.rsplit_once(" at line ") {
        Some((problem, line)) => (problem, line.parse().map_or(1, |line: usize| line + 1)),
        None => (refusal.message.as_str(), 1),
    };
    let place = findings.line(line);
    let text = Text {
        lines: findings.lines(),
    };
    let Mistake {
        message,
        place,
        help,
    } = if problem.contains("that cobuild reads") {
        Mistake {
            message: problem.trim_end_matches(',').to_owned(),
            place,
            help: Some("this limit is cobuild's own: CodeBuild may take the buildspec".to_owned()),
        }
    } else {
        text.mistake(problem, place.start.line).unwrap_or(Mistake {
            message: format!("this is not YAML: {problem}"),
            place,
            help: None,
        })
    };
    let finding = findings.add(&SYNTAX, place, message).note(refusal);
    if let Some(help) = help {
        finding.help(help);
    }
}

/// What is said of a mistake.
struct Mistake {
    message: String,
    place: Span,
    help: Option<String>,
}

/// The text as lines, counted from 1.
struct Text<'text> {
    lines: &'text [&'text str],
}

impl<'text> Text<'text> {
    fn mistake(&self, problem: &str, line: usize) -> Option<Mistake> {
        let (message, place, help) = match problem {
            _ if self.conflict().is_some() => self.conflict()?,
            "mapping values are not allowed in this context" => self.map_in_text(line),
            "found character that cannot start any token"
            | "did not find expected alphabetic or numeric character" => {
                self.bad_beginning(line)?
            }
            "found a tab character that violates indentation"
            | "found a tab character where an indentation space is expected" => self.tab(line)?,
            "could not find expected ':'" => self.no_key(line),
            "did not find expected key" => self.no_entry(line, "key of the map"),
            "did not find expected '-' indicator" => self.no_entry(line, "item of the list"),
            "did not find expected <document start>" => (
                "this is no part of what stands above".to_owned(),
                self.whole(line),
                "begin it, and the first line, in the first column".to_owned(),
            ),
            "did not find expected ',' or ']'" => self.bracket(line, '[', ']'),
            "did not find expected ',' or '}'" => self.bracket(line, '{', '}'),
            "found unexpected end of stream" => self.open_quote()?,
            "found unknown escape character" => self.escape(line)?,
            "block sequence entries are not allowed in this context" => (
                "a list cannot begin on the line of its key".to_owned(),
                self.whole(line),
                "begin the list on the next line".to_owned(),
            ),
            "control characters are not allowed" => (
                "there is a control character on this line".to_owned(),
                self.whole(line),
                "remove it, or write it as an escape within double quotes".to_owned(),
            ),
            _ if problem.contains("UTF-8 octet") => (
                "the text is not UTF-8".to_owned(),
                self.unreadable(line),
                "save the file as UTF-8".to_owned(),
            ),
            _ => self.unknown_anchor(problem)?,
        };
        Some(Mistake {
            message,
            place,
            help: Some(help),
        })
    }

    /// What a merge leaves when both sides have changed the same lines.
    fn conflict(&self) -> Option<(String, Span, String)> {
        let has = |mark| self.lines.iter().position(|line| line.starts_with(mark));
        let first = has("<<<<<<< ")? + 1;
        has(">>>>>>> ")?;
        Some((
            "a merge has left a conflict here".to_owned(),
            self.whole(first),
            "settle it, and remove the lines of `<`, `=` and `>`".to_owned(),
        ))
    }

    /// A `: ` where no key can be.
    fn map_in_text(&self, line: usize) -> (String, Span, String) {
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
                    "there is no blank behind the colon, so this is no key".to_owned(),
                    self.whole(before),
                    format!("write `{key}: {rest}`"),
                );
            }
            if indentation(text) > indentation(above) && value_of(above).is_some() {
                return (
                    "this key is indented further than the one above it, which has a value already"
                        .to_owned(),
                    self.whole(line),
                    "indent both as far".to_owned(),
                );
            }
        }
        (
            "YAML reads this as a key, but there can be none here".to_owned(),
            self.whole(line),
            QUOTE.to_owned(),
        )
    }

    /// A text that begins with what YAML keeps for itself, or a tab where blanks belong.
    fn bad_beginning(&self, line: usize) -> Option<(String, Span, String)> {
        if let Some(tab) = self.tab(line) {
            return Some(tab);
        }
        let text = self.line(line);
        let bad = beginnings(text)
            .filter_map(|at| text[at..].chars().next().map(|first| (at, first)))
            .find(|(_, first)| matches!(first, '@' | '`' | '%' | '*' | '&'));
        let Some((at, first)) = bad else {
            // Behind brackets, `&&` is where an anchor could be.
            let item = text.trim_start().strip_prefix("- ")?;
            let message = mistaken(item.trim_start())?.to_owned();
            return Some((message, self.content(line), QUOTE.to_owned()));
        };
        let end = text[at..]
            .find(' ')
            .map_or(text.len(), |length| at + length);
        let shown = match first {
            '`' => "a backtick".to_owned(),
            first => format!("`{first}`"),
        };
        Some((
            format!("a text cannot begin with {shown} unless it is in quotes"),
            self.part(line, at..end),
            "put the whole text into quotes".to_owned(),
        ))
    }

    /// A tab that indents, or that stands behind a dash.
    fn tab(&self, line: usize) -> Option<(String, Span, String)> {
        let text = self.line(line);
        let content = text
            .find(|c: char| !c.is_whitespace() && c != '-')
            .unwrap_or(text.len());
        let start = text[..content].find('\t')?;
        let tabs = text[start..].len() - text[start..].trim_start_matches('\t').len();
        Some((
            "YAML is indented with blanks, and this is a tab".to_owned(),
            self.part(line, start..start + tabs),
            "indent with blanks".to_owned(),
        ))
    }

    /// A line without a colon, in the midst of keys or items. The parser notices on the next one.
    fn no_key(&self, line: usize) -> (String, Span, String) {
        let culprit = self.before(line).filter(|before| self.is_bare(*before));
        let line = culprit.unwrap_or(line);
        (
            "this is neither a key with a value nor an item of a list".to_owned(),
            self.whole(line),
            "write `- ` before an item and `: ` behind a key, and indent further what continues the \
             line above"
                .to_owned(),
        )
    }

    /// Returns whether a line is neither a key nor an item.
    fn is_bare(&self, line: usize) -> bool {
        let text = self.line(line).trim();
        colon(text).is_none() && !text.starts_with("- ")
    }

    /// A line that does not go on with what is around it.
    fn no_entry(&self, line: usize, what: &str) -> (String, Span, String) {
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
                "the indentation of this line matches nothing above".to_owned(),
                match nearest {
                    0 => "begin it in the first column".to_owned(),
                    1 => "indent it by 1 blank".to_owned(),
                    _ => format!("indent it by {nearest} blanks"),
                },
            ),
            (None, _) if item.is_some() => {
                if let Some(before) = self.before(line)
                    && self.is_bare(before)
                    && indentation(self.line(before)) == own
                {
                    return self.no_key(line);
                }
                (
                    "an item of a list cannot stand here, among keys".to_owned(),
                    "indent it as far as the other items of its list".to_owned(),
                )
            }
            (None, _) => (
                format!("this is no {what} above"),
                "indent it as far as what it belongs to".to_owned(),
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

    /// Brackets that do not end.
    fn bracket(&self, line: usize, open: char, close: char) -> (String, Span, String) {
        let surplus = |text: &str| {
            let count = |bracket| text.matches(bracket).count();
            count(open) > count(close)
        };
        let opening = (1..=line).rev().find(|line| {
            let text = self.line(*line);
            !text.trim_start().starts_with('#') && surplus(text)
        });
        let Some((opening, at)) =
            opening.and_then(|line| self.line(line).find(open).map(|at| (line, at)))
        else {
            return (
                format!("a `,` or a `{close}` is missing here"),
                self.whole(line),
                QUOTE.to_owned(),
            );
        };
        let end = self.line(opening).trim_end().len();
        (
            format!("this `{open}` has no `{close}`"),
            self.part(opening, at..end),
            format!("close it, or put a text that begins with `{open}` into quotes"),
        )
    }

    /// A quote that does not end: none of its kind follows.
    fn open_quote(&self) -> Option<(String, Span, String)> {
        let (line, at) = ['"', '\'']
            .into_iter()
            .filter_map(|quote| {
                let (line, text) = (1..)
                    .zip(self.lines)
                    .filter(|(_, text)| text.contains(quote))
                    .last()?;
                let at = text.rfind(quote)?;
                beginnings(text)
                    .any(|beginning| beginning == at)
                    .then_some((line, at))
            })
            .min()?;
        let end = self.line(line).trim_end().len();
        Some((
            "this quote is never closed".to_owned(),
            self.part(line, at..end),
            "close it, or put a text that begins with a quote into quotes of the other kind"
                .to_owned(),
        ))
    }

    /// A backslash within double quotes that escapes nothing.
    fn escape(&self, line: usize) -> Option<(String, Span, String)> {
        let text = self.line(line);
        let mut rest = text.char_indices();
        while let Some((at, character)) = rest.next() {
            if character == '\\'
                && let Some((_, escaped)) = rest.next()
                && !"0abt\tnvfre \"/\\N_LPxuU".contains(escaped)
            {
                return Some((
                    format!("`\\{escaped}` means nothing within double quotes"),
                    self.part(line, at..at + 1 + escaped.len_utf8()),
                    "use single quotes, in which a backslash is just that".to_owned(),
                ));
            }
        }
        None
    }

    /// A `*name` for which there is no `&name`.
    fn unknown_anchor(&self, problem: &str) -> Option<(String, Span, String)> {
        let name = problem
            .strip_prefix("unknown anchor '")?
            .strip_suffix("' referenced")?;
        let alias = format!("*{name}");
        let (line, at) = (1..).zip(self.lines).find_map(|(line, text)| {
            let at = beginnings(text).find(|at| text[*at..].starts_with(&alias))?;
            Some((line, at))
        })?;
        Some((
            format!("there is no anchor `&{name}` for this"),
            self.part(line, at..at + alias.len()),
            "put a text that begins with `*` into quotes".to_owned(),
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
        '"' | '\'' => Some("the quotes at the beginning end before the text does"),
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

/// Returns where a text may begin on a line: at its start, and behind dashes, keys and brackets.
fn beginnings(line: &str) -> impl Iterator<Item = usize> {
    let start = line.len() - line.trim_start().len();
    let is_mark = |c: char| matches!(c, '-' | ':' | ',' | '[' | '{' | '?');
    let behind = line.match_indices(is_mark).filter_map(|(at, mark)| {
        let rest = &line[at + 1..];
        let content = rest.trim_start();
        let apart = content.len() < rest.len() || matches!(mark, "[" | "{");
        (apart && !content.is_empty()).then(|| line.len() - content.len())
    });
    std::iter::once(start).chain(behind)
}
