//! What git says of a source tree, by way of the `git` command.

use std::path::Path;

use tokio::process::Command;

use crate::plan::GitFacts;

/// Asks git about `directory`; a tree that is not the root of a repository, and a host without
/// git, have no facts.
pub async fn facts(directory: &Path) -> GitFacts {
    // A directory below a repository's root comes into the build without the `.git` above it.
    if !directory.join(".git").exists() {
        return GitFacts::default();
    }
    let (commit, remote) = tokio::join!(
        ask(directory, &["rev-parse", "--verify", "--quiet", "HEAD"]),
        ask(directory, &["config", "--get", "remote.origin.url"]),
    );
    GitFacts { commit, remote }
}

async fn ask(directory: &Path, question: &[&str]) -> Option<String> {
    let answer = Command::new("git")
        .arg("-C")
        .arg(directory)
        // The tree may belong to another user, and is only read.
        .args(["-c", "safe.directory=*"])
        .args(question)
        // A caller's own repository must not answer in the tree's place.
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output()
        .await;
    match answer {
        Ok(answer) if answer.status.success() => {
            let text = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
            (!text.is_empty()).then_some(text)
        }
        Ok(answer) => {
            tracing::debug!(?question, status = %answer.status, "git has no answer");
            None
        }
        Err(error) => {
            tracing::debug!(%error, "git cannot be run");
            None
        }
    }
}
