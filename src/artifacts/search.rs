//! Finds the files of an artifact (contract §1.8) by listing and matching.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::DownloadError;
use super::file_list::ArtifactFiles;
use super::listing::{FileType, LinkTarget, leads, list};
use super::notices::{Notice, Notices};
use crate::engine::{ContainerId, Engine};
use crate::plan::artifacts::FileSet;
use crate::plan::layout;

/// How many symlinks to directories are followed: they can multiply without end.
const MOST_LINKS: usize = 10_000;

/// The limits for relevant symlinks: their number, and the bytes of their paths and targets.
const MOST_LISTED: usize = 100_000;
const MOST_BYTES: usize = 16 << 20;

/// How many symlinks are resolved in one request.
const AT_ONCE: usize = 4_000;

/// How many symlinks may form a chain, as in the kernel.
const LONGEST_CHAIN: usize = 40;

/// How symlinks are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symlinks {
    /// Files and directories behind them are taken as if they were there.
    Followed,
    Kept,
}

/// The parameters of a search.
#[derive(Debug)]
pub struct Search<'a> {
    /// The base directory's own path.
    pub base: &'a Path,
    pub set: &'a FileSet,
    pub discard_paths: bool,
    pub symlinks: Symlinks,
}

/// The result of a search.
#[derive(Debug)]
pub struct SearchResult {
    /// How many files each pattern matches.
    pub by_pattern: Vec<usize>,
    /// Where the searched trees are, and how patterns see them; without those behind links.
    pub trees: Vec<(PathBuf, PathBuf)>,
}

/// A tree to list. Symlinks on the way give it another name.
#[derive(Debug, Clone)]
struct SearchTree {
    /// Its name, as patterns see it.
    name: PathBuf,
    /// The directories of the links that led here.
    chain: Chain,
    /// Whether what is below it counts.
    deep: bool,
}

/// The directories of a chain of symlinks, the last first.
#[derive(Debug, Clone, Default)]
struct Chain(Option<Arc<(PathBuf, Chain)>>);

impl Chain {
    fn with(&self, directory: &Path) -> Self {
        Self(Some(Arc::new((directory.to_path_buf(), self.clone()))))
    }

    fn iter(&self) -> impl Iterator<Item = &Path> {
        let mut here = self;
        std::iter::from_fn(move || {
            let (directory, before) = &**here.0.as_ref()?;
            here = before;
            Some(directory.as_path())
        })
    }
}

/// A link that is listed.
struct Link {
    name: PathBuf,
    /// Its own path, where that is another.
    path: Option<PathBuf>,
    chain: Chain,
    matches: bool,
}

impl Link {
    fn path(&self) -> &Path {
        self.path.as_deref().unwrap_or(&self.name)
    }
}

/// The state of a search.
struct SearchState<'a> {
    search: &'a Search<'a>,
    by_pattern: Vec<usize>,
    names: &'a mut ArtifactFiles,
    notices: &'a mut Notices,
    links: Vec<Link>,
    /// How many links have been listed, and how many bytes of paths have been kept of them.
    listed: usize,
    length: usize,
}

