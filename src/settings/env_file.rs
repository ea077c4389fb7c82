//! Variables given on the command line and in files.

use std::fmt;

use crate::secrets::{DotenvEntry, read_dotenv};

/// A variable as it is given: with a value, or by name alone, which takes the host's value. `Debug`
/// shows no value.
#[derive(Clone, PartialEq, Eq)]
pub struct Override {
    pub name: String,
    /// Its value; `None` takes the host's.
    pub value: Option<String>,
}

impl fmt::Debug for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Override")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A line of an env file that gives no variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct EnvFileError {
    /// Its number, from 1.
    pub line: usize,
    pub problem: String,
}

/// How an env file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvFileFormat {
    /// As `docker run --env-file` reads it: a value is the rest of the line, quotes included
    /// (contract §6.1).
    Docker,
    /// As Docker Compose and the dotenv libraries read it: quotes around a value are no part of it.
    /// Unlike there, nothing is expanded.
    Dotenv,
}

/// The variables of an env file.
#[derive(Clone, PartialEq, Eq)]
pub struct EnvFile {
    /// Names with their values, in the order of the file.
    pub variables: Vec<(String, String)>,
    /// The names whose values keep the quotes around them.
    pub quoted: Vec<String>,
}

impl fmt::Debug for EnvFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.variables.iter().map(|(name, _)| name);
        f.debug_set().entries(names).finish()
    }
}

impl EnvFile {
    /// Reads an env file.
    ///
    /// `lookup` gives the host's value of a name that stands alone; in a dotenv file none may.
    pub fn parse(
        text: &str,
        format: EnvFileFormat,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, EnvFileError> {
        let variables = match format {
            EnvFileFormat::Docker => parse_lines(text, lookup)?,
            EnvFileFormat::Dotenv => parse_dotenv(text)?,
        };
        let keeps_quotes = |value: &str| {
            format == EnvFileFormat::Docker
                && ['"', '\''].iter().any(|&quote| {
                    let inner = value.trim_end().strip_prefix(quote);
                    inner.is_some_and(|inner| inner.ends_with(quote))
                })
        };
        let quoted = variables.iter().filter(|(_, value)| keeps_quotes(value));
        Ok(Self {
            quoted: quoted.map(|(name, _)| name.clone()).collect(),
            variables,
        })
    }
}

fn parse_dotenv(text: &str) -> Result<Vec<(String, String)>, EnvFileError> {
    let entries = read_dotenv(text).map_err(|error| EnvFileError {
        line: error.line,
        problem: error.problem.to_owned(),
    })?;
    let variables = entries
        .into_iter()
        .map(|DotenvEntry { line, name, value }| {
            check_name(&name).map_err(|problem| EnvFileError { line, problem })?;
            Ok((name, value))
        });
    variables.collect()
}

/// Reads `NAME=VALUE` or `NAME` a line; blank lines and lines that begin with `#` say nothing.
fn parse_lines(
    text: &str,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<Vec<(String, String)>, EnvFileError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut variables = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let variable = parse_override(line)
            .and_then(|given| given.resolve(&lookup))
            .map_err(|problem| EnvFileError {
                line: index + 1,
                problem,
            })?;
        variables.push(variable);
    }
    Ok(variables)
}

/// Reads `NAME=VALUE` or `NAME`; says what is wrong with anything else.
pub fn parse_override(text: &str) -> Result<Override, String> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (text.trim_end(), None),
    };
    check_name(name)?;
    Ok(Override {
        name: name.to_owned(),
        value,
    })
}

/// Says what is wrong with the name of a variable.
fn check_name(name: &str) -> Result<(), String> {
    let mut letters = name.chars();
    let starts_well = letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    if name.is_empty() {
        return Err("there is no name before the `=`".to_owned());
    }
    if !starts_well || !letters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(format!(
            "`{name}` is not a variable name: letters, digits and `_`, no digit first{}",
            if name.starts_with("export ") {
                "; leave `export` out"
            } else {
                ""
            }
        ));
    }
    Ok(())
}

impl Override {
    /// Fills in the host's value where none is given; says so when the host has none.
    pub fn resolve(
        self,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<(String, String), String> {
        match self.value.or_else(|| lookup(&self.name)) {
            Some(value) => Ok((self.name, value)),
            None => Err(format!(
                "`{0}` has no value: write `{0}=VALUE`, or set {0} where cobuild runs",
                self.name
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<(String, String)>, String> {
        let host = |name: &str| (name == "ON_HOST").then(|| "from host".to_owned());
        EnvFile::parse(text, EnvFileFormat::Docker, host)
            .map(|file| file.variables)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn quotes_are_literal_and_comments_say_nothing() {
        let text = "# comment\n\nA=\"quoted\"\n  B='x=y' \r\nEMPTY=\nON_HOST\n";
        let expected = [
            ("A", "\"quoted\""),
            ("B", "'x=y' "),
            ("EMPTY", ""),
            ("ON_HOST", "from host"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(parse(text).unwrap(), expected);
    }

    #[test]
    fn a_bad_line_is_named_by_number() {
        for (text, start) in [
            ("A=1\nnot a variable\n", "line 2: `not a variable` is not"),
            ("=x", "line 1: there is no name"),
            ("\n\n1A=x", "line 3: `1A` is not a variable name"),
            ("NOWHERE", "line 1: `NOWHERE` has no value"),
            ("export A=1", "line 1: `export A` is not"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(start), "{error}");
        }
    }

    #[test]
    fn values_that_keep_their_quotes_are_named() {
        let text = "A=\"x\"\nB=x\nC='y z' \nD=\"\nE=\"a\" \"b\"\nF=\"a\nG=\"a'\n";
        let read = |format| EnvFile::parse(text, format, |_| None);
        assert_eq!(read(EnvFileFormat::Docker).unwrap().quoted, ["A", "C", "E"]);
    }

    #[test]
    fn a_dotenv_file_loses_its_quotes() {
        let read = |text: &str| {
            EnvFile::parse(text, EnvFileFormat::Dotenv, |_| None).map_err(|error| error.to_string())
        };
        let file = read("export A=\"x\\ny\" # comment\nB='$z'\nA=2\n").unwrap();
        let expected = [("A", "x\ny"), ("B", "$z"), ("A", "2")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(file.variables, expected);
        assert!(file.quoted.is_empty());
        let error = read("A=1\n/b='x'\n").unwrap_err();
        assert!(
            error.starts_with("line 2: `/b` is not a variable name"),
            "{error}"
        );
        assert!(read("A").unwrap_err().starts_with("line 1: `=` is missing"));
    }
}
