//! A clean checkout of one commit, as CodeBuild makes it.

use std::io;
use std::path::Path;
use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::git::{self, GitError, answer};
use super::repository::{Found, Repository};

/// What git is told when it copies from repository to repository on this machine. Whoever owns the
/// other one is trusted, any of its commits can be had, and nothing that the user's own settings name
/// is run.
const SETTINGS: &str = "\
[safe]
\tdirectory = *
[uploadpack]
\tallowAnySHA1InWant = true
[core]
\thooksPath = /dev/null
\tattributesFile = /dev/null
[gc]
\tauto = 0
[maintenance]
\tauto = false
";

/// Why there is no checkout.
#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    /// Git says no.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file of the checkout cannot be written.
    #[error("cannot write the checkout")]
    Write(#[from] io::Error),
}

/// Makes `tree`, a repository with a checkout of a commit and a detached HEAD.
///
/// With a `depth` it has that many commits of history and no more; without it has all branches and
/// tags. Its `origin` has the address of the original's `origin`; where that has none, it has none
/// either. Submodules stay empty, filters do not run: files of Git LFS stay pointers. `settings` is a
/// file beside the tree that is written for git.
pub async fn check_out(
    repository: &Repository,
    found: &Found,
    depth: Option<u32>,
    tree: &Path,
    settings: &Path,
) -> Result<(), CheckoutError> {
    std::fs::write(settings, SETTINGS)?;
    let local = |directory: &Path| {
        let mut command = git::command(directory);
        command
            .env("GIT_CONFIG_GLOBAL", settings)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_ATTR_NOSYSTEM", "1")
            // A Ctrl-C is for cobuild, which ends git itself.
            .process_group(0);
        command
    };
    let original = repository.directory();
    match depth {
        None => {
            answer(
                local(original)
                    .args(["clone", "--quiet", "--local", "--dissociate"])
                    .args(["--no-checkout", "--template=", "--"])
                    .args([original, tree]),
            )
            .await?;
            let mut fetch = local(tree);
            fetch.args(["fetch", "--quiet", "--no-write-fetch-head", "--"]);
            fetch.arg(original).args([
                "+refs/remotes/origin/*:refs/remotes/origin/*",
                // It would be written through, to the branch it stands for.
                "^refs/remotes/origin/HEAD",
            ]);
            if found.at_origin.is_none() {
                fetch.arg(&found.commit);
            }
            answer(&mut fetch).await?;
        }
        Some(depth) => {
            init(local(original), repository, tree).await?;
            if found.at_origin.is_none() {
                let mut fetch = local(tree);
                fetch.args(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"]);
                fetch.arg(format!("--depth={depth}")).arg("--");
                answer(fetch.arg(original).arg(&found.commit)).await?;
            }
        }
    }
    if let Some(name) = &found.at_origin {
        fetch_from_origin(repository, name, depth, tree).await?;
    }
    set_origin(&local, repository, tree).await?;
    let mut checkout = local(tree);
    checkout.args(["checkout", "--quiet", "--force", "--detach"]);
    answer(checkout.arg(&found.commit)).await?;
    Ok(())
}

/// Makes a bare repository that holds a commit of `origin`, with what the commit itself needs.
pub async fn fetch_bare(
    repository: &Repository,
    found: &Found,
    directory: &Path,
) -> Result<Repository, CheckoutError> {
    let mut init = git::command(repository.directory());
    init.args(["init", "--quiet", "--bare", "--template=", "--"]);
    answer(init.arg(directory)).await?;
    if let Some(name) = &found.at_origin {
        fetch_from_origin(repository, name, Some(1), directory).await?;
    }
    Ok(repository.at(directory))
}

async fn init(
    mut command: Command,
    repository: &Repository,
    tree: &Path,
) -> Result<(), CheckoutError> {
    let question = ["rev-parse", "--show-object-format"];
    let format = git::ask(repository.directory(), &question).await;
    command.args(["init", "--quiet", "--template="]);
    if let Some(format) = format {
        command.arg(format!("--object-format={format}"));
    }
    answer(command.arg("--").arg(tree)).await?;
    Ok(())
}

/// Fetches what `origin` has under a name, with the ways and credentials that the user and the
/// original repository have for it.
async fn fetch_from_origin(
    repository: &Repository,
    name: &str,
    depth: Option<u32>,
    tree: &Path,
) -> Result<(), CheckoutError> {
    let Some(remote) = repository.remote() else {
        return Ok(());
    };
    // An address may be relative to the original.
    let mut fetch = git::command(repository.directory());
    let data = match tree.join(".git") {
        data if data.exists() => data,
        _ => tree.to_path_buf(),
    };
    fetch.env("GIT_DIR", data);
    fetch.args(["-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0"]);
    for (index, (key, value)) in ways(repository).await.iter().enumerate() {
        fetch.env(format!("GIT_CONFIG_KEY_{index}"), key);
        fetch.env(format!("GIT_CONFIG_VALUE_{index}"), value);
        fetch.env("GIT_CONFIG_COUNT", (index + 1).to_string());
    }
    fetch.args(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"]);
    if let Some(depth) = depth {
        fetch.arg(format!("--depth={depth}"));
    }
    answer(fetch.args(["--", remote, name])).await?;
    Ok(())
}

/// The settings of a repository that say how to reach others; they may hold credentials, so they
/// are no arguments.
async fn ways(repository: &Repository) -> Vec<(String, String)> {
    let pattern = "^(http|credential|url)\\.|^core\\.sshcommand$";
    let question = ["config", "--local", "--null", "--get-regexp", pattern];
    let settings = git::ask(repository.directory(), &question).await;
    settings
        .unwrap_or_default()
        .split('\0')
        .filter_map(|setting| setting.split_once('\n'))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

async fn set_origin(
    local: &impl Fn(&Path) -> Command,
    repository: &Repository,
    tree: &Path,
) -> Result<(), CheckoutError> {
    let known = answer(local(tree).arg("remote")).await?;
    let has_origin = known.lines().any(|name| name == "origin");
    let mut command = local(tree);
    command.arg("remote");
    match (repository.remote(), has_origin) {
        (Some(address), true) => command.args(["set-url", "--", "origin", address]),
        (Some(address), false) => command.args(["add", "--", "origin", address]),
        (None, true) => command.args(["remove", "origin"]),
        (None, false) => return Ok(()),
    };
    answer(&mut command).await?;
    Ok(())
}

/// What a commit has at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blob {
    /// A file.
    File(Vec<u8>),
    /// A directory.
    Directory,
    /// Nothing; a link that leads out of the tree is nothing too.
    Missing,
}

/// Reads one file of a commit; links within the tree are followed.
pub async fn read(repository: &Repository, commit: &str, path: &str) -> io::Result<Blob> {
    // The name goes in as a line.
    if path.contains('\n') {
        return Ok(Blob::Missing);
    }
    let mut child = git::command(repository.directory())
        .args(["cat-file", "--batch", "--follow-symlinks"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        let name = format!("{commit}:{path}\n");
        stdin.write_all(name.as_bytes()).await?;
    }
    let output = child.wait_with_output().await?.stdout;
    Ok(blob(&output))
}

/// Reads `ID KIND SIZE`, a line, and the content.
fn blob(output: &[u8]) -> Blob {
    let end = output.iter().position(|byte| *byte == b'\n');
    let (head, content) = output.split_at(end.unwrap_or(output.len()));
    let head = String::from_utf8_lossy(head);
    let mut words = head.split(' ').rev();
    let size = words.next().and_then(|size| size.parse().ok());
    match (words.next(), size) {
        (Some("blob"), Some(size)) => {
            let content = content.iter().skip(1).take(size);
            Blob::File(content.copied().collect())
        }
        (Some("tree"), _) => Blob::Directory,
        _ => Blob::Missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_s_answer_is_taken_apart() {
        for (answer, meant) in [
            ("abc blob 3\na\nb\n", Blob::File(b"a\nb".into())),
            ("abc tree 30\nxyz\n", Blob::Directory),
            ("abc:x missing\n", Blob::Missing),
            ("dangling 8\nabc:some\n", Blob::Missing),
            ("symlink 11\n/etc/passwd\n", Blob::Missing),
            ("", Blob::Missing),
        ] {
            assert_eq!(blob(answer.as_bytes()), meant, "{answer}");
        }
    }
}