impl Search<'_> {
    /// Adds the files that match to `file_list`.
    ///
    /// A symlink to a directory is followed when the directory lies in the base directory or in the
    /// local cache and does not contain the symlink, or when a pattern names the symlink without a
    /// wildcard (assumed). The future may be dropped.
    pub async fn run<E: Engine>(
        &self,
        engine: &E,
        container: &ContainerId,
        has_find: bool,
        names: &mut ArtifactFiles,
        notices: &mut Notices,
    ) -> Result<SearchResult, DownloadError> {
        let before = names.len();
        let mut finds = SearchState {
            search: self,
            by_pattern: vec![0; self.set.pattern_count()],
            names,
            notices,
            links: Vec::new(),
            listed: 0,
            length: 0,
        };
        let roots: Vec<PathBuf> = self.set.roots().into_iter().map(PathBuf::from).collect();
        let mut trees = SearchTrees::default();
        for (root, leads) in roots.iter().zip(leads(engine, container, &roots).await?) {
            match leads {
                LinkTarget::Directory(path) => {
                    if path != *root && self.symlinks == Symlinks::Kept {
                        // The root may be a link, which may match.
                        trees.add(root.clone(), SearchTree::new(root, Chain::default(), false));
                    }
                    trees.add(path, SearchTree::new(root, Chain::default(), true));
                }
                LinkTarget::File | LinkTarget::Nowhere => {
                    trees.add(root.clone(), SearchTree::new(root, Chain::default(), false));
                }
            }
        }
        let searched = trees.named();
        let mut followed = 0;
        while !trees.0.is_empty() {
            let tell = |path: &Path, kind| finds.tell(&trees, path, kind);
            list(engine, container, has_find, &trees.roots(), tell).await?;
            trees = SearchTrees::default();
            let links = std::mem::take(&mut finds.links);
            for links in links.chunks(AT_ONCE) {
                let paths: Vec<PathBuf> = links.iter().map(|link| link.path().into()).collect();
                for (link, leads) in links.iter().zip(leads(engine, container, &paths).await?) {
                    if let Some((path, tree)) = finds.link(link, leads)? {
                        followed += 1;
                        finds.keep(0, path.as_os_str().len())?;
                        trees.add(path, tree);
                    }
                }
                if followed > MOST_LINKS {
                    finds.notices.add(|| Notice::TooManyLinks);
                    trees = SearchTrees::default();
                    break;
                }
            }
        }
        let by_pattern = finds.by_pattern;
        names.order_from(before);
        Ok(SearchResult {
            by_pattern,
            trees: searched,
        })
    }
}

impl SearchState<'_> {
    fn tell(
        &mut self,
        trees: &SearchTrees,
        path: &Path,
        kind: FileType,
    ) -> Result<(), DownloadError> {
        for (tree, below) in trees.that_hold(path) {
            let name = join(&tree.name, below);
            match kind {
                FileType::File => self.file(&name, false)?,
                FileType::Link => self.list_link(name, path, tree)?,
                FileType::Directory => {}
                FileType::Other => {
                    if !self.search.set.matching_patterns(&name).is_empty() {
                        self.notices.add(|| Notice::Special(name));
                    }
                }
            }
        }
        Ok(())
    }

    /// Keeps a symlink to be resolved, when it matters.
    fn list_link(
        &mut self,
        name: PathBuf,
        path: &Path,
        tree: &SearchTree,
    ) -> Result<(), DownloadError> {
        let set = self.search.set;
        let matches = !set.matching_patterns(&name).is_empty();
        let is_followed = self.search.symlinks == Symlinks::Followed;
        let matters = matches || (is_followed && set.can_match_below(&name));
        if !matters {
            return Ok(());
        }
        let path = (path != name).then(|| path.to_owned());
        let length = path.as_ref().map_or(0, |path| path.as_os_str().len());
        self.keep(1, name.as_os_str().len() + length)?;
        self.links.push(Link {
            name,
            path,
            chain: tree.chain.clone(),
            matches,
        });
        Ok(())
    }

    /// Counts the symlinks against the limits.
    fn keep(&mut self, links: usize, length: usize) -> Result<(), DownloadError> {
        self.listed += links;
        self.length += length;
        if self.listed > MOST_LISTED || self.length > MOST_BYTES {
            return Err(DownloadError::TooMany {
                what: "links",
                most: MOST_LISTED,
                bytes: MOST_BYTES,
            });
        }
        Ok(())
    }

    fn file(&mut self, name: &Path, as_link: bool) -> Result<(), DownloadError> {
        let patterns = self.search.set.matching_patterns(name);
        if patterns.is_empty() {
            return Ok(());
        }
        for pattern in patterns {
            self.by_pattern[pattern] += 1;
        }
        let kept = self.search.set.kept_path(name, self.search.discard_paths);
        self.names.push(name, &kept, as_link)
    }

    /// Decides about a symlink; returns the directory to search next.
    fn link(
        &mut self,
        link: &Link,
        leads: LinkTarget,
    ) -> Result<Option<(PathBuf, SearchTree)>, DownloadError> {
        if self.search.symlinks == Symlinks::Kept {
            if leads == LinkTarget::Nowhere && link.matches {
                self.notices.add(|| Notice::Dangling(link.name.clone()));
                return Ok(None);
            }
            self.file(&link.name, true)?;
            return Ok(None);
        }
        let directory = match leads {
            LinkTarget::File => {
                self.file(&link.name, false)?;
                return Ok(None);
            }
            LinkTarget::Nowhere => {
                if link.matches {
                    self.notices.add(|| Notice::Dangling(link.name.clone()));
                }
                return Ok(None);
            }
            LinkTarget::Directory(directory) => directory,
        };
        if !self.search.set.can_match_below(&link.name) {
            return Ok(None);
        }
        let chain = match link.path().parent() {
            Some(parent) => link.chain.with(parent),
            None => link.chain.clone(),
        };
        let is_circle = chain.iter().any(|passed| passed.starts_with(&directory));
        if is_circle || chain.iter().count() > LONGEST_CHAIN {
            self.notices.add(|| Notice::Circle(link.name.clone()));
            return Ok(None);
        }
        // A symlink into the local cache stands for a directory of the source.
        let is_inside =
            directory.starts_with(self.search.base) || directory.starts_with(layout::CUSTOM_CACHE);
        if !is_inside && !self.search.set.names(&link.name) {
            self.notices.add(|| Notice::Outside {
                link: link.name.clone(),
                directory,
            });
            return Ok(None);
        }
        Ok(Some((directory, SearchTree::new(&link.name, chain, true))))
    }
}

