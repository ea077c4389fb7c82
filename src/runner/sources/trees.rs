//! The trees of a build: its sources, and the directories that git needs besides.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::engine::Mount;
use crate::event::{Transferred, Way};
use crate::host::directory;
use crate::plan::{Plan, SourcePlan, Transfer};
use crate::resources::Volume;
use crate::runner::container::engine_features::EngineFeatures;
use crate::runner::sources::scratch::Scratch;
use crate::runner::{Host, RunError};
use crate::source::excludes::{ExcludeError, IGNORE_FILE, LeftOut};
use crate::source::git;
use crate::source::git::directory::AllowedDirectories;
use crate::source::git::view::GitView;
use crate::source::mounts;

/// A directory of the host that enters the build.
#[derive(Debug)]
pub(in crate::runner) struct InputTree {
    /// On the host.
    pub(in crate::runner) host: PathBuf,
    /// In the container.
    pub(in crate::runner) directory: String,
    pub(in crate::runner) left_out: LeftOut,
    /// Paths where the container has another mount, which no file of the tree may overwrite.
    pub(in crate::runner) hidden: Vec<PathBuf>,
    /// Why an overlay cannot show it.
    pub(in crate::runner) obstacle: Option<String>,
}

/// All trees: the sources first, in the order of the plan.
#[derive(Debug)]
pub(in crate::runner) struct InputTrees {
    pub(in crate::runner) all: Vec<InputTree>,
    pub(in crate::runner) git: Vec<GitView>,
    /// What people should know.
    pub(in crate::runner) notes: Vec<String>,
}

/// Returns why the engine, which has root privileges, must not follow the path of a tree again:
/// another user could replace the directory meanwhile. Root itself has the same privileges as the
/// engine.
fn unsettled(host: &Path) -> Option<String> {
    if rustix::process::geteuid().is_root() {
        return None;
    }
    let error = directory::is_settled(host).err()?;
    Some(format!("another user could replace the directory: {error}"))
}

/// Returns where in a tree cobuild keeps its caches and running builds, if it does: a build must meet
/// neither its own layers nor those of another build.
fn cache_directory(tree: &Path, host: &Host) -> Option<PathBuf> {
    // What does not exist yet has no full path.
    directory::make_own(&host.scratch_root).ok()?;
    within(tree, host.scratch_root.parent()?)
}

/// Returns the path of a directory below a tree, if it is there.
fn within(tree: &Path, directory: &Path) -> Option<PathBuf> {
    let directory = directory.canonicalize().ok()?;
    let below = directory.strip_prefix(tree.canonicalize().ok()?).ok()?;
    (!below.as_os_str().is_empty()).then(|| below.to_path_buf())
}

/// Finds the excluded files of a source; may take time.
async fn left_out(
    plan: &Plan,
    source: &SourcePlan,
    workspace: &mut Workspace<'_>,
) -> Result<LeftOut, RunError> {
    let ignores = if plan.excludes.respect_gitignore {
        let bounds = AllowedDirectories::of_source(source);
        let ignores = git::ignores(&source.host, bounds, &mut || workspace.place()).await;
        Some(ignores.map_err(|error| ExcludeError::Git {
            path: source.host.clone(),
            source: error,
        })?)
    } else {
        None
    };
    let (source, excludes) = (source.clone(), plan.excludes.clone());
    let finding = tokio::task::spawn_blocking(move || LeftOut::find(&source, &excludes, ignores));
    let found = finding.await;
    Ok(found.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?)
}

/// Temporary directories, created when the first is needed.
struct Workspace<'a> {
    root: &'a Path,
    name: String,
    scratch: Option<Scratch>,
    count: usize,
}

impl Workspace<'_> {
    /// Returns an unused path.
    fn place(&mut self) -> io::Result<PathBuf> {
        let scratch = match self.scratch.take() {
            Some(scratch) => scratch,
            None => Scratch::create(self.root, &self.name)?,
        };
        let scratch = self.scratch.insert(scratch);
        self.count += 1;
        Ok(scratch.directory().join(self.count.to_string()))
    }
}

impl Drop for Workspace<'_> {
    fn drop(&mut self) {
        // The next sweep removes what an ended git still writes.
        if let Some(Err(error)) = self.scratch.as_ref().map(Scratch::remove) {
            tracing::debug!(%error, "cannot remove git's directory");
        }
    }
}

/// How each tree gets into the container.
#[derive(Debug, Default)]
pub(in crate::runner) struct TreeRoutes {
    pub(in crate::runner) mounts: BTreeMap<String, Mount>,
    pub(in crate::runner) ways: Vec<Transferred>,
}

