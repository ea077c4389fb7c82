//! Writes the program that lays out the container before the first command.

use std::path::Path;

use crate::engine::ImageFacts;
use crate::event::{Transferred, Way};
use crate::plan::layout;
use crate::plan::{Plan, SourceOwner, Variable, Work};
use crate::runner::container::program::{Program, can_be_unset, exports};
use crate::runner::sources::trees::InputTrees;
use crate::source::inventory::Inventory;

/// The program that lays out the container. Nothing in it but `mkdir` and `chmod` needs more
/// of the image than its shell. `inventories` is what is in the trees.
pub(in crate::runner) fn layout_program(
    plan: &Plan,
    work: &Work,
    trees: &InputTrees,
    ways: &[Transferred],
    inventories: &[Inventory],
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
    for ((tree, transferred), inventory) in trees.all.iter().zip(ways).zip(inventories) {
        let keeps_owners = match transferred.way {
            Way::CopyOnWrite => plan.source_owner == SourceOwner::Keep,
            Way::Mount => true,
            Way::Tar => false,
        };
        if keeps_owners && inventory.is_foreign {
            for below in &inventory.repositories {
                let root = Path::new(&tree.directory);
                // Joining nothing would add a slash, and git compares texts.
                let is_root = below.as_os_str().is_empty();
                let repository = if is_root { root } else { &root.join(below) };
                program.trust(repository);
            }
        }
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
