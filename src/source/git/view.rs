//! Makes git work in a source tree of the build whose repository lies outside the tree.
//!
//! In a worktree, a submodule and a tree with a separate git directory, `.git` is a *file* that
//! points outside the tree; a repository may also borrow objects from another. These directories
//! enter the build as trees of their own, at the paths of a local source cache (contract §1.9), and
//! the files that point to them are rewritten in the build. Directories that do not provably belong
//! to the source stay outside.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::directory::{AllowedDirectories, DirectoryError, GitDirectory, short_text};
use super::ignores::is_plain;
use super::index::{Index, IndexError};
use super::objects::{Borrowed, Missing, borrowed};
use super::replica::Replica;
use crate::host::file;
use crate::plan::{GitElsewhere, GitMetadata, SourcePlan};

/// How many repositories may borrow from each other in a row, as in git.
const MOST_ALTERNATES: usize = 5;

/// The most submodules, nested ones included.
const MOST_SUBMODULES: usize = 1_000;

/// How many problems are reported individually.
const MOST_PROBLEMS: usize = 10;

/// The longest configuration that is looked at.
const LONGEST_CONFIG: u64 = 1024 * 1024;

/// Gives paths for temporary directories, which the caller removes.
pub type MakePlace<'a> = &'a mut (dyn FnMut() -> io::Result<PathBuf> + Send);

/// What git needs in the build besides a source tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitView {
    /// The git directory of the tree, in the container.
    pub git_directory: Option<String>,
    /// Directories that come in besides: on the host, and in the container.
    pub trees: Vec<(PathBuf, String)>,
    pub texts: Vec<Text>,
    /// What does not work, in sentences.
    pub problems: Vec<String>,
}

/// A text for a file of the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub path: String,
    pub text: String,
    /// Whether it is added to the file's own.
    pub appended: bool,
}

impl AllowedDirectories {
    /// Returns the directories that a source may use.
    pub fn of_source(source: &SourcePlan) -> Self {
        match &source.git_elsewhere {
            GitElsewhere::Never => Self::of_made_tree(&source.host),
            GitElsewhere::Proven { named } => Self::of_directory(&source.host, named),
        }
    }
}

impl GitView {
    /// Finds what git needs for a source; most need nothing.
    pub async fn of(source: &SourcePlan, make_place: MakePlace<'_>) -> Self {
        if source.git == GitMetadata::LeftOut {
            return Self::default();
        }
        let mut looking = ViewBuilder {
            view: Self::default(),
            places: Places {
                known: vec![(source.host.clone(), source.directory.clone())],
                own: source.host.clone(),
            },
            bounds: AllowedDirectories::of_source(source),
            can_be_named: source.git_elsewhere != GitElsewhere::Never,
            stores: BTreeSet::new(),
            make_place,
        };
        let linked = source.git == GitMetadata::Linked;
        let mut waiting = Vec::new();
        let first = looking.add_work_tree(&source.host, &source.directory, linked, &mut waiting);
        looking.view.git_directory = first.await;
        for _ in 0..MOST_SUBMODULES {
            let Some((host, directory)) = waiting.pop() else {
                break;
            };
            looking
                .add_work_tree(&host, &directory, false, &mut waiting)
                .await;
        }
        looking.view.cut_problems();
        looking.view
    }

    /// Keeps the first problems and counts the others.
    fn cut_problems(&mut self) {
        let more = self.problems.len().saturating_sub(MOST_PROBLEMS);
        self.problems.truncate(MOST_PROBLEMS);
        if more > 0 {
            self.problems
                .push(format!("git: {more} more problems of this kind"));
        }
    }

    /// Returns the problem of a mounted source, whose `.git` file cannot be rewritten.
    pub fn problem_of_mounted(source: &SourcePlan) -> Option<String> {
        let git = source.host.join(".git");
        git.is_file().then(|| {
            format!(
                "`{}` points outside the source, so git does not work in a build with `-m`",
                git.display()
            )
        })
    }
}

/// The parts of a git directory that tools such as Android's `repo` replace by links.
const LINKED_PARTS: &[&str] = &[
    "HEAD",
    "config",
    "objects",
    "packed-refs",
    "refs",
    "shallow",
];

