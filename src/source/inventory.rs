//! What of a source tree matters to who owns it in the build.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use walkdir::{DirEntry, WalkDir};

use super::excludes::LeftOut;

/// The permission bits that a file loses when it is given away.
const PRIVILEGES: u32 = 0o6000;

/// How many files with such bits are remembered.
const MOST_PRIVILEGED: usize = 10_000;

/// How many repositories are remembered.
const MOST_REPOSITORIES: usize = 10_000;

/// An inventory of one tree. Paths are relative to its root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// How many files, directories and links there are.
    pub count: usize,
    /// Whether something may belong to another user or group than root.
    pub is_foreign: bool,
    /// Whether files have several names.
    pub has_hard_links: bool,
    /// The files with setuid or setgid bits, with all their permissions.
    pub privileged: Vec<(PathBuf, u32)>,
    /// Whether there are more of them.
    pub is_cut: bool,
    /// The directories with a `.git`, the root as an empty path.
    pub repositories: Vec<PathBuf>,
}

impl Inventory {
    /// Walks a tree until it is told to stop; what cannot be read counts as another user's.
    pub fn take(root: &Path, left_out: &LeftOut, stop: &AtomicBool) -> Self {
        let mut inventory = Self::default();
        let stays = |entry: &DirEntry| {
            let below = entry.path().strip_prefix(root).unwrap_or(entry.path());
            !left_out.contains(below)
        };
        for entry in WalkDir::new(root).into_iter().filter_entry(stays) {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let found = entry.and_then(|entry| Ok((entry.metadata()?, entry)));
            match found {
                Ok((metadata, entry)) => inventory.add(root, &entry, &metadata),
                Err(_) => inventory.is_foreign = true,
            }
        }
        inventory
    }

    /// Looks for the repositories of a tree alone, and only when its root is another user's.
    pub fn of_repositories(root: &Path, stop: &AtomicBool) -> Self {
        let mut inventory = Self {
            is_foreign: root.metadata().is_ok_and(|found| is_foreign(&found)),
            ..Self::default()
        };
        if inventory.is_foreign {
            let entries = WalkDir::new(root).into_iter().filter_map(Result::ok);
            for entry in entries.take_while(|_| !stop.load(Ordering::Relaxed)) {
                inventory.add_repository(root, &entry);
            }
        }
        inventory
    }

    fn add_repository(&mut self, root: &Path, entry: &DirEntry) {
        if entry.file_name() != ".git" || self.repositories.len() >= MOST_REPOSITORIES {
            return;
        }
        let above = entry.path().parent();
        let below = above.and_then(|above| above.strip_prefix(root).ok());
        self.repositories.extend(below.map(Path::to_path_buf));
    }

    fn add(&mut self, root: &Path, entry: &DirEntry, metadata: &Metadata) {
        self.count += 1;
        self.is_foreign |= is_foreign(metadata);
        self.add_repository(root, entry);
        if !metadata.is_file() {
            return;
        }
        self.has_hard_links |= metadata.nlink() > 1;
        if metadata.mode() & PRIVILEGES != 0 {
            if self.privileged.len() < MOST_PRIVILEGED {
                let mode = metadata.mode() & 0o7777;
                let below = entry.path().strip_prefix(root);
                self.privileged
                    .extend(below.map(|below| (below.to_path_buf(), mode)));
            } else {
                self.is_cut = true;
            }
        }
    }
}

fn is_foreign(metadata: &Metadata) -> bool {
    metadata.uid() != 0 || metadata.gid() != 0
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_tree_is_taken_stock_of() {
        let go_on = AtomicBool::new(false);
        let tree = tempfile::tempdir().unwrap();
        let root = tree.path();
        for directory in [".git", "dep/.git", "left/.git"] {
            fs::create_dir_all(root.join(directory)).unwrap();
        }
        fs::write(root.join("tool"), "").unwrap();
        fs::set_permissions(root.join("tool"), Permissions::from_mode(0o4755)).unwrap();
        let mut left_out = LeftOut::default();
        left_out.insert("left".into());
        let mut inventory = Inventory::take(root, &left_out, &go_on);
        inventory.repositories.sort();
        let is_root = rustix::process::geteuid().is_root();
        let expected = Inventory {
            count: 5,
            is_foreign: !is_root,
            has_hard_links: false,
            privileged: vec![("tool".into(), 0o4755)],
            is_cut: false,
            repositories: vec![PathBuf::new(), "dep".into()],
        };
        assert_eq!(inventory, expected);
        fs::hard_link(root.join("tool"), root.join("same")).unwrap();
        assert!(Inventory::take(root, &left_out, &go_on).has_hard_links);
        fs::remove_dir_all(root).unwrap();
        let gone = Inventory::take(root, &left_out, &go_on);
        assert!(gone.is_foreign && gone.count == 0);
    }
}
