//! Variables given on the command line and in files.

use std::fmt;

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

/// Reads an env file: `NAME=VALUE` or `NAME` a line; blank lines and lines that begin with `#` say
/// nothing; quotes are part of the value (contract §6.1).
///
/// `lookup` gives the host's value of a name that stands alone.
pub fn parse_env_file(
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
    Ok(Override {
        name: name.to_owned(),
        value,
    })
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
        parse_env_file(text, host).map_err(|error| error.to_string())
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
}
