//! Finds the buildspec on the host.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use crate::buildspec::{MAX_BYTES, is_mapping};
use crate::host::file::{self, FileError};
use crate::plan::BuildspecFile;

/// The file of a source that names no other (contract §1.1).
const DEFAULT: &str = "buildspec.yml";

/// Where the caller's open files are: nobody else can put anything there.
const DESCRIPTORS: &[&str] = &["/dev/fd", "/dev/stdin", "/proc/self/fd"];

/// A buildspec as a command line names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildspecName {
    /// Not at all.
    Default,
    /// By a path, relative to the source or absolute.
    Path(PathBuf),
    /// Its text itself, on the command line or on standard input.
    Text(Vec<u8>),
}

/// A source tree from which a buildspec is read.
#[derive(Debug, Clone, Copy)]
pub struct SourceTree<'a> {
    pub directory: &'a Path,
    /// What the tree was made from, in words; `None` for a directory of the user's. No link leads out
    /// of a tree that was made.
    pub made_from: Option<&'a str>,
}

impl BuildspecName {
    /// Tells a text from a path: one that has a newline or is a YAML mapping (contract §1.1). `-` is
    /// standard input, which is read.
    pub fn read(given: Option<&OsStr>) -> io::Result<Self> {
        let Some(given) = given.filter(|given| !given.is_empty()) else {
            return Ok(Self::Default);
        };
        if given == "-" {
            return read_bounded(io::stdin().lock()).map(Self::Text);
        }
        // What the caller's shell hands over is read at once, as it may be a pipe.
        if DESCRIPTORS
            .iter()
            .any(|it| Path::new(given).starts_with(it))
        {
            return read_bounded(std::fs::File::open(given)?).map(Self::Text);
        }
        Ok(match given.to_str() {
            Some(text) if text.contains('\n') || is_mapping(text) => Self::Text(text.into()),
            Some(_) | None => Self::Path(given.into()),
        })
    }

    /// Its path in the source, when it is there.
    pub fn in_source(&self) -> Option<&Path> {
        match self {
            Self::Default => Some(Path::new(DEFAULT)),
            Self::Path(path) => Some(path.as_path()).filter(|path| path.is_relative()),
            Self::Text(_) => None,
        }
    }

    /// Reads it without any source: a path is one of the host. `None` when nothing is named.
    pub fn read_of_host(&self) -> io::Result<Option<BuildspecFile>> {
        let text = match self {
            Self::Default => return Ok(None),
            Self::Path(path) => read_bounded(file::open(path)?)?,
            Self::Text(text) => text.clone(),
        };
        Ok(Some(BuildspecFile::Inline { text }))
    }
}

/// Reads a buildspec. A file that cannot be read is no error here: it fails the build.
pub fn read_buildspec(source: SourceTree<'_>, name: &BuildspecName) -> BuildspecFile {
    let named = match name {
        BuildspecName::Text(text) => return BuildspecFile::Inline { text: text.clone() },
        BuildspecName::Default => {
            return match source.read(Path::new(DEFAULT)) {
                Ok(text) => in_source(DEFAULT, text),
                Err(error) if error.is_not_found() => BuildspecFile::DefaultMissing {
                    looked_for: source.shown(DEFAULT),
                    beside: source.other_buildspec(),
                },
                Err(error) => unreadable(source, DEFAULT, &error),
            };
        }
        BuildspecName::Path(named) => named,
    };
    let path = named.to_string_lossy();
    match source.read(named) {
        Err(error) => unreadable(source, &path, &error),
        Ok(text) if named.is_relative() => in_source(path.trim_start_matches("./"), text),
        Ok(text) => match path_in_source(source.directory, named) {
            Some(path) => in_source(&path, text),
            None => BuildspecFile::Inline { text },
        },
    }
}

