//! Where a value was written.

use std::fmt;
use std::sync::Arc;

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag of the command line, by its long name.
    Flag(String),
    /// A variable of this machine.
    Variable(String),
    /// A file of settings.
    File {
        /// Its path, as people know it.
        path: Arc<str>,
        /// The line, from 1.
        line: usize,
        /// The profile in which it stands; `None` for the file's own top level.
        profile: Option<Arc<str>>,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag --{name}"),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::File {
                path,
                line,
                profile: None,
            } => write!(f, "{path}:{line}"),
            Self::File {
                path,
                line,
                profile: Some(profile),
            } => write!(f, "profile {profile} in {path}:{line}"),
        }
    }
}
