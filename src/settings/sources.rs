//! The source directories of a command line.

use std::io;
use std::path::{Path, PathBuf};

/// The source trees of a build, by their full paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// The primary source.
    pub primary: PathBuf,
    /// Identifier and tree of each secondary source.
    pub secondary: Vec<(String, PathBuf)>,
}

/// Why source directories cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Two directories are given without an identifier.
    #[error("there can be one primary source only, and `{0}` is another")]
    SecondPrimary(String),
    /// Two directories have the same identifier.
    #[error("there are two secondary sources `{0}`")]
    SameIdentifier(String),
    /// A directory is something else.
    #[error("the source `{}` is not a directory", .0.display())]
    NotADirectory(PathBuf),
    /// A directory cannot be found.
    #[error("cannot use the source `{}`", path.display())]
    Unusable {
        /// As given.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Sources {
    /// Finds the directories given as `[ID:]DIR`; without a primary one it is the current directory.
    pub fn find(given: &[String]) -> Result<Self, SourceError> {
        let mut primary = None;
        let mut secondary: Vec<(String, PathBuf)> = Vec::new();
        for text in given {
            let (identifier, directory) = split(text);
            let directory = existing_directory(Path::new(directory))?;
            match identifier {
                None if primary.is_some() => return Err(SourceError::SecondPrimary(text.clone())),
                None => primary = Some(directory),
                Some(identifier) if secondary.iter().any(|(known, _)| known == identifier) => {
                    return Err(SourceError::SameIdentifier(identifier.to_owned()));
                }
                Some(identifier) => secondary.push((identifier.to_owned(), directory)),
            }
        }
        Ok(Self {
            primary: match primary {
                Some(primary) => primary,
                None => existing_directory(Path::new("."))?,
            },
            secondary,
        })
    }
}

/// Splits off an identifier: letters, digits and `_`, fewer than 128 of them (contract §8.1). A path
/// that would be read as one is given as `./a:b`.
fn split(text: &str) -> (Option<&str>, &str) {
    match text.split_once(':') {
        Some((identifier, directory))
            if (1..128).contains(&identifier.len())
                && identifier
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') =>
        {
            (Some(identifier), directory)
        }
        _ => (None, text),
    }
}

fn existing_directory(directory: &Path) -> Result<PathBuf, SourceError> {
    let found = directory
        .canonicalize()
        .map_err(|source| SourceError::Unusable {
            path: directory.to_path_buf(),
            source,
        })?;
    if found.is_dir() {
        Ok(found)
    } else {
        Err(SourceError::NotADirectory(directory.to_path_buf()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_told_from_a_path() {
        for (text, identifier, directory) in [
            ("lib:../lib", Some("lib"), "../lib"),
            ("./lib:x", None, "./lib:x"),
            ("/a/b:c", None, "/a/b:c"),
            (":x", None, ":x"),
            ("plain", None, "plain"),
        ] {
            assert_eq!(split(text), (identifier, directory));
        }
    }
}