impl SearchTree {
    fn new(name: &Path, chain: Chain, deep: bool) -> Self {
        Self {
            name: name.to_path_buf(),
            chain,
            deep,
        }
    }
}

/// The trees of one listing, by their own paths; one may have several names.
#[derive(Default)]
struct SearchTrees(HashMap<PathBuf, Vec<SearchTree>>);

impl SearchTrees {
    fn add(&mut self, path: PathBuf, tree: SearchTree) {
        self.0.entry(path).or_default().push(tree);
    }

    /// The paths to list; none of them lies in another.
    fn roots(&self) -> Vec<PathBuf> {
        let mut roots: Vec<PathBuf> = self.0.keys().cloned().collect();
        roots.sort();
        let mut kept: Vec<PathBuf> = Vec::new();
        for root in roots {
            // In the order of components, a path is followed by its content.
            if !kept.last().is_some_and(|outer| root.starts_with(outer)) {
                kept.push(root);
            }
        }
        kept
    }

    /// Where the trees are, and how patterns see them.
    fn named(&self) -> Vec<(PathBuf, PathBuf)> {
        let mut named: Vec<_> = self
            .0
            .iter()
            .flat_map(|(path, trees)| trees.iter().map(move |tree| (path, tree)))
            .filter(|(_, tree)| tree.deep)
            .map(|(path, tree)| (path.clone(), tree.name.clone()))
            .collect();
        named.sort();
        named
    }

    /// The trees that contain a path, with the path relative to them.
    fn that_hold<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = (&'a SearchTree, &'a Path)> {
        path.ancestors().flat_map(move |ancestor| {
            let below = path.strip_prefix(ancestor).unwrap_or(Path::new(""));
            let trees = self.0.get(ancestor).into_iter().flatten();
            trees
                .filter(|tree| tree.deep || below.as_os_str().is_empty())
                .map(move |tree| (tree, below))
        })
    }
}

fn join(name: &Path, below: &Path) -> PathBuf {
    if below.as_os_str().is_empty() {
        name.to_path_buf()
    } else {
        name.join(below)
    }
}