/// Builds the view of one source.
struct ViewBuilder<'a> {
    view: GitView,
    places: Places,
    bounds: AllowedDirectories,
    /// Whether the user may name what is out of bounds.
    can_be_named: bool,
    /// The stores of objects that have been looked at.
    stores: BTreeSet<PathBuf>,
    make_place: MakePlace<'a>,
}

impl ViewBuilder<'_> {
    /// Adds what one working tree needs; returns its git directory in the container. Its submodules wait.
    async fn add_work_tree(
        &mut self,
        host: &Path,
        directory: &str,
        linked: bool,
        waiting: &mut Vec<(PathBuf, String)>,
    ) -> Option<String> {
        let dot_git = host.join(".git");
        let kind = dot_git.symlink_metadata().ok()?.file_type();
        let dot_git_there = format!("{directory}/.git");
        let git = match GitDirectory::locate(host, &mut self.bounds).await {
            Ok(git) => git?,
            Err(error) => {
                self.tell_unusable(&error);
                return kind.is_dir().then_some(dot_git_there);
            }
        };
        if kind.is_dir() && !linked {
            self.add_repository(&dot_git, &dot_git_there);
            self.add_submodules(host, directory, &git, waiting).await;
            return Some(dot_git_there);
        }
        // Working trees share a directory with the repository that they were made from.
        let is_shared = git.common != git.own;
        if linked {
            // A directory inside the tree has another path in the build.
            self.places
                .known
                .retain(|(known, _)| !git.own.starts_with(known));
        }
        let common_there = self.bring(&git.common, ".git");
        let there = self.bring(&git.own, ".git");
        if linked {
            let place = (host.to_path_buf(), directory.to_owned());
            self.places.known.push(place);
        }
        if kind.is_file() && leads_by_relative_path(host) && self.places.is_inside(&git.own) {
            self.add_repository(&git.own, &there);
            self.add_submodules(host, directory, &git, waiting).await;
            return Some(there);
        }
        self.write(&dot_git_there, format!("gitdir: {there}\n"));
        if is_shared {
            self.write(&format!("{there}/gitdir"), format!("{dot_git_there}\n"));
            self.write(&format!("{there}/commondir"), format!("{common_there}\n"));
        } else {
            self.set_work_tree(&git.own, &there, directory);
        }
        self.add_repository(&git.common, &common_there);
        self.add_submodules(host, directory, &git, waiting).await;
        Some(there)
    }

    fn tell_unusable(&mut self, error: &DirectoryError) {
        let mut problem = match error {
            // Without git nobody can tell whether a submodule is one.
            DirectoryError::Git(error) => format!("git may not work in the build: {error}"),
            error => format!("git does not work in the build: {error}"),
        };
        if let DirectoryError::OutOfBounds { target, .. } = error {
            self.add_way_out(&mut problem, target);
        }
        self.view.problems.push(problem);
    }

    fn add_way_out(&self, problem: &mut String, target: &Path) {
        let _ = if self.can_be_named {
            let target = target.display();
            write!(
                problem,
                "; if it belongs to the source, allow it with `--git-dir {target}`"
            )
        } else {
            write!(
                problem,
                "; a source from an archive cannot use directories outside it"
            )
        };
    }

    /// Appends the path of the tree to a configuration with `core.worktree`; the last value counts.
    fn set_work_tree(&mut self, git: &Path, there: &str, directory: &str) {
        for name in ["config", "config.worktree"] {
            let config = file::open_beneath(git, Path::new(name))
                .and_then(|file| file::read_whole(file, LONGEST_CONFIG))
                .unwrap_or_default();
            if config
                .to_ascii_lowercase()
                .windows(8)
                .any(|word| word == b"worktree")
            {
                self.view.texts.push(Text {
                    path: format!("{there}/{name}"),
                    text: format!("\n[core]\n\tworktree = {}\n", quote(directory)),
                    appended: true,
                });
            }
        }
    }

    /// Adds the objects that a repository borrows.
    fn add_repository(&mut self, git: &Path, there: &str) {
        self.tell_lost_links(git);
        let objects = format!("{there}/objects");
        self.add_alternates(&git.join("objects"), &objects, MOST_ALTERNATES);
    }

    fn add_alternates(&mut self, store: &Path, there: &str, depth: usize) {
        // Stores may borrow from each other in a circle, or be reached by many ways.
        if !self.stores.insert(store.to_path_buf()) {
            return;
        }
        let Some(borrowed) = borrowed(store, &self.bounds) else {
            return;
        };
        let mut lines = String::new();
        for borrowed in borrowed {
            match borrowed {
                Borrowed::Not(missing) => self.tell_missing(&missing),
                Borrowed::From(alternate) => {
                    let alternate_there = self.bring(&alternate, "objects");
                    lines.push_str(&alternate_there);
                    lines.push('\n');
                    if depth > 0 {
                        self.add_alternates(&alternate, &alternate_there, depth - 1);
                    }
                }
            }
        }
        self.write(&format!("{there}/info/alternates"), lines);
    }

    /// Tells which links of a git directory lead to what the build does not have at that place.
    fn tell_lost_links(&mut self, git: &Path) {
        for name in LINKED_PARTS {
            let link = git.join(name);
            let (Ok(text), Ok(target)) = (link.read_link(), link.canonicalize()) else {
                continue;
            };
            if text.is_relative() && self.places.share_a_tree(git, &target) {
                continue;
            }
            self.view.problems.push(format!(
                "git may not work in the build: `{}` is a link to `{}`, which the build does not have there; put a copy in the place of the link",
                link.display(),
                target.display()
            ));
        }
    }

    fn tell_missing(&mut self, missing: &Missing) {
        let (store, target) = (missing.store.display(), missing.target.display());
        let mut problem =
            format!("git objects are missing in the build: `{store}` borrows them from `{target}`");
        if missing.is_there {
            problem.push_str(", which does not belong to the source");
            self.add_way_out(&mut problem, &missing.target);
        } else {
            problem.push_str(", which does not exist");
        }
        self.view.problems.push(problem);
    }

    /// Adds the submodules that are checked out; a repository without any has no `modules`.
    async fn add_submodules(
        &mut self,
        host: &Path,
        directory: &str,
        git: &GitDirectory,
        waiting: &mut Vec<(PathBuf, String)>,
    ) {
        if !git.own.join("modules").is_dir() {
            return;
        }
        let index = async {
            let place = (self.make_place)().map_err(IndexError::Unreadable)?;
            Index::read(&Replica::of_index(git, &place).await?).await
        };
        match index.await {
            Ok(index) => {
                for path in index.submodules {
                    let submodule = host.join(&path);
                    if is_plain(&submodule) {
                        waiting.push((submodule, format!("{directory}/{}", path.display())));
                    }
                }
            }
            Err(error) => self.view.problems.push(format!(
                "git may not work in the submodules of `{}`: {error}",
                host.display()
            )),
        }
    }

    /// Returns the path of a host directory in the container, and adds the directory when it is
    /// missing.
    fn bring(&mut self, host: &Path, name: &str) -> String {
        if let Some(there) = self.places.of(host) {
            return there;
        }
        let number: String = Sha256::digest(host.as_os_str().as_encoded_bytes())
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 0xf])
            .filter_map(|digit| char::from_digit(digit.into(), 16))
            .collect();
        let there = format!("/codebuild/local-cache/workspace/{number}/{name}");
        self.view.trees.push((host.to_path_buf(), there.clone()));
        self.places.known.push((host.to_path_buf(), there.clone()));
        there
    }

    fn write(&mut self, path: &str, text: String) {
        self.view.texts.push(Text {
            path: path.to_owned(),
            text,
            appended: false,
        });
    }
}

