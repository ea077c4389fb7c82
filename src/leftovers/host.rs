//! Leftovers on the host.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::leftover::{Handle, Leftover, LeftoverKind, LeftoverReport, RemovableLeftover};
use super::objects::Objects;
use crate::cache::Store;
use crate::runner::{KeptScratch, abandoned, occupied};

/// The directories of this user's runs on the host.
#[derive(Debug, Clone)]
pub struct HostDirectories {
    pub scratch_root: PathBuf,
    pub cache_root: PathBuf,
}

/// Finds unused directories and files, and directories in use.
pub(super) fn find(places: &HostDirectories, findings: &mut LeftoverReport) {
    for directory in occupied(&places.scratch_root) {
        let leftover = leftover(LeftoverKind::Directory, &directory);
        let handle = Handle::Occupied(directory);
        findings.living.push(RemovableLeftover { leftover, handle });
    }
    for scratch in abandoned(&places.scratch_root) {
        let leftover = leftover(LeftoverKind::Directory, scratch.directory());
        let handle = Handle::Directory(scratch);
        findings.dead.push(RemovableLeftover { leftover, handle });
    }
    let namespaces = Store::new(places.cache_root.clone()).namespaces();
    for namespace in namespaces.unwrap_or_default() {
        for unfinished in namespace.unfinished().unwrap_or_default() {
            let size = fs::metadata(unfinished.path()).ok().map(|it| it.len());
            let leftover = Leftover {
                size,
                ..leftover(LeftoverKind::Cache, unfinished.path())
            };
            let handle = Handle::Unfinished(unfinished);
            findings.dead.push(RemovableLeftover { leftover, handle });
        }
    }
}

/// Sorts the directories that were kept for containers: a directory goes with its container.
pub(super) fn sort_kept(kept: Vec<KeptScratch>, objects: &Objects, findings: &mut LeftoverReport) {
    for kept in kept {
        let goes = |found: &RemovableLeftover| {
            let Handle::Container { id, .. } = &found.handle else {
                return false;
            };
            id.0 == kept.container
        };
        let is_there = objects.containers.contains(&kept.container);
        let is_dead = !is_there || objects.dead.iter().any(goes);
        let found = RemovableLeftover {
            leftover: leftover(LeftoverKind::Directory, &kept.directory),
            handle: Handle::Kept(kept),
        };
        if is_dead {
            findings.dead.push(found);
        } else {
            findings.living.push(found);
        }
    }
}

fn leftover(kind: LeftoverKind, path: &Path) -> Leftover {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    let since = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).ok();
    Leftover {
        kind,
        name: path.display().to_string(),
        build: None,
        created: modified.ok().and_then(since).map(|since| since.as_secs()),
        size: None,
    }
}
