//! The sources of a command line.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::host::file::{self, FileError};
use crate::plan::source_name;
use crate::project::Identity;

/// Deeper clones are full ones (contract §3.3).
const DEEPEST: u32 = 25;

/// The first bytes of a zip file.
const ZIP: &[u8] = b"PK";

/// What a command line says of its sources.
#[derive(Debug, Clone, Copy, Default)]
pub struct SourceRequest<'a> {
    /// `[ID:]DIR` or `[ID:]FILE.zip`.
    pub sources: &'a [String],
    /// `[ID:]REF`.
    pub versions: &'a [String],
    pub depth: Option<u32>,
    pub nothing: bool,
    /// Directories of git outside of the sources that these may use.
    pub git_directories: &'a [PathBuf],
}

/// The sources of a build, by their full paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    pub primary: SourceInput,
    /// Identifier and secondary source.
    pub secondary: Vec<(String, SourceInput)>,
    /// Directories of git outside of the sources that these may use.
    pub git_directories: Vec<PathBuf>,
}

/// A source that is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceInput {
    Directory(PathBuf),
    Revision {
        directory: PathBuf,
        /// Commit, branch, tag or `pr/N`.
        version: String,
        /// How many commits the checkout has; `None` for all of them.
        depth: Option<u32>,
    },
    Zip(PathBuf),
    /// Nothing; the build has the name of this directory.
    Nothing(PathBuf),
}

/// Why sources cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("there can be one primary source only, and `{0}` is another")]
    SecondPrimary(String),
    #[error("there are two secondary sources `{0}`")]
    SameIdentifier(String),
    #[error("cannot use the git directory `{}`", path.display())]
    GitDirectory {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the source `{}` is not a directory, nor a zip file", .0.display())]
    NotADirectory(PathBuf),
    #[error("cannot use the source `{}`", path.display())]
    Unusable {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("`{0}` is a primary source, and --no-source says that there is none")]
    PrimaryOfNothing(String),
    #[error("there are two versions of one source, and `{0}` is the second")]
    SecondVersion(String),
    #[error("`{0}` is the version of a source that is not given")]
    VersionOfNothing(String),
    #[error("`{version}` is a version of the zip file `{}`, which has none", path.display())]
    VersionOfZip { version: String, path: PathBuf },
}

impl Sources {
    /// Finds the sources that are asked for; without a primary one it is the current directory.
    pub fn find(asked: &SourceRequest<'_>) -> Result<Self, SourceError> {
        let mut primary = None;
        let mut secondary: Vec<(String, SourceInput)> = Vec::new();
        for text in asked.sources {
            let (identifier, path) = split(text);
            let source = existing(Path::new(path))?;
            match identifier {
                None if asked.nothing => return Err(SourceError::PrimaryOfNothing(text.clone())),
                None if primary.is_some() => return Err(SourceError::SecondPrimary(text.clone())),
                None => primary = Some(source),
                Some(identifier) if secondary.iter().any(|(known, _)| known == identifier) => {
                    return Err(SourceError::SameIdentifier(identifier.to_owned()));
                }
                Some(identifier) => secondary.push((identifier.to_owned(), source)),
            }
        }
        let mut sources = Self {
            primary: match (primary, existing(Path::new("."))) {
                (Some(primary), _) => primary,
                (None, Ok(SourceInput::Directory(here))) if asked.nothing => {
                    SourceInput::Nothing(here)
                }
                (None, here) => here?,
            },
            secondary,
            git_directories: asked
                .git_directories
                .iter()
                .map(|path| full_directory(path))
                .collect::<Result<_, _>>()?,
        };
        let depth = asked.depth.filter(|depth| (1..=DEEPEST).contains(depth));
        for text in asked.versions {
            sources.set_version(text, depth)?;
        }
        Ok(sources)
    }

    fn set_version(&mut self, text: &str, depth: Option<u32>) -> Result<(), SourceError> {
        let (identifier, version) = split(text);
        let source = match identifier {
            None => Some(&mut self.primary),
            Some(identifier) => self
                .secondary
                .iter_mut()
                .find(|(known, _)| known == identifier)
                .map(|(_, source)| source),
        };
        let Some(source) = source else {
            return Err(SourceError::VersionOfNothing(text.to_owned()));
        };
        *source = match source {
            SourceInput::Directory(directory) => SourceInput::Revision {
                directory: std::mem::take(directory),
                version: version.to_owned(),
                depth,
            },
            SourceInput::Revision { .. } => {
                return Err(SourceError::SecondVersion(text.to_owned()));
            }
            SourceInput::Nothing(_) => return Err(SourceError::VersionOfNothing(text.to_owned())),
            SourceInput::Zip(path) => {
                return Err(SourceError::VersionOfZip {
                    version: version.to_owned(),
                    path: path.clone(),
                });
            }
        };
        Ok(())
    }

