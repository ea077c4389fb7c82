//! Resolves paths that the user named inside a tree that somebody else may have made.
//!
//! A repository can turn `out` or `buildspec.yml` into a symlink. A path that the user names inside
//! the tree must stay inside; a path elsewhere may contain symlinks of the user.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// How many symlinks are followed for one path, as in the kernel.
const MOST_LINKS: usize = 40;

/// Why a path is rejected.
#[derive(Debug, thiserror::Error)]
pub enum UntrustedPathError {
    #[error("`{}` is a symlink that points outside `{}`", link.display(), tree.display())]
    LeadsOut { link: PathBuf, tree: PathBuf },
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The trees that somebody else may have made; symlinks in a tree must stay inside it.
#[derive(Debug, Clone, Default)]
pub struct UntrustedTrees(Vec<PathBuf>);

impl UntrustedTrees {
    /// Returns these directories, with the repositories around them and around the current
    /// directory.
    pub fn around<'a>(directories: impl IntoIterator<Item = &'a Path>) -> io::Result<Self> {
        let mut trees = Vec::new();
        for directory in directories {
            let directory = directory.canonicalize()?;
            trees.extend(repository(&directory));
            trees.push(directory);
        }
        trees.extend(repository(&Path::new(".").canonicalize()?));
        Ok(Self(trees))
    }

    /// Returns the repository around the current directory (or that directory itself) and the one
    /// around `named`.
    pub fn of(named: &Path) -> io::Result<Self> {
        let here = Path::new(".").canonicalize()?;
        let mut trees = vec![repository(&here).unwrap_or(here)];
        let above = std::path::absolute(named)?;
        let above = above.parent().map(Path::canonicalize);
        if let Some(Ok(above)) = above {
            trees.extend(repository(&above));
        }
        Ok(Self(trees))
    }

    /// Resolves a path. A missing part is kept as it is written.
    pub fn follow(&self, path: &Path) -> Result<PathBuf, UntrustedPathError> {
        let path = std::path::absolute(path)?;
        let mut left = super::parts(&path);
        let mut here = PathBuf::from("/");
        let mut passed: Vec<(PathBuf, &PathBuf)> = Vec::new();
        let mut links = 0;
        while let Some(name) = left.pop() {
            if name == ".." {
                here.pop();
                continue;
            }
            let next = here.join(&name);
            let Ok(target) = fs::read_link(&next) else {
                here = next;
                continue;
            };
            links += 1;
            if links > MOST_LINKS {
                return Err(io::Error::from(rustix::io::Errno::LOOP).into());
            }
            let around = self.0.iter().filter(|tree| here.starts_with(tree));
            passed.extend(around.map(|tree| (next.clone(), tree)));
            if target.is_absolute() {
                here = PathBuf::from("/");
            }
            left.extend(super::parts(&target));
        }
        match passed.iter().find(|(_, tree)| !here.starts_with(tree)) {
            None => Ok(here),
            Some((link, tree)) => Err(UntrustedPathError::LeadsOut {
                link: link.clone(),
                tree: (*tree).clone(),
            }),
        }
    }
}

/// Returns the root of the repository around a directory: the nearest directory with a `.git`.
pub fn repository(directory: &Path) -> Option<PathBuf> {
    directory
        .ancestors()
        .find(|above| fs::symlink_metadata(above.join(".git")).is_ok())
        .map(Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_of_a_tree_stays_in_it_and_others_lead_where_they_do() {
        let place = tempfile::tempdir().unwrap();
        let place = place.path().canonicalize().unwrap();
        let tree = place.join("tree");
        fs::create_dir_all(tree.join("source/real")).unwrap();
        fs::create_dir_all(tree.join(".git")).unwrap();
        fs::create_dir(place.join("outside")).unwrap();
        let link = |target: &str, name: &str| symlink(target, place.join(name)).unwrap();
        link("../../outside", "tree/source/out");
        link("/nowhere/at/all", "tree/source/dangling");
        link("out", "tree/source/chain");
        link("real", "tree/source/in");
        link("../../tree/source/real", "tree/source/around");
        link("../outside", "tree/beside");
        link("outside", "link");
        link("tree", "to-tree");
        link("round", "tree/source/round");
        let trees = UntrustedTrees::around([&*tree.join("source")]).unwrap();
        let follow = |path: &str| trees.follow(&place.join(path));
        for (path, leads_to) in [
            ("tree/source/real/new", "tree/source/real/new"),
            ("tree/source/in/new", "tree/source/real/new"),
            ("tree/source/around", "tree/source/real"),
            ("tree/source/../source/in", "tree/source/real"),
            ("to-tree/source/in", "tree/source/real"),
            ("link/new/dir", "outside/new/dir"),
            ("new/dir", "new/dir"),
        ] {
            assert_eq!(follow(path).unwrap(), place.join(leads_to), "{path}");
        }
        for path in [
            "tree/source/out",
            "tree/source/out/new",
            "tree/source/dangling",
            "tree/source/chain",
            "to-tree/source/out",
            "tree/source/in/../out",
            // The repository around the source is somebody's as well.
            "tree/beside",
        ] {
            let followed = follow(path);
            assert!(
                matches!(followed, Err(UntrustedPathError::LeadsOut { .. })),
                "{path}: {followed:?}"
            );
        }
        assert!(matches!(
            follow("tree/source/round"),
            Err(UntrustedPathError::Io(_))
        ));
    }
}