impl InputTrees {
    /// Examines the sources of a plan, which may take time.
    ///
    /// Creates temporary directories for git below the host's scratch root, and removes them.
    pub(in crate::runner) async fn gather(plan: &Plan, host: &Host) -> Result<Self, RunError> {
        let mut workspace = Workspace {
            root: &host.scratch_root,
            name: format!("git-{}", plan.identity.id.replace(':', "-")),
            scratch: None,
            count: 0,
        };
        let is_mounted = plan.transfer == Transfer::Mount;
        let mut trees = Self {
            all: Vec::new(),
            git: Vec::new(),
            notes: Vec::new(),
        };
        for source in &plan.sources {
            let mut left_out = if is_mounted {
                trees.note_mounted(source);
                LeftOut::default()
            } else {
                left_out(plan, source, &mut workspace).await?
            };
            let mut obstacle = None;
            if !is_mounted {
                // No build has the key to what other builds leave.
                let key = within(&source.host, &host.state_directory);
                let cache = cache_directory(&source.host, host);
                // An overlay cannot lie within what it shows.
                obstacle = cache.as_ref().map(|cache| {
                    let cache = cache.display();
                    format!("cobuild's cache directory `{cache}` lies in the source")
                });
                for own in key.into_iter().chain(cache) {
                    left_out.insert(own);
                }
            }
            trees.note_buildspec(plan, source, &left_out);
            let directory = source.directory.clone();
            trees.add(source.host.clone(), directory, left_out, obstacle);
        }
        if is_mounted {
            trees.git = vec![GitView::default(); plan.sources.len()];
            return Ok(trees);
        }
        trees.hide(&plan.container.extras.volumes);
        for source in &plan.sources {
            let view = GitView::of(source, &mut || workspace.place()).await;
            for (host, directory) in &view.trees {
                trees.add(host.clone(), directory.clone(), LeftOut::default(), None);
            }
            trees.notes.extend(view.problems.iter().cloned());
            trees.git.push(view);
        }
        Ok(trees)
    }

    /// Adds a tree; sources may need the same one.
    fn add(
        &mut self,
        host: PathBuf,
        directory: String,
        left_out: LeftOut,
        obstacle: Option<String>,
    ) {
        if self.all.iter().any(|tree| tree.directory == directory) {
            return;
        }
        let mounted = || {
            let point = mounts::below(&host).ok().flatten()?;
            let point = point.display();
            Some(format!(
                "another file system is mounted at `{point}`, and an overlay does not include it"
            ))
        };
        let obstacle = obstacle.or_else(mounted).or_else(|| unsettled(&host));
        self.all.push(InputTree {
            host,
            directory,
            left_out,
            hidden: Vec::new(),
            obstacle,
        });
    }

    /// Records the host directories mounted within a tree: a copy of the tree must not write into
    /// them.
    fn hide(&mut self, volumes: &[Volume]) {
        for tree in &mut self.all {
            let within = volumes.iter().filter_map(|volume| {
                let below = volume.target.strip_prefix(&tree.directory)?;
                below.strip_prefix('/').map(PathBuf::from)
            });
            tree.hidden = within.collect();
        }
    }

    fn note_mounted(&mut self, source: &SourcePlan) {
        if source.host.join(IGNORE_FILE).is_file() {
            let file = source.host.join(IGNORE_FILE);
            self.notes.push(format!(
                "`{}` has no effect with `-m`: the build works in the source directory itself",
                file.display()
            ));
        }
        self.notes.extend(GitView::problem_of_mounted(source));
    }

    /// Warns about an excluded buildspec, which is run nevertheless.
    fn note_buildspec(&mut self, plan: &Plan, source: &SourcePlan, left_out: &LeftOut) {
        let below = plan
            .buildspec_location()
            .and_then(|location| location.strip_prefix(&source.directory)?.strip_prefix('/'));
        if let Some(below) = below
            && left_out.covers(below.as_ref())
        {
            self.notes.push(format!(
                "the buildspec `{below}` is excluded from the source: it is run, but commands of the build cannot read it"
            ));
        }
    }

    /// Decides how each tree gets into the container, and creates the directories of overlays.
    pub(in crate::runner) fn route(
        &self,
        plan: &Plan,
        means: &EngineFeatures,
        scratch: Option<&Scratch>,
    ) -> Result<TreeRoutes, RunError> {
        let mut route = TreeRoutes::default();
        for (index, tree) in self.all.iter().enumerate() {
            let overlay = match (&means.copy_on_write, &tree.obstacle, scratch) {
                (Ok(()), None, Some(scratch)) => scratch
                    .copy_on_write(&tree.host, &tree.left_out, index)
                    .map_err(|error| error.to_string()),
                (Ok(()), Some(obstacle), _) => Err(obstacle.clone()),
                (Err(reason), ..) => Err(reason.clone()),
                (Ok(()), None, None) => Err("the cache directory cannot be used".to_owned()),
            };
            let (mount, way, reason) = match overlay {
                _ if plan.transfer == Transfer::Mount => {
                    (Mount::Bind(tree.host.clone()), Way::Mount, None)
                }
                Ok(overlay) => (Mount::CopyOnWrite(overlay), Way::CopyOnWrite, None),
                Err(reason) if plan.transfer == Transfer::CopyOnWrite => {
                    return Err(RunError::NoCopyOnWrite {
                        path: tree.host.clone(),
                        reason,
                    });
                }
                // Creating files there is faster than in the container's own layers.
                Err(reason) => (Mount::Volume, Way::Tar, Some(reason)),
            };
            route.mounts.insert(tree.directory.clone(), mount);
            route.ways.push(Transferred {
                directory: tree.directory.clone(),
                way,
                reason,
            });
        }
        Ok(route)
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CopyOnWrite => "copy-on-write",
            Self::Tar => "a tar stream",
            Self::Mount => "a mount",
        })
    }
}
