//! Why there is no build, with what to do about it.

use super::failure::Failure;
use crate::build::BuildError;
use crate::exit::ExitStatus;
use crate::source::git::GitError;
use crate::source::git::repository::RepositoryError;
use crate::source::unzip::UnzipError;

/// Says why a build did not begin; `stopped_by` is the status of the signal that stopped it.
pub(super) fn build_failure(
    error: BuildError,
    stopped_by: Option<ExitStatus>,
) -> Result<ExitStatus, Failure> {
    Err(match error {
        BuildError::Stopped => return Ok(stopped_by.unwrap_or(ExitStatus::Interrupted)),
        BuildError::Repository(error) => repository(error),
        BuildError::Git(error @ GitError::Missing(_)) => Failure::no_verdict(error)
            .hint("--source-version needs the command `git` on this machine"),
        BuildError::Git(error) => Failure::no_verdict(error),
        // A zip file that is no good is a mistake of the command line, unless it could not be written.
        BuildError::Zip { ref source, .. } if !matches!(source, UnzipError::Write { .. }) => {
            Failure::usage(error)
        }
        BuildError::NoBuildspec => Failure::usage(error)
            .hint("name one with -b: a file of this machine, its text, or `-` for stdin"),
        BuildError::Buildspec(_) => Failure::usage(error),
        BuildError::NoSuchStep(_) => {
            Failure::usage(error).hint("`cobuild plan` lists the phases and their commands")
        }
        BuildError::TimedOut(_) => Failure::no_verdict(error)
            .hint("`--timeout` gives a build, and what comes before it, more time"),
        BuildError::Checkout(_)
        | BuildError::Zip { .. }
        | BuildError::Workspace { .. }
        | BuildError::Task(_) => Failure::no_verdict(error),
    })
}

/// A directory that is no repository is a mistake of the command line.
fn repository(error: RepositoryError) -> Failure {
    match error {
        RepositoryError::OutOfBounds { ref target, .. } => {
            let hint = format!(
                "if it belongs to the source, allow it with `--git-dir {}`",
                target.display()
            );
            Failure::usage(error).hint(hint)
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
        error @ (RepositoryError::Git(_)
        | RepositoryError::Unusable { .. }
        | RepositoryError::Replica(_)) => Failure::no_verdict(error),
    }
}
