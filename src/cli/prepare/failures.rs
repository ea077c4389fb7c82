//! What is wrong with sources, in words.

use std::path::Path;

use anyhow::Error;

use crate::cli::Failure;
use crate::source::git::GitError;
use crate::source::git::checkout::CheckoutError;
use crate::source::git::repository::{NotFound, Repository, RepositoryError};
use crate::source::unzip::UnzipError;

/// How much that is missing is told.
const MOST_MISSING: usize = 10;

/// A directory that is no repository is a mistake of the command line.
pub(super) fn no_repository(error: RepositoryError) -> Failure {
    match error {
        RepositoryError::Git(error) => of_git(error),
        RepositoryError::OutOfBounds { ref target, .. } => {
            let hint = format!(
                "if it is the source's all the same, say `--git-dir {}`",
                target.display()
            );
            Failure::usage(error).hint(hint)
        }
        error @ (RepositoryError::Unusable { .. } | RepositoryError::Replica(_)) => {
            Failure::no_verdict(error)
        }
        RepositoryError::NotARepository {
            ref directory,
            ref root,
        } => {
            let hint = match root {
                Some(root) => format!(
                    "`-s {}` is the root; without --source-version `{}` is built as it is",
                    root.display(),
                    directory.display()
                ),
                None => "name a git repository with -s, or leave --source-version out: the \
                         directory is then built as it is"
                    .to_owned(),
            };
            Failure::usage(error).hint(hint)
        }
    }
}

/// Git that does not work says nothing of the build.
pub(super) fn of_git(error: GitError) -> Failure {
    let is_missing = matches!(error, GitError::Missing(_));
    let failure = Failure::no_verdict(error);
    if is_missing {
        failure.hint("--source-version needs the command `git` on this machine")
    } else {
        failure
    }
}

pub(super) fn of_checkout(error: CheckoutError) -> Failure {
    match error {
        CheckoutError::Git(error) => of_git(error),
        error @ (CheckoutError::Write(_) | CheckoutError::Replica(_)) => Failure::no_verdict(error),
    }
}

/// A zip file that is no good is a mistake of the command line, unless it could not be written.
pub(super) fn of_zip(error: UnzipError, file: &Path) -> Failure {
    let is_ours = matches!(error, UnzipError::Write { .. });
    let error = Error::new(error).context(format!("cannot use the source `{}`", file.display()));
    if is_ours {
        Failure::no_verdict(error)
    } else {
        Failure::usage(error)
    }
}

/// Says which objects of a repository are not to be had, and what to do.
pub(super) fn of_borrowed(repository: &Repository) -> Vec<String> {
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
pub(super) fn not_found(reason: &NotFound, repository: &Repository, version: &str) -> String {
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