impl SourceTree<'_> {
    /// Reads a file that is named in the tree, or by the user elsewhere. No link of the tree leads out of it.
    fn read(&self, named: &Path) -> Result<Vec<u8>, FileError> {
        let opened = if self.holds(named) {
            file::open_within(self.directory, named)
        } else if self.made_from.is_some() && named.is_relative() {
            return Err(missing());
        } else {
            file::open(&self.directory.join(named))
        };
        match opened {
            // Where the tree is all there is, a link that leads out of it leads nowhere.
            Err(FileError::LeadsOut(_)) if self.made_from.is_some() => Err(missing()),
            opened => Ok(read_bounded(opened?)?),
        }
    }

    /// The file at the tree's root that is called most like the usual buildspec.
    fn other_buildspec(&self) -> Option<String> {
        let entries = std::fs::read_dir(self.directory).ok()?;
        let names = entries.filter_map(|entry| {
            let entry = entry.ok()?;
            let is_file = entry.file_type().is_ok_and(|it| it.is_file());
            entry.file_name().into_string().ok().filter(|_| is_file)
        });
        names
            .filter(|name| {
                let ending = Path::new(name).extension();
                let is_yaml = ending.is_some_and(|it| it == "yml" || it == "yaml");
                let plain = name.to_ascii_lowercase();
                plain.trim_start_matches('.').starts_with("buildspec") && is_yaml
            })
            .min_by_key(|name| (name.len(), name.clone()))
    }

    /// Whether a path lies in the tree, by its words.
    fn holds(&self, named: &Path) -> bool {
        if named.is_relative() {
            let mut depth = 0_usize;
            return named.components().all(|part| match part {
                Component::Normal(_) => {
                    depth += 1;
                    true
                }
                Component::ParentDir if depth == 0 => false,
                Component::ParentDir => {
                    depth -= 1;
                    true
                }
                Component::CurDir => true,
                Component::RootDir | Component::Prefix(_) => false,
            });
        }
        named.starts_with(self.directory)
            || self
                .directory
                .canonicalize()
                .is_ok_and(|full| named.starts_with(full))
    }

    /// A path in the tree, for people: as git writes it where the tree is not theirs.
    fn shown(&self, path: &str) -> String {
        match self.made_from {
            Some(made_from) if !path.starts_with('/') => format!("{made_from}:{path}"),
            Some(_) | None => self.directory.join(path).display().to_string(),
        }
    }
}

/// Reads all of a buildspec, but of one that is too large no more than shows that it is.
pub fn read_bounded(buildspec: impl Read) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let most = MAX_BYTES as u64 + 1;
    buildspec.take(most).read_to_end(&mut text)?;
    Ok(text)
}

fn missing() -> FileError {
    io::Error::from(io::ErrorKind::NotFound).into()
}

/// The path of `file` below `source`, when it lies there.
fn path_in_source(source: &Path, file: &Path) -> Option<String> {
    let file = file.canonicalize().ok()?;
    let below = file.strip_prefix(source.canonicalize().ok()?).ok()?;
    Some(below.to_string_lossy().into_owned())
}

fn in_source(path: &str, text: Vec<u8>) -> BuildspecFile {
    BuildspecFile::InSource {
        path: path.to_owned(),
        text,
    }
}

