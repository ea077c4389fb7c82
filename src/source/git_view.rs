//! How git sees a source tree in the build when its repository lies elsewhere.
//!
//! A working tree of its own, a submodule and a separate git directory have a *file* `.git` that leads
//! out of the tree, and a repository may borrow objects from another. What they lead to comes into the
//! build as trees of their own, where a local source cache has it (contract §1.9), and the files that
//! lead there are written anew, in the build alone.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::working_tree;
use crate::plan::{GitMetadata, SourcePlan};

/// How many repositories may borrow from each other in a row, as in git.
const MOST_ALTERNATES: usize = 5;

/// What the build needs besides a source tree for git to work there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitView {
    /// The git directory of the tree, in the container.
    pub git_directory: Option<String>,
    /// Directories that come in besides: on the host, and in the container.
    pub trees: Vec<(PathBuf, String)>,
    /// Files of the container to write.
    pub texts: Vec<Text>,
    /// What git wants to belong to the build's user: on the host, and in the container.
    pub owned: Vec<(PathBuf, String)>,
    /// What does not work, in sentences.
    pub problems: Vec<String>,
}

/// A text for a file of the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The file.
    pub path: String,
    /// The text.
    pub text: String,
    /// Whether it is added to the file's own.
    pub appended: bool,
}

impl GitView {
    /// Looks at a source; nothing is needed for most.
    pub fn of(source: &SourcePlan) -> Self {
        let mut view = Self::default();
        if source.git == GitMetadata::LeftOut {
            return view;
        }
        let mut places = Places {
            known: vec![(source.host.clone(), source.directory.clone())],
            own: source.host.clone(),
        };
        let linked = source.git == GitMetadata::Linked;
        view.git_directory =
            view.add_work_tree(&mut places, &source.host, &source.directory, linked);
        view
    }

    /// What a mounted source lacks: its own `.git` file must stay as it is.
    pub fn problem_of_mounted(source: &SourcePlan) -> Option<String> {
        let git = source.host.join(".git");
        git.is_file().then(|| {
            format!(
                "`{}` leads out of the source, so git does not work in a build with `-m`",
                git.display()
            )
        })
    }

    /// Adds what one working tree needs; returns its git directory in the container.
    fn add_work_tree(
        &mut self,
        places: &mut Places,
        host: &Path,
        directory: &str,
        linked: bool,
    ) -> Option<String> {
        let dot_git = host.join(".git");
        let kind = dot_git.symlink_metadata().ok()?.file_type();
        let dot_git_there = format!("{directory}/.git");
        self.owned.push((host.to_path_buf(), directory.to_owned()));
        self.owned.push((dot_git.clone(), dot_git_there.clone()));
        if kind.is_dir() && !linked {
            self.add_repository(places, &dot_git, &dot_git_there);
            self.add_submodules(places, host, directory, &dot_git);
            return Some(dot_git_there);
        }
        let (target, is_relative) = if kind.is_file() {
            let text = fs::read_to_string(&dot_git).ok()?;
            let target = Path::new(text.strip_prefix("gitdir:")?.trim()).to_path_buf();
            (host.join(&target), target.is_relative())
        } else {
            (dot_git.clone(), false)
        };
        let Ok(git) = target.canonicalize() else {
            self.problems.push(format!(
                "git does not work in the build: `{}` leads to `{}`, which is not there",
                dot_git.display(),
                target.display()
            ));
            return None;
        };
        // Working trees share a directory with the repository that they were made from.
        let common = fs::read_to_string(git.join("commondir"))
            .ok()
            .and_then(|common| git.join(common.trim_end()).canonicalize().ok());
        if linked {
            // What lies in the tree is not found there any more.
            places.known.retain(|(known, _)| !git.starts_with(known));
        }
        let common_there = self.bring(places, common.as_deref().unwrap_or(&git), ".git");
        let there = self.bring(places, &git, ".git");
        if linked {
            places
                .known
                .push((host.to_path_buf(), directory.to_owned()));
        }
        if is_relative && places.is_inside(&git) {
            self.owned.push((git.clone(), there.clone()));
            self.add_repository(places, &git, &there);
            self.add_submodules(places, host, directory, &git);
            return Some(there);
        }
        self.write(&dot_git_there, format!("gitdir: {there}\n"));
        if let Some(common) = &common {
            self.write(&format!("{there}/gitdir"), format!("{dot_git_there}\n"));
            self.write(&format!("{there}/commondir"), format!("{common_there}\n"));
            self.owned.push((common.clone(), common_there.clone()));
        } else {
            self.set_work_tree(&git, &there, directory);
        }
        self.owned.push((git.clone(), there.clone()));
        self.add_repository(places, common.as_deref().unwrap_or(&git), &common_there);
        self.add_submodules(places, host, directory, &git);
        Some(there)
    }

