//! Why a layer cannot be used.

use std::fmt;

/// A place in a file of settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLocation {
    /// The file, as people know it.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for FileLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path, self.line)
    }
}

/// Why a layer cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayerError {
    /// A file is no text.
    #[error("{0}: it is not UTF-8")]
    NotText(FileLocation),
    /// The directory of a file has a name that is no text, and no path in the file could be written.
    #[error("{0}: the name of its directory is not UTF-8")]
    OddDirectory(String),
    /// A file is no TOML; a key that is there twice is none either.
    #[error("{place}:{column}: {problem}")]
    Syntax {
        /// Where.
        place: FileLocation,
        /// The column, from 1.
        column: usize,
        /// What is wrong.
        problem: String,
    },
    /// No flag has this name.
    #[error("{place}: there is no setting `{name}`{}", meant(alike.as_ref()))]
    UnknownKey {
        /// Where.
        place: FileLocation,
        /// As written.
        name: String,
        /// What may be meant.
        alike: Option<String>,
    },
    /// A flag cannot stand in a file.
    #[error("{place}: `{name}` is a flag of the command line alone")]
    CommandLineAlone {
        /// Where.
        place: FileLocation,
        /// The flag.
        name: String,
    },
    /// A value has the wrong form, or one that the flag refuses.
    #[error("{place}: `{name}`: {problem}")]
    Value {
        /// Where.
        place: FileLocation,
        /// The key.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A variable has a value that the flag refuses.
    #[error("{name}: {problem}")]
    Variable {
        /// The variable.
        name: String,
        /// What is wrong with its value.
        problem: String,
    },
    /// Two flags of one layer exclude each other.
    #[error("{first} and {second} exclude each other")]
    Excluded {
        /// One of them, with its place.
        first: String,
        /// The other.
        second: String,
    },
    /// There is more in a file than is read.
    #[error("{path}: there are more than {most} values")]
    TooMany {
        /// The file.
        path: String,
        /// How many there may be.
        most: usize,
    },
}

fn meant(alike: Option<&String>) -> String {
    alike.map_or_else(String::new, |alike| format!("; did you mean `{alike}`?"))
}

impl LayerError {
    /// Where a file begins to be wrong, to find the first of several errors.
    pub(super) fn line(&self) -> usize {
        match self {
            Self::NotText(place)
            | Self::Syntax { place, .. }
            | Self::UnknownKey { place, .. }
            | Self::CommandLineAlone { place, .. }
            | Self::Value { place, .. } => place.line,
            Self::Variable { .. }
            | Self::Excluded { .. }
            | Self::OddDirectory(_)
            | Self::TooMany { .. } => 0,
        }
    }
}
