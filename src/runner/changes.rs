//! Lists what a build changed in its sources.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::scratch::Scratch;
use super::trees::{Tree, Trees};
use crate::event::{SourceChanges, Transferred, Way};
use crate::plan::{Plan, SourcePlan};
use crate::source::changes::Layers;

/// Lists the changes source by source, from the upper layers of their views.
pub(super) async fn list(
    plan: &Plan,
    trees: &Trees,
    ways: &[Transferred],
    scratch: Option<&Scratch>,
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
                let listing = tokio::task::spawn_blocking(move || layers.changes());
                let found = listing
                    .await
                    .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
                changes.changes = Some(found.list);
                changes.problems.extend(found.unreadable.iter().map(|path| {
                    let path = path.display();
                    format!("what the build made of `{path}` cannot be read by this user")
                }));
            }
            _ => changes.problems.push(format!(
                "they can be told of a copy-on-write view only, and it came in by {way}"
            )),
        }
        all.push(changes);
    }
    all
}

fn layers(plan: &Plan, source: &SourcePlan, tree: &Tree, trees: &Trees, upper: PathBuf) -> Layers {
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
