//! Lists what a build changed in its sources.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::event::{SourceChanges, Transferred, Way};
use crate::plan::{Plan, SourcePlan};
use crate::runner::sources::scratch::Scratch;
use crate::runner::sources::trees::{InputTree, InputTrees};
use crate::runner::{CancelReason, Cancellation};
use crate::source::changes::{Changes, Layers};

/// How long the list may take after a build was cut short.
const PATIENCE: Duration = Duration::from_secs(5);

/// Lists the changes source by source, from the upper layers of their views.
pub(in crate::runner) async fn list(
    plan: &Plan,
    trees: &InputTrees,
    ways: &[Transferred],
    scratch: Option<&Scratch>,
    cancellation: &Cancellation,
) -> Vec<SourceChanges> {
    let mut all = Vec::new();
    for (index, source) in plan.sources.iter().enumerate() {
        let mut changes = SourceChanges {
            identifier: source.identifier.clone(),
            directory: source.directory.clone(),
            changes: None,
            problems: Vec::new(),
        };
        let way = ways
            .get(index)
            .map_or(Way::Tar, |transferred| transferred.way);
        match scratch.zip(trees.all.get(index)) {
            Some((scratch, tree)) if way == Way::CopyOnWrite => {
                let layers = layers(plan, source, tree, trees, scratch.upper(index));
                match look(layers, cancellation).await {
                    Ok(found) => {
                        changes.changes = Some(found.list);
                        changes.problems.extend(found.unreadable.iter().map(|path| {
                            let path = path.display();
                            format!("this user cannot read what the build wrote to `{path}`")
                        }));
                        let incomplete = found.incomplete.as_ref();
                        changes.problems.extend(incomplete.map(ToString::to_string));
                    }
                    Err(error) => changes
                        .problems
                        .push(format!("they cannot be listed: {error}")),
                }
            }
            _ => changes.problems.push(format!(
                "changes can be listed for a copy-on-write source only, and this one was transferred by {way}"
            )),
        }
        all.push(changes);
    }
    all
}

/// Lists the changes of one source. A build that is cut short waits a little for it; a killed build
/// does not.
async fn look(layers: Layers, cancellation: &Cancellation) -> io::Result<Changes> {
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    let mut listing = tokio::task::spawn_blocking(move || layers.changes(&told));
    let out_of_time = async {
        cancellation.reached(CancelReason::Timeout).await;
        tokio::select! {
            () = tokio::time::sleep(PATIENCE) => {}
            _ = cancellation.reached(CancelReason::Kill) => {}
        }
    };
    let listed = tokio::select! {
        listed = &mut listing => listed,
        () = out_of_time => {
            stop.store(true, Ordering::Relaxed);
            // The search checks the flag at every step.
            listing.await
        }
    };
    listed.map_err(io::Error::other)?
}

fn layers(
    plan: &Plan,
    source: &SourcePlan,
    tree: &InputTree,
    trees: &InputTrees,
    upper: PathBuf,
) -> Layers {
    let written: BTreeSet<PathBuf> = trees
        .git
        .iter()
        .flat_map(|view| &view.texts)
        .filter_map(|text| Path::new(&text.path).strip_prefix(&source.directory).ok())
        .map(Path::to_path_buf)
        .collect();
    let is_primary = source.identifier.is_none();
    Layers {
        upper,
        lower: tree.host.clone(),
        left_out: tree.left_out.clone(),
        commit: plan
            .identity
            .resolved_source_version
            .clone()
            .filter(|_| is_primary),
        written,
    }
}