/// Whether the file `.git` of a tree has a path that is relative to the tree.
fn leads_by_relative_path(host: &Path) -> bool {
    short_text(host, Path::new(".git")).is_ok_and(|text| {
        text.strip_prefix("gitdir:")
            .is_some_and(|target| Path::new(target.trim()).is_relative())
    })
}

/// The container paths of host directories.
struct Places {
    known: Vec<(PathBuf, String)>,
    own: PathBuf,
}

impl Places {
    fn of(&self, host: &Path) -> Option<String> {
        let nearest = self
            .known
            .iter()
            .filter(|(known, _)| host.starts_with(known))
            .max_by_key(|(known, _)| known.components().count())?;
        let below = host.strip_prefix(&nearest.0).ok()?;
        Some(if below.as_os_str().is_empty() {
            nearest.1.clone()
        } else {
            format!("{}/{}", nearest.1, below.display())
        })
    }

    /// Whether two paths come into the build in one tree, so that relative links between them hold.
    fn share_a_tree(&self, one: &Path, other: &Path) -> bool {
        let trees = self.known.iter().map(|(known, _)| known);
        trees
            .filter(|known| one.starts_with(known))
            .max_by_key(|known| known.components().count())
            .is_some_and(|tree| other.starts_with(tree))
    }

    /// Whether a directory is part of the source tree.
    fn is_inside(&self, host: &Path) -> bool {
        let brought =
            |(known, _): &(PathBuf, String)| *known != self.own && host.starts_with(known);
        host.starts_with(&self.own) && !self.known.iter().any(brought)
    }
}