    /// Tells a repository that has `core.worktree` where its tree is; the last value counts.
    fn set_work_tree(&mut self, git: &Path, there: &str, directory: &str) {
        for name in ["config", "config.worktree"] {
            let config = fs::read_to_string(git.join(name)).unwrap_or_default();
            if config.to_ascii_lowercase().contains("worktree") {
                self.texts.push(Text {
                    path: format!("{there}/{name}"),
                    text: format!("\n[core]\n\tworktree = {}\n", quote(directory)),
                    appended: true,
                });
            }
        }
    }

    /// Adds the objects that a repository borrows.
    fn add_repository(&mut self, places: &mut Places, git: &Path, there: &str) {
        let objects = format!("{there}/objects");
        self.add_alternates(places, &git.join("objects"), &objects, MOST_ALTERNATES);
    }

    fn add_alternates(&mut self, places: &mut Places, objects: &Path, there: &str, depth: usize) {
        let Ok(text) = fs::read_to_string(objects.join("info/alternates")) else {
            return;
        };
        let mut lines = String::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if line.starts_with('#') {
                continue;
            }
            let target = objects.join(line);
            let Ok(alternate) = target.canonicalize() else {
                self.problems.push(format!(
                    "git lacks objects in the build: those that `{}` borrows from `{}` are not there",
                    objects.display(),
                    target.display()
                ));
                continue;
            };
            let alternate_there = self.bring(places, &alternate, "objects");
            lines.push_str(&alternate_there);
            lines.push('\n');
            if depth > 0 {
                self.add_alternates(places, &alternate, &alternate_there, depth - 1);
            }
        }
        self.write(&format!("{there}/info/alternates"), lines);
    }

    /// Adds the submodules that are checked out; a repository without any has no `modules`.
    fn add_submodules(&mut self, places: &mut Places, host: &Path, directory: &str, git: &Path) {
        if !git.join("modules").is_dir() {
            return;
        }
        for path in working_tree::submodules(host) {
            let there = format!("{directory}/{}", path.display());
            self.add_work_tree(places, &host.join(&path), &there, false);
        }
    }

    /// Returns where a directory of the host is in the container; when it is nowhere it is brought in.
    fn bring(&mut self, places: &mut Places, host: &Path, name: &str) -> String {
        if let Some(there) = places.of(host) {
            return there;
        }
        let number: String = Sha256::digest(host.as_os_str().as_encoded_bytes())
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 0xf])
            .filter_map(|digit| char::from_digit(digit.into(), 16))
            .collect();
        let there = format!("/codebuild/local-cache/workspace/{number}/{name}");
        self.trees.push((host.to_path_buf(), there.clone()));
        places.known.push((host.to_path_buf(), there.clone()));
        there
    }

    fn write(&mut self, path: &str, text: String) {
        self.texts.push(Text {
            path: path.to_owned(),
            text,
            appended: false,
        });
    }
}

/// Which directories of the host are where in the container.
struct Places {
    known: Vec<(PathBuf, String)>,
    /// The source tree.
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

    /// Whether a directory comes in with the source tree, and is nowhere else.
    fn is_inside(&self, host: &Path) -> bool {
        let brought =
            |(known, _): &(PathBuf, String)| *known != self.own && host.starts_with(known);
        host.starts_with(&self.own) && !self.known.iter().any(brought)
    }
}

/// Quotes a value for a configuration file of git.
fn quote(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(host: &Path, git: GitMetadata) -> SourcePlan {
        SourcePlan {
            identifier: None,
            host: host.to_path_buf(),
            directory: "/src".into(),
            git,
        }
    }

    /// A tree whose `.git` is a directory.
    fn tree() -> (tempfile::TempDir, PathBuf) {
        let tree = tempfile::tempdir().unwrap();
        let root = tree.path().canonicalize().unwrap();
        fs::create_dir_all(root.join(".git/objects/info")).unwrap();
        (tree, root)
    }

    #[test]
    fn an_ordinary_repository_needs_nothing() {
        let (_tree, root) = tree();
        let view = GitView::of(&source(&root, GitMetadata::Kept));
        assert_eq!(view.git_directory.as_deref(), Some("/src/.git"));
        assert!(view.trees.is_empty() && view.texts.is_empty() && view.problems.is_empty());
        let view = GitView::of(&source(&root, GitMetadata::LeftOut));
        assert_eq!(view, GitView::default());
    }

    #[test]
    fn a_linked_repository_is_told_where_its_tree_is() {
        let (_tree, root) = tree();
        fs::write(root.join(".git/config"), "[core]\n\tworktree = ../x\n").unwrap();
        let view = GitView::of(&source(&root, GitMetadata::Linked));
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

    #[test]
    fn circles_of_borrowed_objects_end() {
        let (_tree, root) = tree();
        let alternates = root.join(".git/objects/info/alternates");
        fs::write(alternates, "# a comment\n../objects\n/nowhere\n").unwrap();
        let view = GitView::of(&source(&root, GitMetadata::Kept));
        assert!(view.trees.is_empty(), "they lie in the tree");
        assert!(view.problems[0].contains("`/nowhere`"), "{view:?}");
    }

    #[test]
    fn values_of_a_configuration_are_quoted() {
        assert_eq!(quote("/a b\"c\\d\ne"), "\"/a b\\\"c\\\\d\\ne\"");
    }
}
