//! Writes the program that lays out the container before the first command.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::engine::ImageFacts;
use crate::event::{Transferred, Way};
use crate::plan::layout;
use crate::plan::{Plan, Transfer, Variable, Work};
use crate::runner::container::program::{Program, can_be_unset, exports};
use crate::runner::sources::trees::InputTrees;

/// The program that lays out the container. Nothing in it but `mkdir`, `chmod` and `chown` needs
/// more of the image than its shell.
pub(in crate::runner) fn layout_program(
    plan: &Plan,
    work: &Work,
    trees: &InputTrees,
    ways: &[Transferred],
) -> Program {
    let mut program = Program::default();
    program.call("mkdir", &["-p", layout::READONLY, layout::USER_BIN]);
    for directory in plan.directories() {
        program.call("mkdir", &["-p", directory]);
    }
    for text in trees.git.iter().flat_map(|view| &view.texts) {
        let function = if text.appended {
            "cobuild_append"
        } else {
            "cobuild_write"
        };
        program.call(function, &[&text.path, &text.text]);
    }
    let git = trees
        .git
        .first()
        .and_then(|view| view.git_directory.as_ref());
    if let Some((commit, git)) = plan.identity.resolved_source_version.as_ref().zip(git) {
        // CodeBuild checks out a commit and no branch.
        program.call(
            "cobuild_write",
            &[&format!("{git}/HEAD"), &format!("{commit}\n")],
        );
    }
    if let Some(text) = &work.inline {
        let text = String::from_utf8_lossy(text);
        program.call("cobuild_write", &[layout::INLINE_BUILDSPEC, &text]);
    }
    for source in &plan.sources {
        // The tree is the host's own and stays as it is: git is told to trust it.
        if plan.transfer == Transfer::Mount && is_foreign(&source.host) {
            program.trust(&source.directory);
        }
    }
    let theirs = foreign(trees, ways);
    if !theirs.is_empty() {
        let words: Vec<&str> = ["-h", "0:0"].into_iter().chain(theirs).collect();
        program.call("chown", &words);
    }
    program
}

/// Adds the state that the first command finds as if another had run before it.
pub(in crate::runner) fn add_state(
    program: &mut Program,
    plan: &Plan,
    work: &Work,
    environment: &[Variable],
    image: &ImageFacts,
) {
    let variables = environment
        .iter()
        .map(|variable| (variable.name.as_str(), variable.value.as_str()));
    let exports = exports(variables);
    program.call("cobuild_write", &[layout::ENVIRONMENT_FILE, &exports]);
    let directory = format!("{}\n", plan.layout.source);
    program.call("cobuild_write", &[layout::DIRECTORY_FILE, &directory]);
    let shell = work.shell.as_deref().unwrap_or("sh");
    program.call("cobuild_select_shell", &[shell]);
    program.call("cobuild_fence_if_there", &[layout::RUNTIMES]);
    // The variables of the container are in the commands' environment now; a variable left in the
    // worker's would come back after a command unsets it.
    let names: Vec<&str> = image
        .environment
        .iter()
        .map(|(name, _)| name.as_str())
        .chain(["HOME", "HOSTNAME", "PATH"])
        .filter(|name| can_be_unset(name))
        .collect();
    program.call("unset", &names);
}

/// Whether a file belongs to another user than root; git would not trust it.
fn is_foreign(path: &Path) -> bool {
    path.symlink_metadata()
        .is_ok_and(|metadata| metadata.uid() != 0)
}

/// Returns the paths that git checks and would not trust, in trees with owners from the host.
fn foreign<'a>(trees: &'a InputTrees, ways: &'a [Transferred]) -> BTreeSet<&'a str> {
    let keeps_owner = |directory: &str| {
        let directory = Path::new(directory);
        ways.iter()
            .filter(|transferred| directory.starts_with(&transferred.directory))
            .all(|transferred| transferred.way == Way::CopyOnWrite)
    };
    let roots = trees.all.iter().map(|tree| (&tree.host, &tree.directory));
    let git = trees.git.iter().flat_map(|view| &view.owned);
    roots
        .chain(git.map(|(host, directory)| (host, directory)))
        .filter(|(host, directory)| keeps_owner(directory) && is_foreign(host))
        .map(|(_, directory)| directory.as_str())
        .collect()
}
