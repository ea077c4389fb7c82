//! Moves the collected files to their place, each one atomically.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::DownloadError;
use super::file_writer::{Attributes, FileWriter};
use super::staging::Staging;

/// Moves everything below `staging` to `place` below `root`, and replaces files of the same name.
/// Moves nothing when a file would replace a directory, or the other way round, or when a symlink
/// on the way points outside `root`.
pub fn publish_tree(staging: Staging, root: &Path, place: &Path) -> Result<(), DownloadError> {
    let staging = beside(staging, root)?;
    let merge = Merge::new(root)?;
    let target = root.join(place);
    merge.walk(staging.path(), &target, &mut |_, _| Ok(()))?;
    merge.make_way(&target)?;
    merge.walk(staging.path(), &target, &mut |from, to| {
        fs::rename(from, to)
    })
}

/// Moves one file to `place` below `root` in the same way. Both are on one file system.
pub fn publish_file(gathered: &Path, root: &Path, place: &Path) -> Result<(), DownloadError> {
    let merge = Merge::new(root)?;
    let target = root.join(place);
    if let Some(parent) = target.parent() {
        merge.make_way(parent)?;
    }
    Merge::file(gathered, &target, &mut |from, to| fs::rename(from, to))
}

/// Copies the collected files to the file system of their place.
fn beside(staging: Staging, root: &Path) -> Result<Staging, DownloadError> {
    let device = |path: &Path| fs::metadata(path).map(|there| there.dev());
    let failed = |source| DownloadError::Write {
        path: root.to_path_buf(),
        source,
    };
    if device(staging.path()).map_err(failed)? == device(root).map_err(failed)? {
        return Ok(staging);
    }
    let copy = staging.another(root)?;
    let mut placing = FileWriter::new(copy.path());
    for entry in WalkDir::new(staging.path()).sort_by_file_name() {
        let entry = entry.map_err(|error| failed(error.into()))?;
        if entry.file_type().is_dir() {
            continue;
        }
        let metadata = entry.metadata().map_err(|error| failed(error.into()))?;
        let attributes = Attributes {
            mode: metadata.permissions().mode(),
            modified: metadata.modified().map_err(failed)?,
        };
        let kept = entry
            .path()
            .strip_prefix(staging.path())
            .unwrap_or(Path::new(""));
        let content = File::open(entry.path()).map_err(failed)?;
        placing.file(0, kept, attributes, metadata.len(), content)?;
    }
    placing.end()?;
    Ok(copy)
}

/// The action for a file or directory without a counterpart.
type Act<'a> = &'a mut dyn FnMut(&Path, &Path) -> io::Result<()>;

/// Merges two trees.
struct Merge {
    /// The directory's own path.
    root: PathBuf,
}

impl Merge {
    fn new(root: &Path) -> Result<Self, DownloadError> {
        let failed = |source| DownloadError::Write {
            path: root.to_path_buf(),
            source,
        };
        let own = fs::canonicalize(root).map_err(failed)?;
        // The build may have put a link there, when it works in the source itself.
        if own != root {
            return Err(failed(obstacle("a symlink has replaced the directory")));
        }
        Ok(Self { root: own })
    }

    /// Makes a directory below the root.
    fn make_way(&self, directory: &Path) -> Result<(), DownloadError> {
        self.check(directory)?;
        fs::create_dir_all(directory).map_err(|source| DownloadError::Write {
            path: directory.to_path_buf(),
            source,
        })
    }

    /// Calls the action for everything below `from` without a counterpart below `to`, and for all
    /// files.
    fn walk(&self, from: &Path, to: &Path, act: Act<'_>) -> Result<(), DownloadError> {
        self.check(to)?;
        let failed = |source| DownloadError::Write {
            path: to.to_path_buf(),
            source,
        };
        for entry in fs::read_dir(from).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let (source, target) = (entry.path(), to.join(entry.file_name()));
            if !entry.file_type().map_err(failed)?.is_dir() {
                Self::file(&source, &target, act)?;
            } else if is_free(&target) {
                act(&source, &target).map_err(failed)?;
            } else {
                self.walk(&source, &target, act)?;
            }
        }
        Ok(())
    }

    fn file(from: &Path, to: &Path, act: Act<'_>) -> Result<(), DownloadError> {
        let acted = if fs::symlink_metadata(to).is_ok_and(|there| there.is_dir()) {
            Err(obstacle("a directory with the same path exists"))
        } else {
            act(from, to)
        };
        acted.map_err(|source| DownloadError::Write {
            path: to.to_path_buf(),
            source,
        })
    }

    /// Makes sure that a path can be, or become, a directory below the root.
    fn check(&self, directory: &Path) -> Result<(), DownloadError> {
        let there = directory
            .ancestors()
            .find(|ancestor| !is_free(ancestor))
            .unwrap_or(directory);
        let checked = match fs::canonicalize(there) {
            Ok(own) if !own.starts_with(&self.root) => Err(obstacle(
                "a symlink at this path points outside the artifact directory",
            )),
            Ok(own) if own.is_dir() => Ok(()),
            Ok(_) => Err(obstacle("a file exists where its directory should be")),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(obstacle("a broken symlink exists at this path"))
            }
            Err(error) => Err(error),
        };
        checked.map_err(|source| DownloadError::Write {
            path: directory.to_path_buf(),
            source,
        })
    }
}

