//! Artifacts: matches a build's files and brings them out (contract §1.8).

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::resolve;
pub use super::unpack::CollectError;
use super::unpack::{Placement, Receiver, Reference, unpack};
use crate::engine::ByteStream;
use crate::plan::artifacts::FileSet;

/// Streams a path of the container as a tar; a stream that ends early is an error of the collecting.
pub type Download<'a> = dyn Fn(&str) -> ByteStream + 'a;

/// A path that is searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Its name, as patterns see it.
    pub path: String,
    /// Where it is: the same, or where it leads when it is a link to a directory.
    pub location: String,
}

/// What one base directory of an artifact came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matches {
    /// How many files each pattern matches.
    pub by_pattern: Vec<usize>,
    /// Where each file is kept, in order; a file that clashes with another is there once.
    pub files: Vec<PathBuf>,
    /// Paths that several files would have had.
    pub clashes: Vec<PathBuf>,
    /// Links that lead to no file.
    pub dangling: Vec<PathBuf>,
}

/// Matches `set` below `roots` and writes its files below `staging`; without a directory they are
/// matched only.
///
/// Links are followed. Of several files with the same place the last in the order of paths is kept.
/// The future must not be dropped: end its streams instead.
pub async fn collect(
    download: &Download<'_>,
    set: &FileSet,
    roots: &[Root],
    discard_paths: bool,
    staging: Option<&Path>,
) -> Result<Matches, CollectError> {
    let mut state = Sorting {
        by_pattern: vec![0; set.pattern_count()],
        set: set.clone(),
        discard_paths,
        staging: staging.map(Path::to_path_buf),
        kept: BTreeSet::new(),
        clashes: Vec::new(),
        references: Vec::new(),
    };
    for Root { path, location } in roots {
        state = unpack(download(location), path, state).await?;
    }
    let mut dangling = Vec::new();
    for reference in std::mem::take(&mut state.references) {
        let Some(target) = resolve::target(download, &reference).await? else {
            dangling.push(set.kept_path(&reference.path, discard_paths));
            continue;
        };
        if let Some(placement) = state.place(&reference.path) {
            resolve::fetch(download, &target, placement).await?;
        }
    }
    Ok(Matches {
        by_pattern: state.by_pattern,
        files: state.kept.into_iter().collect(),
        clashes: state.clashes,
        dangling,
    })
}

/// Moves everything below `staging` into `destination`, replacing files of the same name. Nothing is
/// moved when a file would have to take the place of a directory, or the other way round.
pub fn publish(staging: &Path, destination: &Path) -> Result<(), CollectError> {
    for file in staged(staging)? {
        let place = destination.join(&file);
        if let Some(obstacle) = obstacle(&place, destination) {
            return Err(CollectError::Write {
                path: place,
                source: io::Error::new(io::ErrorKind::AlreadyExists, obstacle),
            });
        }
    }
    for file in staged(staging)? {
        let place = destination.join(&file);
        move_file(&staging.join(file), &place).map_err(|source| CollectError::Write {
            path: place,
            source,
        })?;
    }
    Ok(())
}

/// The files below a directory, by their paths relative to it.
fn staged(staging: &Path) -> Result<Vec<PathBuf>, CollectError> {
    WalkDir::new(staging)
        .into_iter()
        .filter(|entry| {
            entry
                .as_ref()
                .map_or(true, |entry| !entry.file_type().is_dir())
        })
        .map(|entry| {
            let path = entry.map_err(io::Error::from)?.into_path();
            let below = path.strip_prefix(staging).map_err(io::Error::other)?;
            Ok(below.to_path_buf())
        })
        .collect::<io::Result<_>>()
        .map_err(|source| CollectError::Write {
            path: staging.to_path_buf(),
            source,
        })
}

/// What stands in the way of a file, if anything but an older file does.
fn obstacle(place: &Path, destination: &Path) -> Option<&'static str> {
    if fs::symlink_metadata(place).is_ok_and(|there| there.is_dir()) {
        return Some("there is a directory in its place");
    }
    place
        .ancestors()
        .skip(1)
        .take_while(|parent| *parent != destination)
        .any(|parent| parent.exists() && !parent.is_dir())
        .then_some("there is a file in the place of its directory")
}

/// Moves a file, by way of a copy beside its place where the two are on different file systems.
fn move_file(from: &Path, to: &Path) -> io::Result<()> {
    let directory = to.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            let copy = tempfile::Builder::new()
                .prefix(".cobuild-")
                .tempfile_in(directory)?
                .into_temp_path();
            fs::copy(from, &copy)?;
            fs::File::open(&copy)?.set_modified(fs::metadata(from)?.modified()?)?;
            copy.persist(to).map_err(|error| error.error)
        }
        renamed => renamed,
    }
}

/// Sorts the files of a stream into those that match and those that do not.
struct Sorting {
    set: FileSet,
    discard_paths: bool,
    staging: Option<PathBuf>,
    by_pattern: Vec<usize>,
    kept: BTreeSet<PathBuf>,
    clashes: Vec<PathBuf>,
    references: Vec<Reference>,
}

impl Receiver for Sorting {
    fn place(&mut self, path: &Path) -> Option<Placement> {
        let patterns = self.set.matching_patterns(path);
        if patterns.is_empty() {
            return None;
        }
        for pattern in patterns {
            self.by_pattern[pattern] += 1;
        }
        let kept = self.set.kept_path(path, self.discard_paths);
        let placement = match &self.staging {
            Some(staging) => Placement::File(staging.join(&kept)),
            None => Placement::Nowhere,
        };
        if !self.kept.insert(kept.clone()) {
            self.clashes.push(kept);
        }
        Some(placement)
    }

    fn refer(&mut self, reference: Reference) {
        if !self.set.matching_patterns(&reference.path).is_empty() {
            self.references.push(reference);
        }
    }
}
