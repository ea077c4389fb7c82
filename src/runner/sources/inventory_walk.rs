//! Lists what is in the trees of a build while its container starts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinHandle;

use crate::plan::{Plan, Transfer};
use crate::runner::sources::trees::InputTrees;
use crate::source::inventory::Inventory;

/// The inventories in the making; dropping it ends the walks.
pub(in crate::runner) struct InventoryWalk {
    inventories: JoinHandle<Vec<Inventory>>,
    stop: Arc<AtomicBool>,
}

impl InventoryWalk {
    /// Begins to walk the trees as the plan needs it.
    pub(in crate::runner) fn begin(plan: &Plan, trees: &InputTrees) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let told = Arc::clone(&stop);
        let trees: Vec<_> = match plan.transfer {
            Transfer::Tar => Vec::new(),
            Transfer::Automatic | Transfer::CopyOnWrite | Transfer::Mount => trees
                .all
                .iter()
                .map(|tree| (tree.host.clone(), tree.left_out.clone()))
                .collect(),
        };
        let is_mounted = plan.transfer == Transfer::Mount;
        let inventories = tokio::task::spawn_blocking(move || {
            let inventories = trees.into_iter().map(|(host, left_out)| {
                if is_mounted {
                    Inventory::of_repositories(&host, &told)
                } else {
                    Inventory::take(&host, &left_out, &told)
                }
            });
            inventories.collect()
        });
        Self { inventories, stop }
    }

    /// Waits for the inventories of all trees, in their order; there are none of trees that are copied.
    pub(in crate::runner) async fn end(&mut self) -> Vec<Inventory> {
        let ended = (&mut self.inventories).await;
        ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }
}

impl Drop for InventoryWalk {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
