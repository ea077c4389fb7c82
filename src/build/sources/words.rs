//! What is wrong with sources, in words.

use crate::source::git::repository::{NotFound, Repository};

/// How many missing stores of objects are named.
const MOST_MISSING: usize = 10;

/// Says which objects of a repository are not to be had, and what to do.
pub(in crate::build) fn of_borrowed(repository: &Repository) -> Vec<String> {
    let missing = repository.missing().map(|(store, target, is_there)| {
        let (store, target) = (store.display(), target.display());
        if is_there {
            format!(
                "`{store}` borrows objects from `{target}`, which is not the source's own; if it may use \
                 them, say `--git-dir {target}`"
            )
        } else {
            format!("`{store}` borrows objects from `{target}`, which are not there")
        }
    });
    missing.take(MOST_MISSING).collect()
}

/// Says why a version is not there, and what to do.
pub(in crate::build) fn not_found(
    reason: &NotFound,
    repository: &Repository,
    version: &str,
) -> String {
    let directory = repository.directory().display();
    match reason {
        NotFound::Unknown => {
            let borrowed = of_borrowed(repository);
            match borrowed.first() {
                // The commit may be there.
                Some(missing) => {
                    format!("`{directory}` has no `{version}` of its own, and {missing}")
                }
                None => format!(
                    "`{directory}` has no commit, branch or tag `{version}`; `git -C {directory} fetch \
                     --tags` brings what only `origin` has"
                ),
            }
        }
        NotFound::NotAtOrigin => {
            format!("neither `{directory}` nor its `origin` has `{version}`")
        }
        NotFound::NoOrigin => format!(
            "`{directory}` has no `{version}`, nor a remote `origin` that could be asked for it"
        ),
        NotFound::OriginOutOfBounds(path) => {
            let path = path.display();
            format!(
                "`origin` of `{directory}` is the directory `{path}`, which the source may use only when you \
                 say so: `--git-dir {path}`"
            )
        }
        NotFound::NoAnswer(complaint) => {
            format!(
                "`origin` of `{directory}` cannot be asked for `{version}`: {complaint} (it is asked with your own \
                 settings, but for those of `includeIf`; GIT_SSH_COMMAND counts)"
            )
        }
    }
}
