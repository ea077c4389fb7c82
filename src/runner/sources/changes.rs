//! Lists what a build changed in its sources: the container tells what is there before the first
//! command and at the end.

mod packed;
mod programs;
mod walked;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::artifacts::DownloadError;
use crate::engine::{ContainerId, Engine};
use crate::event::SourceChanges;
use crate::plan::Plan;
use crate::runner::sources::trees::InputTrees;
use crate::runner::{CancelReason, Cancellation};
use crate::source::changes::{Changes, Comparison, FileFacts, Incomplete, Snapshot, Touched};
use walked::Walked;

/// How long the list may take after a build was cut short.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many bytes of memory the snapshots may take: enough for a million files.
const MOST_MEMORY: usize = 56 << 20;

/// How many files are looked at in the end.
const MOST_FILES: usize = 4_000_000;

/// Who lists the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lister {
    /// Programs of the image, which is quick.
    Programs,
    /// The engine, which has to pack the whole tree.
    Engine,
}

/// A source before the first command; a sentence when it could not be listed.
pub(in crate::runner) type SourceSnapshot = Result<Recorded, String>;

/// What is known of a source before the first command.
#[derive(Debug)]
pub(in crate::runner) struct Recorded {
    snapshot: Snapshot,
    lister: Lister,
}

/// The trees of a container.
pub(in crate::runner) struct ContainerTrees<'a, E> {
    pub(in crate::runner) engine: &'a E,
    pub(in crate::runner) container: &'a ContainerId,
    pub(in crate::runner) trees: &'a InputTrees,
}

/// A tree of the container, and what of it is mounted by the user and no part of the source.
struct ContainerTree<'a, E> {
    engine: &'a E,
    container: &'a ContainerId,
    root: &'a Path,
    hidden: &'a [PathBuf],
}

impl<E: Engine> ContainerTrees<'_, E> {
    /// Records the sources, one after the other. The future may be dropped.
    pub(in crate::runner) async fn record(&self, plan: &Plan) -> Vec<SourceSnapshot> {
        let mut all = Vec::new();
        let mut left = MOST_MEMORY;
        for index in 0..plan.sources.len() {
            let recorded = match self.tree(plan, index) {
                Some(tree) => tree.record(left).await,
                None => Err("the source has no directory".to_owned()),
            };
            if let Ok(recorded) = &recorded {
                left = left.saturating_sub(recorded.snapshot.weight());
            }
            all.push(recorded);
        }
        all
    }

    /// Lists the changes source by source. Without snapshots there was no command.
    pub(in crate::runner) async fn changes(
        &self,
        plan: &Plan,
        before: Option<&[SourceSnapshot]>,
        cancellation: &Cancellation,
    ) -> Vec<SourceChanges> {
        let mut all = Vec::new();
        for (index, source) in plan.sources.iter().enumerate() {
            let before = before.and_then(|before| before.get(index));
            let listed = match (before, self.tree(plan, index)) {
                (Some(Ok(recorded)), Some(tree)) => tree.changes(recorded, cancellation).await,
                (Some(Err(problem)), _) => Err(problem.clone()),
                _ => Ok(Changes::default()),
            };
            let (changes, problems) = match listed {
                Ok(found) => (
                    Some(found.list),
                    found.incomplete.map(|why| why.to_string()),
                ),
                Err(problem) => (None, Some(format!("they cannot be listed: {problem}"))),
            };
            all.push(SourceChanges {
                identifier: source.identifier.clone(),
                directory: source.directory.clone(),
                changes,
                problems: problems.into_iter().collect(),
            });
        }
        all
    }

    fn tree<'s>(&'s self, plan: &'s Plan, index: usize) -> Option<ContainerTree<'s, E>> {
        let hidden = self.trees.all.get(index).map(|tree| &tree.hidden[..]);
        Some(ContainerTree {
            engine: self.engine,
            container: self.container,
            root: Path::new(&plan.sources.get(index)?.directory),
            hidden: hidden.unwrap_or_default(),
        })
    }
}