/// Quotes a value for a configuration file of git.
pub fn quote(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn source(host: &Path, git: GitMetadata) -> SourcePlan {
        SourcePlan {
            identifier: None,
            host: host.to_path_buf(),
            directory: "/src".into(),
            git,
            git_elsewhere: GitElsewhere::default(),
        }
    }

    async fn look(host: &Path, git: GitMetadata) -> GitView {
        let place = tempfile::tempdir().unwrap();
        let mut count = 0;
        let mut make_place = || {
            count += 1;
            Ok(place.path().join(count.to_string()))
        };
        GitView::of(&source(host, git), &mut make_place).await
    }

    /// A tree whose `.git` is a directory.
    fn tree() -> (tempfile::TempDir, PathBuf) {
        let tree = tempfile::tempdir().unwrap();
        let root = tree.path().canonicalize().unwrap();
        fs::create_dir_all(root.join(".git/objects/info")).unwrap();
        (tree, root)
    }

    #[tokio::test]
    async fn an_ordinary_repository_needs_nothing() {
        let (_tree, root) = tree();
        let view = look(&root, GitMetadata::Kept).await;
        assert_eq!(view.git_directory.as_deref(), Some("/src/.git"));
        assert!(view.trees.is_empty() && view.texts.is_empty() && view.problems.is_empty());
        let view = look(&root, GitMetadata::LeftOut).await;
        assert_eq!(view, GitView::default());
    }

    #[tokio::test]
    async fn a_linked_repository_is_told_where_its_tree_is() {
        let (_tree, root) = tree();
        fs::write(root.join(".git/config"), "[core]\n\tworktree = ../x\n").unwrap();
        let view = look(&root, GitMetadata::Linked).await;
        let [(host, there)] = view.trees.as_slice() else {
            panic!("{view:?}")
        };
        assert_eq!(*host, root.join(".git"));
        assert_eq!(view.git_directory.as_ref(), Some(there));
        let texts: Vec<(&str, &str, bool)> = view
            .texts
            .iter()
            .map(|text| (text.path.as_str(), text.text.as_str(), text.appended))
            .collect();
        let link = format!("gitdir: {there}\n");
        let config = format!("{there}/config");
        let work_tree = "\n[core]\n\tworktree = \"/src\"\n";
        assert_eq!(
            texts,
            [
                ("/src/.git", link.as_str(), false),
                (&config, work_tree, true)
            ]
        );
    }

    #[tokio::test]
    async fn circles_of_borrowed_objects_end() {
        let (_tree, root) = tree();
        let alternates = root.join(".git/objects/info/alternates");
        fs::write(alternates, "# a comment\n../objects\n/nowhere\n").unwrap();
        let view = look(&root, GitMetadata::Kept).await;
        assert!(view.trees.is_empty(), "they lie in the tree");
        assert!(view.problems[0].contains("`/nowhere`"), "{view:?}");
    }

    #[tokio::test]
    async fn links_that_lead_out_of_the_source_are_told() {
        let (_tree, root) = tree();
        let elsewhere = tempfile::tempdir().unwrap();
        fs::create_dir(root.join("kept")).unwrap();
        std::os::unix::fs::symlink("../kept", root.join(".git/shallow")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), root.join(".git/refs")).unwrap();
        let view = look(&root, GitMetadata::Kept).await;
        let [problem] = view.problems.as_slice() else {
            panic!("{view:?}")
        };
        assert!(problem.contains("/.git/refs` is a link"), "{problem}");
    }

    #[test]
    fn values_of_a_configuration_are_quoted() {
        assert_eq!(quote("/a b\"c\\d\ne"), "\"/a b\\\"c\\\\d\\ne\"");
    }
}