fn is_free(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

fn obstacle(reason: &'static str) -> io::Error {
    io::Error::new(ErrorKind::AlreadyExists, reason)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::ownership::{Key, Owner};

    struct Places {
        _directory: tempfile::TempDir,
        root: PathBuf,
        outside: PathBuf,
    }

    fn places() -> Places {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("root");
        let outside = directory.path().join("outside");
        fs::create_dir(&root).unwrap();
        fs::create_dir(&outside).unwrap();
        Places {
            _directory: directory,
            root,
            outside,
        }
    }

    fn gathered(root: &Path) -> Staging {
        let owner = Owner::this_process(Key::of_one_run());
        let staging = Staging::create(root, &owner).unwrap();
        fs::create_dir_all(staging.path().join("sub/deep")).unwrap();
        fs::write(staging.path().join("sub/deep/file"), "new").unwrap();
        fs::write(staging.path().join("top"), "new").unwrap();
        staging
    }

    #[test]
    fn trees_come_together_and_files_are_replaced() {
        let Places { root, .. } = &places();
        fs::create_dir_all(root.join("there/sub/other")).unwrap();
        fs::write(root.join("there/top"), "old").unwrap();
        publish_tree(gathered(root), root, Path::new("there")).unwrap();
        assert_eq!(fs::read(root.join("there/top")).unwrap(), b"new");
        assert_eq!(fs::read(root.join("there/sub/deep/file")).unwrap(), b"new");
        assert!(root.join("there/sub/other").is_dir());
        assert_eq!(fs::read_dir(root).unwrap().count(), 1);
    }

    #[test]
    fn nothing_is_written_through_a_link_that_leads_out() {
        for (planted, place) in [("sub", ""), ("id", "id"), ("name", "name/below")] {
            let Places { root, outside, .. } = &places();
            symlink(outside, root.join(planted)).unwrap();
            let error = publish_tree(gathered(root), root, Path::new(place)).unwrap_err();
            let reason = std::error::Error::source(&error).unwrap().to_string();
            assert!(reason.contains("points outside"), "{planted}: {reason}");
            assert_eq!(fs::read_dir(outside).unwrap().count(), 0, "{planted}");
            assert!(!root.join("top").exists(), "nothing else is moved");
        }
    }

    #[test]
    fn a_link_that_stays_inside_is_a_directory_and_a_link_to_a_file_is_replaced() {
        let Places { root, outside, .. } = &places();
        fs::create_dir(root.join("real")).unwrap();
        symlink("real", root.join("sub")).unwrap();
        fs::write(outside.join("mine"), "mine").unwrap();
        symlink(outside.join("mine"), root.join("top")).unwrap();
        publish_tree(gathered(root), root, Path::new("")).unwrap();
        assert_eq!(fs::read(root.join("real/deep/file")).unwrap(), b"new");
        assert_eq!(fs::read(root.join("top")).unwrap(), b"new");
        assert_eq!(fs::read(outside.join("mine")).unwrap(), b"mine");
    }

    #[test]
    fn neither_takes_a_file_the_place_of_a_directory_nor_the_other_way_round() {
        for (obstacle, is_directory) in [("top", true), ("sub", false), ("sub/deep", false)] {
            let Places { root, .. } = &places();
            if is_directory {
                fs::create_dir(root.join(obstacle)).unwrap();
            } else {
                fs::create_dir_all(root.join(obstacle).parent().unwrap()).unwrap();
                fs::write(root.join(obstacle), "mine").unwrap();
            }
            publish_tree(gathered(root), root, Path::new("")).unwrap_err();
            assert!(!root.join("sub/deep/file").exists(), "{obstacle}");
            assert_eq!(root.join("top").is_dir(), is_directory, "{obstacle}");
        }
    }
}