impl<E: Engine> ContainerTree<'_, E> {
    async fn record(&self, memory: usize) -> SourceSnapshot {
        let recorded = self.record_by(Lister::Programs, memory).await?;
        if let Some(recorded) = recorded {
            return Ok(recorded);
        }
        let recorded = self.record_by(Lister::Engine, memory).await?;
        recorded.ok_or_else(|| "the container does not list its files".to_owned())
    }

    /// Records the tree, `None` when the lister cannot.
    async fn record_by(&self, lister: Lister, memory: usize) -> Result<Option<Recorded>, String> {
        let mut snapshot = Snapshot::default();
        let mut is_there = false;
        let add = |path: &Path, facts: FileFacts<'_>| {
            is_there |= path.as_os_str().is_empty();
            snapshot.add(path, facts);
            snapshot.weight() < memory
        };
        let walked = self.walk(lister, add).await;
        match walked.map_err(|error| told(&error))? {
            Walked::Whole => {}
            Walked::Refused => {
                return Err("the sources have more than about a million files".to_owned());
            }
            Walked::Silent => {
                return Err("the container listed no file for a minute".to_owned());
            }
            Walked::TooLarge => {
                return Err(
                    "the image has no `find`, `stat` and `sha256sum`, and the source is larger than 4 GiB"
                        .to_owned(),
                );
            }
        }
        if !is_there {
            return Ok(None);
        }
        snapshot.complete();
        if lister == Lister::Programs {
            let add = |path: &Path, checksum: &[u8]| snapshot.add_checksum(path, checksum);
            let summed =
                programs::checksums(self.engine, self.container, self.root, None, add).await;
            summed.map_err(|error| told(&error))?;
        }
        Ok(Some(Recorded { snapshot, lister }))
    }

    /// Lists the changes. A build that is cut short waits a little for them; a killed build does
    /// not.
    async fn changes(
        &self,
        before: &Recorded,
        cancellation: &Cancellation,
    ) -> Result<Changes, String> {
        let mut comparison = Comparison::new(&before.snapshot);
        let out_of_time = async {
            cancellation.reached(CancelReason::Timeout).await;
            tokio::select! {
                () = tokio::time::sleep(PATIENCE) => {}
                _ = cancellation.reached(CancelReason::Kill) => {}
            }
        };
        let compared = tokio::select! {
            biased;
            compared = self.compare(before.lister, &mut comparison) => Some(compared),
            () = out_of_time => None,
        };
        let stopped = match compared {
            None => Some(Incomplete::Stopped),
            Some(Ok(Walked::Whole)) if comparison.has_tree() => None,
            Some(Ok(Walked::Whole)) => {
                return Err(
                    "`find`, `stat` or the directory itself is gone from the container".to_owned(),
                );
            }
            Some(Ok(Walked::Refused | Walked::Silent | Walked::TooLarge)) => {
                Some(Incomplete::Endless)
            }
            Some(Err(error)) => return Err(told(&error)),
        };
        Ok(comparison.finish(stopped))
    }

    async fn compare(
        &self,
        lister: Lister,
        comparison: &mut Comparison<'_>,
    ) -> Result<Walked, DownloadError> {
        let mut count = 0;
        let see = |path: &Path, facts: FileFacts<'_>| {
            count += 1;
            comparison.see(path, facts) && count <= MOST_FILES
        };
        let walked = self.walk(lister, see).await?;
        let touched = match comparison.touched() {
            Touched::These(paths) if paths.is_empty() => return Ok(walked),
            Touched::These(paths) => Some(paths),
            Touched::Many => None,
        };
        let see = |path: &Path, checksum: &[u8]| comparison.see_checksum(path, checksum);
        let paths = touched.as_deref();
        programs::checksums(self.engine, self.container, self.root, paths, see).await?;
        Ok(walked)
    }

    /// Calls `each` for the files of the tree, until it says no.
    async fn walk(
        &self,
        lister: Lister,
        mut each: impl FnMut(&Path, FileFacts<'_>) -> bool,
    ) -> Result<Walked, DownloadError> {
        let each = |path: &Path, facts: FileFacts<'_>| {
            self.hidden.iter().any(|hidden| path.starts_with(hidden)) || each(path, facts)
        };
        match lister {
            Lister::Programs => programs::files(self.engine, self.container, self.root, each).await,
            Lister::Engine => packed::files(self.engine, self.container, self.root, each).await,
        }
    }
}

/// An error in words, with its causes.
fn told(error: &DownloadError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
