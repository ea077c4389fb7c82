//! Words the problems of sources.

use crate::source::git::repository::{Repository, VersionNotFound};

/// How many missing object stores are reported.
const MOST_MISSING: usize = 10;

/// Returns warnings about missing objects of a repository, with what to do.
pub(in crate::build) fn of_borrowed(repository: &Repository) -> Vec<String> {
    let missing = repository.missing().map(|(store, target, is_there)| {
        let (store, target) = (store.display(), target.display());
        if is_there {
            format!(
                "`{store}` borrows objects from `{target}`, which does not belong to the source; to allow \
                 it, add `--git-dir {target}`"
            )
        } else {
            format!("`{store}` borrows objects from `{target}`, which does not exist")
        }
    });
    missing.take(MOST_MISSING).collect()
}

/// Returns why a version is not available, and what to do.
pub(in crate::build) fn not_found(
    reason: &VersionNotFound,
    repository: &Repository,
    version: &str,
) -> String {
    let directory = repository.directory().display();
    match reason {
        VersionNotFound::Unknown => {
            let borrowed = of_borrowed(repository);
            match borrowed.first() {
                // The commit may exist there.
                Some(missing) => {
                    format!("`{directory}` itself has no `{version}`, and {missing}")
                }
                None => format!(
                    "`{directory}` has no commit, branch or tag `{version}`; to get what only `origin` has, run \
                     `git fetch --tags` there"
                ),
            }
        }
        VersionNotFound::NotAtOrigin => {
            format!("neither `{directory}` nor its `origin` has `{version}`")
        }
        VersionNotFound::NoOrigin => {
            format!("`{directory}` has no `{version}`, and no remote `origin` to fetch it from")
        }
        VersionNotFound::OriginOutOfBounds(path) => {
            let path = path.display();
            format!(
                "`origin` of `{directory}` is the directory `{path}`; to allow the source to use it, add \
                 `--git-dir {path}`"
            )
        }
        VersionNotFound::NoAnswer(complaint) => {
            format!(
                "cannot fetch `{version}` from `origin` of `{directory}`: {complaint} (git uses your own settings \
                 except those in `includeIf`; GIT_SSH_COMMAND works)"
            )
        }
    }
}
