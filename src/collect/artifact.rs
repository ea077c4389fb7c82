//! Artifacts: matches a build's files and brings them out (contract §1.8).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::resolve;
pub use super::unpack::CollectError;
use super::unpack::{Placement, Receiver, Reference, unpack};
use crate::engine::{ContainerId, Engine};
use crate::plan::artifacts::FileSet;

/// What one base directory of an artifact came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matches {
    /// How many files each pattern matches.
    pub by_pattern: Vec<usize>,
    /// Where each file is kept, in order; a file that clashes with another is there once.
    pub files: Vec<String>,
    /// Paths that several files would have had.
    pub clashes: Vec<String>,
    /// Links that lead to no file.
    pub dangling: Vec<String>,
}

/// Matches `set` in the container and writes its files below `staging`; without a directory they
/// are matched only.
///
/// Links are followed. Of several files with the same place the last in the order of paths is kept.
pub async fn collect<E: Engine>(
    engine: &E,
    container: &ContainerId,
    set: &FileSet,
    discard_paths: bool,
    staging: Option<&Path>,
) -> Result<Matches, CollectError> {
    let mut state = Sorting {
        by_pattern: vec![0; set.pattern_count()],
        set: set.clone(),
        discard_paths,
        staging: staging.map(Path::to_path_buf),
        kept: BTreeMap::new(),
        clashes: Vec::new(),
        references: Vec::new(),
    };
    for root in set.roots() {
        state = unpack(engine.download(container, &root), &root, state).await?;
    }
    let mut dangling = Vec::new();
    for reference in std::mem::take(&mut state.references) {
        let target = resolve::target(engine, container, &reference).await?;
        match (target, state.place(&reference.path)) {
            (Some(target), Some(placement)) => {
                resolve::fetch(engine, container, &target, placement).await?;
            }
            (None, _) => dangling.push(reference.path),
            (Some(_), None) => {}
        }
    }
    Ok(Matches {
        by_pattern: state.by_pattern,
        files: state.kept.into_keys().collect(),
        clashes: state.clashes,
        dangling,
    })
}

/// Moves everything below `staging` into `destination`, replacing files of the same name.
pub fn publish(staging: &Path, destination: &Path) -> Result<(), CollectError> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        |source| CollectError::Write { path, source }
    };
    fs::create_dir_all(destination).map_err(failed(destination))?;
    for entry in fs::read_dir(staging).map_err(failed(staging))? {
        let entry = entry.map_err(failed(staging))?;
        let target = destination.join(entry.file_name());
        let is_directory = |path: &Path| fs::symlink_metadata(path).is_ok_and(|it| it.is_dir());
        if is_directory(&entry.path()) && is_directory(&target) {
            publish(&entry.path(), &target)?;
        } else {
            fs::rename(entry.path(), &target).map_err(failed(&target))?;
        }
    }
    Ok(())
}

/// Sorts the files of a stream into those that match and those that do not.
struct Sorting {
    set: FileSet,
    discard_paths: bool,
    staging: Option<PathBuf>,
    by_pattern: Vec<usize>,
    /// Kept path to the path it came from.
    kept: BTreeMap<String, String>,
    clashes: Vec<String>,
    references: Vec<Reference>,
}

impl Receiver for Sorting {
    fn place(&mut self, path: &str) -> Option<Placement> {
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
        if self.kept.insert(kept.clone(), path.to_owned()).is_some() {
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
