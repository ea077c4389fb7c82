//! The `git` command, and what it says of a source tree.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::plan::GitFacts;

/// Variables by which a caller tells git of a repository, or what to do in it: none of them is about
/// the tree that is asked about.
const OF_THE_CALLER: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ATTR_SOURCE",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DEFAULT_HASH",
    "GIT_DIR",
    "GIT_EXTERNAL_DIFF",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INDEX_VERSION",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_TEMPLATE_DIR",
    "GIT_WORK_TREE",
];

/// Why git has no answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// It cannot be run.
    #[error("cannot run `git`")]
    Missing(#[source] io::Error),
    /// It says no.
    #[error("`git {command}` failed: {complaint}")]
    Failed {
        /// The subcommand.
        command: String,
        /// What it says of it, in one line.
        complaint: String,
    },
}

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

/// Returns git's answer about `directory`, when it has one.
pub(super) async fn ask(directory: &Path, question: &[&str]) -> Option<String> {
    match answer(command(directory).args(question)).await {
        Ok(answer) => Some(answer).filter(|text| !text.is_empty()),
        Err(error) => {
            tracing::debug!(?question, %error, "git has no answer");
            None
        }
    }
}

/// A git command in `directory` that asks nobody for anything.
pub(super) fn command(directory: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(directory)
        // The tree may belong to another user, and is only read.
        .args(["-c", "safe.directory=*"])
        .env("GIT_TERMINAL_PROMPT", "0")
        // Its complaints are told from each other by their words.
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    for variable in OF_THE_CALLER {
        command.env_remove(variable);
    }
    command
}

/// Runs a command to its end and returns what it prints.
pub(super) async fn answer(command: &mut Command) -> Result<String, GitError> {
    let output = command.output().await.map_err(GitError::Missing)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let command = command.as_std().get_args().filter_map(OsStr::to_str);
    Err(GitError::Failed {
        command: subcommand(command).unwrap_or_default().to_owned(),
        complaint: complaint(&output.stderr),
    })
}

/// The first argument that is neither an option nor the value of one.
fn subcommand<'a>(mut arguments: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    while let Some(argument) = arguments.next() {
        if matches!(argument, "-C" | "-c") {
            arguments.next();
        } else if !argument.starts_with('-') {
            return Some(argument);
        }
    }
    None
}

/// The first line of what git complains of that says why.
fn complaint(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let said = |beginning: &str| text.lines().find_map(|line| line.strip_prefix(beginning));
    said("fatal: ")
        .or_else(|| said("error: "))
        .or_else(|| text.lines().next())
        .unwrap_or("it does not say why")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_the_line_that_says_why() {
        for (stderr, line) in [
            ("warning: x\nfatal: no way\nhint: y\n", "no way"),
            ("error: no\n", "no"),
            ("odd\n", "odd"),
            ("", "it does not say why"),
        ] {
            assert_eq!(complaint(stderr.as_bytes()), line);
        }
    }

    #[test]
    fn a_subcommand_is_told_from_options() {
        let arguments = ["-C", "/a", "-c", "x=y", "--git-dir=z", "fetch", "--quiet"];
        assert_eq!(subcommand(arguments.into_iter()), Some("fetch"));
    }
}
