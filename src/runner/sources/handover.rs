//! Makes copy-on-write views what a source is in the cloud: plain trees of root.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::engine::OVERLAY_FEATURES;
use crate::event::{Transferred, Way};
use crate::plan::{Plan, SourceOwner};
use crate::runner::RunError;
use crate::runner::container::driver::{Aside, Driver, DriverError, MOST_WORDS};
use crate::runner::container::program::Program;
use crate::runner::container::tail::Tail;
use crate::runner::sources::trees::{InputTree, InputTrees};
use crate::source::inventory::Inventory;
use crate::source::mounts;

/// Root, and its group.
const ROOT: &str = "0:0";

/// How long the image's `chown` may take, and more for each file: a hundred times what it needs.
const PATIENCE: Duration = Duration::from_mins(1);
const PATIENCE_PER_FILE: Duration = Duration::from_millis(5);

/// How often giving a tree away is tried: files of the host may vanish meanwhile.
const TRIES: u32 = 2;

/// How many files one command changes.
const MANY: usize = 200;

/// A copy-on-write view in a running container.
struct View<'a> {
    tree: &'a InputTree,
    inventory: &'a Inventory,
    /// Whether files of it have another owner than the one they are to have.
    is_foreign: bool,
}

/// Gives the copy-on-write views of a started container to root, unless the plan keeps their owners.
///
/// Fails with [`RunError::NoCopyOnWrite`] when a view would not be as good as a copy.
pub(in crate::runner) async fn hand_over(
    driver: &mut Driver,
    plan: &Plan,
    trees: &InputTrees,
    ways: &[Transferred],
    inventories: &[Inventory],
) -> Result<(), RunError> {
    let is_kept = plan.source_owner == SourceOwner::Keep;
    let views: Vec<View<'_>> = trees
        .all
        .iter()
        .zip(inventories)
        .zip(ways)
        .filter(|(_, transferred)| transferred.way == Way::CopyOnWrite)
        .map(|((tree, inventory), _)| View {
            tree,
            inventory,
            is_foreign: !is_kept && (inventory.is_foreign || has_foreign_layer(tree)),
        })
        .collect();
    let Some(first) = views.first() else {
        return Ok(());
    };
    let mut said = Tail::new(MOST_WORDS);
    let table = driver
        .print(mounts::MOUNT_TABLE, &mut Aside::kept(&mut said))
        .await?;
    for view in &views {
        view.check(&table)?;
    }
    if is_kept {
        return Ok(());
    }
    let start = Instant::now();
    let given: Vec<&View<'_>> = views.iter().filter(|view| !view.is_root_s()).collect();
    let foreign = views.iter().filter(|view| view.is_foreign);
    let count: usize = foreign.map(|view| view.inventory.count).sum();
    let patience = PATIENCE + PATIENCE_PER_FILE * u32::try_from(count).unwrap_or(u32::MAX);
    let Ok(gave) = tokio::time::timeout(patience, give(driver, &given)).await else {
        let seconds = patience.as_secs();
        return Err(first.refused(format!(
            "the image's `chown` did not make its files root's within {seconds} s"
        )));
    };
    if let Err(reason) = gave? {
        return Err(first.refused(format!("its files cannot be made root's: {reason}")));
    }
    restore_modes(driver, &views).await?;
    if count > 0 {
        let seconds = start.elapsed().as_secs_f64();
        tracing::info!(
            "the source was made root's, as in the cloud: {count} files in {seconds:.1} s (`--source-owner keep` skips it)"
        );
    }
    Ok(())
}

/// Whether the layer that hides excluded files has directories of this user.
fn has_foreign_layer(tree: &InputTree) -> bool {
    !tree.left_out.is_empty() && !rustix::process::geteuid().is_root()
}