/// The reasons are worded as the agent's: those of the C library, in lower case.
fn unreadable(source: SourceTree<'_>, path: &str, error: &FileError) -> BuildspecFile {
    let reason = match error {
        FileError::NotRegular("a directory") => "is a directory".to_owned(),
        FileError::Io(error) => match error.kind() {
            io::ErrorKind::NotFound => "no such file or directory".to_owned(),
            io::ErrorKind::IsADirectory => "is a directory".to_owned(),
            io::ErrorKind::NotADirectory => "not a directory".to_owned(),
            io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            _ => error.to_string(),
        },
        error => error.to_string(),
    };
    BuildspecFile::Unreadable {
        path: path.to_owned(),
        reason,
        looked_for: source.shown(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buildspec_is_found_where_it_is_named() {
        let source = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        std::fs::create_dir(source.path().join("ci")).unwrap();
        std::fs::write(source.path().join("ci/x.yml"), "x").unwrap();
        std::fs::write(elsewhere.path().join("y.yml"), "y").unwrap();
        let read = |named: &str| {
            let name = BuildspecName::read(Some(OsStr::new(named))).unwrap();
            let tree = SourceTree {
                directory: source.path(),
                made_from: None,
            };
            read_buildspec(tree, &name)
        };

        let shown = |path: &str| source.path().join(path).display().to_string();
        let missing = BuildspecFile::DefaultMissing {
            looked_for: shown("buildspec.yml"),
            beside: None,
        };
        assert_eq!(read(""), missing);
        assert_eq!(read("./ci/x.yml"), in_source("ci/x.yml", b"x".into()));
        assert_eq!(read(&shown("ci/x.yml")), in_source("ci/x.yml", b"x".into()));
        let inline = |text: &[u8]| BuildspecFile::Inline { text: text.into() };
        assert_eq!(
            read(elsewhere.path().join("y.yml").to_str().unwrap()),
            inline(b"y")
        );
        for text in ["version: 0.2", "{version: 0.2}", "a\nb"] {
            assert_eq!(read(text), inline(text.as_bytes()));
        }
        assert_eq!(
            read("ci"),
            BuildspecFile::Unreadable {
                path: "ci".into(),
                reason: "is a directory".into(),
                looked_for: shown("ci"),
            }
        );
    }

    #[test]
    fn no_link_leads_out_of_a_directory_and_what_the_user_names_may_be_elsewhere() {
        let place = tempfile::tempdir().unwrap();
        let source = place.path().join("source");
        std::fs::create_dir(&source).unwrap();
        std::fs::write(place.path().join("secret"), "secret").unwrap();
        for name in ["buildspec.yml", "link"] {
            std::os::unix::fs::symlink("../secret", source.join(name)).unwrap();
        }
        std::os::unix::fs::symlink("..", source.join("up")).unwrap();
        let tree = SourceTree {
            directory: &source,
            made_from: None,
        };
        let full = source.join("link");
        for name in [
            BuildspecName::Default,
            BuildspecName::Path("link".into()),
            BuildspecName::Path("up/secret".into()),
            BuildspecName::Path(full),
        ] {
            let BuildspecFile::Unreadable { reason, .. } = read_buildspec(tree, &name) else {
                panic!("{name:?}")
            };
            assert!(reason.starts_with("it points outside "), "{reason}");
        }
        for path in [PathBuf::from("../secret"), place.path().join("secret")] {
            let name = BuildspecName::Path(path);
            let (BuildspecFile::InSource { text, .. } | BuildspecFile::Inline { text }) =
                read_buildspec(tree, &name)
            else {
                panic!("{name:?}")
            };
            assert_eq!(text, b"secret");
        }
    }

    #[test]
    fn no_link_leads_out_of_a_tree_that_was_made() {
        let tree = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        std::fs::write(elsewhere.path().join("secret"), "version: 0.2").unwrap();
        let link = |name: &str, target: &Path| {
            std::os::unix::fs::symlink(target, tree.path().join(name)).unwrap();
        };
        link("buildspec.yml", &elsewhere.path().join("secret"));
        link("inside.yml", Path::new("real.yml"));
        std::fs::write(tree.path().join("real.yml"), "x").unwrap();
        let read = |name: &BuildspecName| {
            let tree = SourceTree {
                directory: tree.path(),
                made_from: Some("v1"),
            };
            read_buildspec(tree, name)
        };
        assert_eq!(
            read(&BuildspecName::Default),
            BuildspecFile::DefaultMissing {
                looked_for: "v1:buildspec.yml".into(),
                beside: None,
            }
        );
        assert_eq!(
            read(&BuildspecName::Path("inside.yml".into())),
            in_source("inside.yml", b"x".into())
        );
    }
}
