//! Finds the buildspec on the host.

use std::io::{self, Read};
use std::path::Path;

use crate::buildspec::MAX_BYTES;
use crate::plan::BuildspecFile;

/// The file of a source that names no other (contract §1.1).
const DEFAULT: &str = "buildspec.yml";

/// Reads the buildspec that `named` names: a path relative to `source`, an absolute path of the
/// host, or `-` for standard input. A file that cannot be read is no error here: it fails the build.
pub fn read_buildspec(source: &Path, named: Option<&Path>) -> io::Result<BuildspecFile> {
    let Some(named) = named.filter(|named| !named.as_os_str().is_empty()) else {
        return Ok(match read_file(&source.join(DEFAULT)) {
            Ok(text) => in_source(DEFAULT, text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                BuildspecFile::DefaultMissing {
                    looked_for: source.join(DEFAULT),
                }
            }
            Err(error) => unreadable(source, DEFAULT, &error),
        });
    };
    if named == Path::new("-") {
        let text = read_bounded(io::stdin().lock())?;
        return Ok(BuildspecFile::Inline { text });
    }
    let path = named.to_string_lossy();
    Ok(match read_file(&source.join(named)) {
        Err(error) => unreadable(source, &path, &error),
        Ok(text) if named.is_relative() => in_source(path.trim_start_matches("./"), text),
        Ok(text) => match path_in_source(source, named) {
            Some(path) => in_source(&path, text),
            None => BuildspecFile::Inline { text },
        },
    })
}

/// Reads all of a buildspec, but of one that is too large no more than shows that it is.
pub fn read_bounded(buildspec: impl Read) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let most = MAX_BYTES as u64 + 1;
    buildspec.take(most).read_to_end(&mut text)?;
    Ok(text)
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    read_bounded(std::fs::File::open(path)?)
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
fn unreadable(source: &Path, path: &str, error: &io::Error) -> BuildspecFile {
    let reason = match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::IsADirectory => "is a directory".to_owned(),
        io::ErrorKind::NotADirectory => "not a directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    };
    BuildspecFile::Unreadable {
        path: path.to_owned(),
        reason,
        looked_for: source.join(path),
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
        let read = |named: Option<&Path>| read_buildspec(source.path(), named).unwrap();

        let missing = BuildspecFile::DefaultMissing {
            looked_for: source.path().join("buildspec.yml"),
        };
        assert_eq!(read(None), missing);
        assert_eq!(read(Some(Path::new(""))), missing);
        assert_eq!(
            read(Some(Path::new("./ci/x.yml"))),
            in_source("ci/x.yml", b"x".into())
        );
        assert_eq!(
            read(Some(&source.path().join("ci/x.yml"))),
            in_source("ci/x.yml", b"x".into())
        );
        assert_eq!(
            read(Some(&elsewhere.path().join("y.yml"))),
            BuildspecFile::Inline { text: b"y".into() }
        );
        assert_eq!(
            read(Some(Path::new("ci"))),
            BuildspecFile::Unreadable {
                path: "ci".into(),
                reason: "is a directory".into(),
                looked_for: source.path().join("ci"),
            }
        );
    }
}