impl View<'_> {
    /// Checks that the view can do what a plain tree can.
    fn check(&self, table: &[u8]) -> Result<(), RunError> {
        let directory = Path::new(&self.tree.directory);
        let Some(options) = mounts::overlay_options(table, directory) else {
            return Err(self.refused("the engine mounts something else in its place"));
        };
        let needs = |feature: &str| match feature {
            "metacopy" => self.is_foreign,
            "index" => self.inventory.has_hard_links,
            _ => true,
        };
        let missing = OVERLAY_FEATURES
            .into_iter()
            .find(|feature| needs(feature) && !mounts::has_feature(&options, feature));
        if let Some(feature) = missing {
            return Err(self.refused(format!(
                "the file systems of the source and of the cache directory allow no overlay with `{feature}`"
            )));
        }
        if self.is_foreign && self.inventory.is_cut {
            return Err(self.refused("it has too many setuid and setgid files"));
        }
        Ok(())
    }

    /// Whether all of the view is root's already, the directory at its root too.
    fn is_root_s(&self) -> bool {
        !self.is_foreign && rustix::process::geteuid().is_root()
    }

    fn refused(&self, reason: impl Into<String>) -> RunError {
        RunError::NoCopyOnWrite {
            path: self.tree.host.clone(),
            reason: reason.into(),
        }
    }

    /// A command that gives the tree to root, but for what is mounted within it.
    fn command(&self) -> Vec<String> {
        let directory = self.tree.directory.as_str();
        if !self.is_foreign {
            // A user's own directory is the root of the view.
            return strings(&["chown", "-h", ROOT, directory]);
        }
        if self.tree.hidden.is_empty() {
            return strings(&["chown", "-Rh", ROOT, directory]);
        }
        let mut words = strings(&["find", directory]);
        for hidden in &self.tree.hidden {
            let path = format!("{directory}/{}", hidden.display());
            words.extend(strings(&["-path", &literal_glob(&path), "-prune", "-o"]));
        }
        words.extend(strings(&["-exec", "chown", "-h", ROOT, "{}", "+"]));
        words
    }
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// A pattern of the shell that matches this text alone.
fn literal_glob(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '\\' | '*' | '?' | '[') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

/// Gives the views to root; returns what the image's tool complains about when it cannot.
async fn give(driver: &mut Driver, views: &[&View<'_>]) -> Result<Result<(), String>, DriverError> {
    for view in views {
        let command = view.command();
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let mut program = Program::default();
        program.call("cobuild_tell", &words);
        let mut complaint = Tail::new(MOST_WORDS);
        let mut status = String::new();
        for _ in 0..TRIES {
            driver.send(program.text()).await?;
            status = driver.answer(&mut Aside::kept(&mut complaint)).await?;
            if status == "0" {
                break;
            }
        }
        if status != "0" {
            let complaint = complaint.take();
            let complaint = String::from_utf8_lossy(&complaint);
            let line = complaint.trim().lines().next_back().unwrap_or_default();
            return Ok(Err(line.to_owned()));
        }
    }
    Ok(Ok(()))
}

/// Gives programs the privileges back that they lost when they were given away.
async fn restore_modes(driver: &mut Driver, views: &[View<'_>]) -> Result<(), DriverError> {
    let mut by_mode: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for view in views.iter().filter(|view| view.is_foreign) {
        for (below, mode) in &view.inventory.privileged {
            let path = format!("{}/{}", view.tree.directory, below.display());
            by_mode.entry(*mode).or_default().push(path);
        }
    }
    if by_mode.is_empty() {
        return Ok(());
    }
    let mut program = Program::default();
    for (mode, paths) in &by_mode {
        let mode = format!("{mode:o}");
        for paths in paths.chunks(MANY) {
            let paths = paths.iter().map(String::as_str);
            let words: Vec<&str> = ["chmod", &mode].into_iter().chain(paths).collect();
            program.call("cobuild_system", &words);
        }
    }
    program.call("cobuild_fence", &["done"]);
    driver.send(program.text()).await?;
    let mut complaint = Tail::new(MOST_WORDS);
    driver.answer(&mut Aside::kept(&mut complaint)).await?;
    let complaint = complaint.take();
    if !complaint.is_empty() {
        let complaint = String::from_utf8_lossy(&complaint);
        tracing::warn!(%complaint, "while giving programs their privileges back");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::excludes::LeftOut;

    #[test]
    fn what_is_mounted_within_a_tree_is_left_alone() {
        let tree = InputTree {
            host: "/host".into(),
            directory: "/s".to_owned(),
            left_out: LeftOut::default(),
            hidden: vec!["a*".into(), "b".into()],
            obstacle: None,
        };
        let inventory = Inventory::default();
        let view = View {
            tree: &tree,
            inventory: &inventory,
            is_foreign: true,
        };
        assert_eq!(
            view.command().join(" "),
            "find /s -path /s/a\\* -prune -o -path /s/b -prune -o -exec chown -h 0:0 {} +"
        );
    }
}