    /// All of them, the primary first.
    pub fn all(&self) -> impl Iterator<Item = &SourceInput> {
        std::iter::once(&self.primary).chain(self.secondary.iter().map(|(_, source)| source))
    }
}

impl SourceInput {
    /// The directory or file that is named.
    pub fn path(&self) -> &Path {
        match self {
            Self::Directory(path) | Self::Zip(path) | Self::Nothing(path) => path,
            Self::Revision { directory, .. } => directory,
        }
    }

    /// The name that a build has of it: that of the directory, or of the file without its ending.
    pub fn name(&self) -> String {
        let ending = match self {
            Self::Zip(_) => ".zip",
            Self::Revision { .. } => ".git",
            Self::Directory(_) | Self::Nothing(_) => "",
        };
        source_name(self.path(), ending)
    }

    /// What tells its project from every other.
    pub fn identity(&self) -> Identity {
        Identity::new(&self.name(), self.path())
    }

    /// Whether a tree has to be made for it.
    pub fn needs_tree(&self) -> bool {
        match self {
            Self::Revision { .. } | Self::Zip(_) => true,
            Self::Directory(_) | Self::Nothing(_) => false,
        }
    }
}

/// Splits off an identifier: letters, digits and `_`, fewer than 128 of them (contract §8.1). A path
/// that would be read as one is given as `./a:b`.
fn split(text: &str) -> (Option<&str>, &str) {
    match text.split_once(':') {
        Some((identifier, rest))
            if (1..128).contains(&identifier.len())
                && identifier
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') =>
        {
            (Some(identifier), rest)
        }
        _ => (None, text),
    }
}

fn full_directory(path: &Path) -> Result<PathBuf, SourceError> {
    let found = path.canonicalize().and_then(|found| {
        let is_directory = found.is_dir();
        is_directory
            .then_some(found)
            .ok_or_else(|| io::ErrorKind::NotADirectory.into())
    });
    found.map_err(|source| SourceError::GitDirectory {
        path: path.to_path_buf(),
        source,
    })
}

/// The path of a source as a command line gives it, without its identifier.
pub fn source_path(given: &str) -> &str {
    split(given).1
}

fn existing(path: &Path) -> Result<SourceInput, SourceError> {
    let unusable = |source| SourceError::Unusable {
        path: path.to_path_buf(),
        source,
    };
    let found = path.canonicalize().map_err(unusable)?;
    if found.is_dir() {
        return Ok(SourceInput::Directory(found));
    }
    let mut beginning = Vec::new();
    match file::open(&found) {
        Ok(file) => {
            let read = file.take(ZIP.len() as u64).read_to_end(&mut beginning);
            read.map_err(unusable)?;
        }
        Err(FileError::Io(error)) => return Err(unusable(error)),
        // It is none of both.
        Err(_) => {}
    }
    if beginning == ZIP {
        Ok(SourceInput::Zip(found))
    } else {
        Err(SourceError::NotADirectory(path.to_path_buf()))
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

    fn find(
        sources: &[&str],
        versions: &[&str],
        asked: SourceRequest<'_>,
    ) -> Result<Sources, SourceError> {
        let owned = |texts: &[&str]| texts.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        Sources::find(&SourceRequest {
            sources: &owned(sources),
            versions: &owned(versions),
            ..asked
        })
    }

    #[test]
    fn a_version_is_that_of_the_source_it_names() {
        let sources = find(
            &[".", "lib:/"],
            &["lib:v1", "main"],
            SourceRequest::default(),
        )
        .unwrap();
        let versions: Vec<&str> = sources
            .all()
            .map(|source| match source {
                SourceInput::Revision { version, .. } => version.as_str(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(versions, ["main", "v1"]);
        for versions in [&["lib:v1"][..], &["a", "b"]] {
            assert!(find(&["."], versions, SourceRequest::default()).is_err());
        }
    }

    #[test]
    fn a_clone_is_shallow_up_to_25_commits() {
        for (asked, meant) in [
            (None, None),
            (Some(0), None),
            (Some(1), Some(1)),
            (Some(25), Some(25)),
            (Some(26), None),
        ] {
            let asked = SourceRequest {
                depth: asked,
                ..SourceRequest::default()
            };
            match find(&["."], &["main"], asked).unwrap().primary {
                SourceInput::Revision { depth, .. } => assert_eq!(depth, meant),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn no_source_is_the_opposite_of_a_primary_one() {
        let nothing = SourceRequest {
            nothing: true,
            ..SourceRequest::default()
        };
        assert!(matches!(
            find(&["lib:/"], &[], nothing).unwrap().primary,
            SourceInput::Nothing(_)
        ));
        assert!(find(&["."], &[], nothing).is_err());
        assert!(find(&[], &["main"], nothing).is_err());
    }
}
