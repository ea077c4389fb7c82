//! The problems of a buildspec, as `cobuild check` finds them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The problems of a buildspec that concern the build, and how many there are besides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problems {
    /// The first few, in the order of the text.
    pub problems: Vec<Problem>,
    /// How many more `cobuild check` tells of the same buildspec.
    pub more: usize,
}

/// A problem of a buildspec. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Its kind, such as `bs101`.
    pub code: String,
    /// Whether CodeBuild refuses the buildspec for it.
    pub is_error: bool,
    /// What is wrong.
    pub message: String,
    /// The buildspec: its path in the source, or a word for one that is no file of it.
    pub path: String,
    /// The line.
    pub line: usize,
    /// The column of the first character.
    pub column: usize,
    /// The column after the last character.
    pub end_column: usize,
    /// The text of the line; empty for a very long one.
    pub text: String,
    /// What CodeBuild's log says of it, when it refuses the buildspec.
    pub note: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problems {
    pub(super) fn texts_mut(&mut self) -> Vec<&mut String> {
        let problems = self.problems.iter_mut();
        problems.flat_map(Problem::texts_mut).collect()
    }

    #[cfg(test)]
    pub(super) fn example(text: fn() -> String) -> Self {
        Self {
            problems: vec![Problem {
                code: text(),
                is_error: true,
                message: text(),
                path: text(),
                line: 3,
                column: 5,
                end_column: 9,
                text: text(),
                note: Some(text()),
                help: Some(text()),
            }],
            more: 2,
        }
    }
}

impl Problem {
    fn texts_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let Self {
            code,
            is_error: _,
            message,
            path,
            line: _,
            column: _,
            end_column: _,
            text,
            note,
            help,
        } = self;
        let optional = [note, help].into_iter().flatten();
        [code, message, path, text].into_iter().chain(optional)
    }
}

impl std::fmt::Display for Problem {
    /// Writes it in one line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            path,
            line,
            column,
            message,
            ..
        } = self;
        write!(f, "{path}:{line}:{column}: {message}")
    }
}
