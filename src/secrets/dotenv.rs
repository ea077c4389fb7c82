//! Dotenv files: `NAME=VALUE` lines whose values may be in quotes.
//!
//! The crates for dotenv files allow only names of variables, and expand values; here a name may be
//! a parameter or an ARN, and a `$` in a password is literal.

use std::fmt;

/// A line that cannot be read. Nothing of the line itself is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct DotenvError {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// A name with its value. `Debug` would show the value, so there is none.
#[derive(Clone, PartialEq, Eq)]
pub struct DotenvEntry {
    /// The number of the line on which it begins, from 1.
    pub line: usize,
    /// The name; any text without spaces.
    pub name: String,
    /// The value, without its quotes.
    pub value: String,
}

impl fmt::Debug for DotenvEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DotenvEntry")
            .field("line", &self.line)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Reads `NAME=VALUE` lines, with `export` before them or not. `#` begins a comment, in a line of its
/// own or behind a space. Values in quotes can have several lines; in double quotes `\n`, `\r`, `\t`,
/// `\"`, `\\`, `\$` and `` \` `` stand for characters. Nothing is expanded.
pub fn read_dotenv(text: &str) -> Result<Vec<DotenvEntry>, DotenvError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut entries = Vec::new();
    let mut rest = text;
    // What is left of the text tells the line.
    let line_at = |rest: &str| text[..text.len() - rest.len()].matches('\n').count() + 1;
    let at = |rest: &str, problem| DotenvError {
        line: line_at(rest),
        problem,
    };
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(entries);
        }
        let line = rest.lines().next().unwrap_or_default();
        if line.starts_with('#') {
            rest = &rest[line.len()..];
            continue;
        }
        let Some((name, _)) = line.split_once('=') else {
            return Err(at(rest, "`=` is missing; write NAME=VALUE"));
        };
        let after = &rest[name.len() + 1..];
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        if name.is_empty() {
            return Err(at(rest, "the name before `=` is missing"));
        }
        if name.contains(char::is_whitespace) {
            return Err(at(
                rest,
                "the name contains a space; quote values that span several lines",
            ));
        }
        let (value, length) = match value(after) {
            Ok(read) => read,
            Err(problem) => return Err(at(rest, problem)),
        };
        entries.push(DotenvEntry {
            line: line_at(rest),
            name: name.to_owned(),
            value,
        });
        rest = &after[length..];
    }
}

/// Reads the value that a text begins with; returns it, and how much of the text it takes together
/// with the comment behind it.
fn value(text: &str) -> Result<(String, usize), &'static str> {
    let blanks = text.len() - text.trim_start_matches([' ', '\t']).len();
    let (value, length) = match text[blanks..].chars().next() {
        Some('\'') => single_quoted(&text[blanks..])?,
        Some('"') => double_quoted(&text[blanks..])?,
        _ => {
            let line = text.lines().next().unwrap_or_default();
            let comment = [" #", "\t#"].iter().filter_map(|it| line.find(it)).min();
            let end = comment.unwrap_or(line.len());
            return Ok((line[..end].trim().to_owned(), line.len()));
        }
    };
    let length = blanks + length;
    let behind = text[length..].lines().next().unwrap_or_default();
    match behind.trim_start().chars().next() {
        None | Some('#') => Ok((value, length + behind.len())),
        Some(_) => Err("unexpected text after the closing quote"),
    }
}

fn single_quoted(text: &str) -> Result<(String, usize), &'static str> {
    let end = text[1..].find('\'').ok_or(UNCLOSED)?;
    Ok((text[1..=end].to_owned(), end + 2))
}

const UNCLOSED: &str = "the quote that begins here is never closed";

fn double_quoted(text: &str) -> Result<(String, usize), &'static str> {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((value, at + 1)),
            '\\' => match characters.next().ok_or(UNCLOSED)?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                escaped @ ('"' | '\\' | '$' | '`') => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            other => value.push(other),
        }
    }
    Err(UNCLOSED)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of `A`.
    fn value_of_a(text: &str) -> String {
        let mut entries = read_dotenv(text).unwrap().into_iter();
        entries.rfind(|entry| entry.name == "A").unwrap().value
    }

    #[test]
    fn values_are_read_as_people_write_them() {
        for (text, value) in [
            ("A=plain", "plain"),
            ("A = plain  \r\n", "plain"),
            ("export A=plain", "plain"),
            ("A=", ""),
            ("A=''", ""),
            ("A=\"\" # nothing", ""),
            ("A=a b#c # comment", "a b#c"),
            ("A= # comment", ""),
            ("A=#1", "#1"),
            ("A=\t 'x'", "x"),
            ("A=x=y==", "x=y=="),
            ("A=$HOME", "$HOME"),
            ("A='$a \\n \"' # comment", "$a \\n \""),
            ("A=\"a\\nb\\t\\\"\\\\\\$ \\d ' #\"", "a\nb\t\"\\$ \\d ' #"),
            ("A='-----BEGIN\nb=\n-----END'", "-----BEGIN\nb=\n-----END"),
            ("A=\"one\ntwo\n\"\n", "one\ntwo\n"),
            ("A={\"k\": \"v\"}", "{\"k\": \"v\"}"),
            ("A=é\"", "é\""),
        ] {
            for text in [text, &format!("# comment\n\n  {text}\nB=x\n")] {
                assert_eq!(value_of_a(text), value, "{text}");
            }
        }
    }

    #[test]
    fn names_are_those_of_stores() {
        let arn = "arn:aws:secretsmanager:eu-west-1:1:secret:a-AbCdEf";
        for name in ["/my/token", "a/b:key", arn, "A.b-c@d+e"] {
            let entries = read_dotenv(&format!("{name}=x\n")).unwrap();
            assert_eq!(entries[0].name, name);
        }
    }

    #[test]
    fn a_mistake_is_told_by_its_line_alone() {
        for (text, line, problem) in [
            ("A=1\n\nhunter2\n", 3, "`=` is missing"),
            ("=hunter2", 1, "the name before"),
            ("A='x\ny'\nB C=hunter2", 3, "the name contains"),
            ("A=1\nB='hunter2\n", 2, "the quote that begins"),
            ("A=\"hunter2\\", 1, "the quote that begins"),
            ("A='hunter2'x\n", 1, "unexpected text"),
        ] {
            let error = read_dotenv(text).unwrap_err();
            assert_eq!(error.line, line, "{text}");
            assert!(error.problem.starts_with(problem), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
