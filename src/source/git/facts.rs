//! Reads the commit and the remote of a source for the build.

use std::path::Path;

use super::command;
use super::directory::{AllowedDirectories, GitDirectory, is_object_id};
use super::replica::{Replica, ReplicaError};
use super::repository::RepositoryError;
use crate::plan::GitFacts;

/// Returns the git facts of a tree. They are empty when the tree is not the root of a repository,
/// when git is missing, and when the git directory is not provably the tree's.
pub async fn facts(directory: &Path, mut bounds: AllowedDirectories) -> GitFacts {
    // A directory below a repository's root comes into the build without the `.git` above it.
    let git = match GitDirectory::locate(directory, &mut bounds).await {
        Ok(Some(git)) => git,
        Ok(None) => return GitFacts::default(),
        Err(error) => {
            tracing::debug!(%error, "the tree has no git directory of its own");
            return GitFacts::default();
        }
    };
    let commit = match git.head() {
        Some(commit) => Some(commit),
        None => ask(&git, &bounds).await,
    };
    GitFacts {
        commit,
        remote: git.settings.origin().map(str::to_owned),
    }
}

/// Asks git where `HEAD` is, when that takes more than a look.
async fn ask(git: &GitDirectory, bounds: &AllowedDirectories) -> Option<String> {
    let asked = async {
        let place = tempfile::tempdir().map_err(ReplicaError::Write)?;
        let replica = Replica::of_refs(git, bounds, &place.path().join("head")).await?;
        let mut question = command::local(replica.home())?;
        question.env("GIT_DIR", replica.directory());
        question.args(["rev-parse", "--verify", "--quiet", "HEAD"]);
        Ok::<_, RepositoryError>(command::answer(&mut question).await?)
    };
    match asked.await {
        Ok(commit) => Some(commit).filter(|commit| is_object_id(commit)),
        Err(error) => {
            tracing::debug!(%error, "git does not know where `HEAD` is");
            None
        }
    }
}
