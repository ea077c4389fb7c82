//! A clean checkout of one commit, as CodeBuild makes it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt};
use tokio::process::Command;

use super::blocking::off_thread;
use super::command::{self, GitError, answer};
use super::replica::{Replica, ReplicaError};
use super::repository::{OriginAt, Repository, ResolvedCommit};

/// The longest list of refs, in bytes.
const LONGEST_LIST: u64 = 64 * 1024 * 1024;

/// Why a checkout failed.
#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Replica(#[from] ReplicaError),
    #[error("cannot write the checkout")]
    Write(#[from] io::Error),
}

/// Makes `tree`, a repository with a checkout of a commit and a detached HEAD.
///
/// With a `depth` it has that many commits of history; without, it has all branches and tags. Its
/// `origin` has the address of the original's `origin`, if any. Submodules stay empty and filters
/// do not run: files of Git LFS stay pointers.
pub async fn check_out(
    repository: &Repository,
    found: &ResolvedCommit,
    depth: Option<u32>,
    tree: &Path,
) -> Result<(), CheckoutError> {
    let replica = &repository.replica;
    let mut init = command::local(replica.home())?;
    init.args(["init", "--quiet", "--template="]);
    if let Some(format) = replica.format.objects {
        init.arg(format!("--object-format={format}"));
    }
    answer(init.arg("--").arg(tree)).await?;
    let git = || {
        let mut command = command::local(replica.home())?;
        command
            .env("GIT_DIR", tree.join(".git"))
            .env("GIT_WORK_TREE", tree);
        Ok::<Command, GitError>(command)
    };
    if let Some(address) = repository.remote() {
        let mut add = git()?;
        answer(add.args(["remote", "add", "--", "origin", address])).await?;
    }
    match depth {
        None => {
            link_objects(replica, &tree.join(".git/objects")).await?;
            let shallow = replica.directory().join("shallow");
            if shallow.exists() {
                fs::copy(shallow, tree.join(".git/shallow"))?;
            }
            write_refs(repository, tree, &git).await?;
        }
        Some(depth) if found.at_origin.is_none() => {
            let mut fetch = git()?;
            fetch.args(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"]);
            fetch.arg(format!("--depth={depth}")).arg("--");
            answer(fetch.arg(replica.directory()).arg(&found.commit)).await?;
        }
        Some(_) => {}
    }
    if let Some(name) = &found.at_origin {
        fetch_from_origin(repository, name, depth, &tree.join(".git")).await?;
    }
    let mut checkout = git()?;
    checkout.args(["checkout", "--quiet", "--force", "--detach"]);
    answer(checkout.arg(&found.commit)).await?;
    Ok(())
}

/// Fetches a commit of `origin` with its objects into a replica in `place`.
pub async fn fetch(
    repository: &Repository,
    found: &ResolvedCommit,
    place: &Path,
) -> Result<Fetched, CheckoutError> {
    let replica = Replica::empty(repository.replica.format, place)?;
    if let Some(name) = &found.at_origin {
        fetch_from_origin(repository, name, Some(1), &replica.directory()).await?;
    }
    Ok(Fetched(replica))
}

/// A commit that was fetched.
#[derive(Debug)]
pub struct Fetched(Replica);

async fn link_objects(replica: &Replica, into: &Path) -> Result<(), CheckoutError> {
    let (stores, into) = (replica.stores.clone(), into.to_path_buf());
    off_thread(move |goes_on| stores.link(&into, goes_on)).await?;
    Ok(())
}

/// Writes the refs that a clone has: the tags, the branches of `origin` (those of the original and
/// of the original's `origin`), and the branch that was checked out.
async fn write_refs(
    repository: &Repository,
    tree: &Path,
    git: &impl Fn() -> Result<Command, GitError>,
) -> Result<(), CheckoutError> {
    let replica = &repository.replica;
    let ask = |words: &[&str]| {
        let mut question = command::local(replica.home())?;
        question.env("GIT_DIR", replica.directory()).args(words);
        Ok::<Command, GitError>(question)
    };
    let format = "--format=%(objectname) %(refname) %(symref)";
    let mut list = ask(&[
        "for-each-ref",
        format,
        "refs/heads",
        "refs/tags",
        "refs/remotes/origin",
    ])?;
    let listed = command::output(&mut list, &[], LONGEST_LIST).await?;
    let listed = String::from_utf8_lossy(&listed);
    let has_origin = repository.remote().is_some();
    let mut refs = BTreeMap::new();
    let mut heads = BTreeMap::new();
    for line in listed.lines() {
        let mut words = line.split(' ');
        let (Some(commit), Some(name), symbolic) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        if symbolic.is_some_and(|target| !target.is_empty()) {
            continue;
        }
        if let Some(branch) = name.strip_prefix("refs/heads/") {
            heads.insert(branch.to_owned(), commit);
            if has_origin {
                refs.entry(format!("refs/remotes/origin/{branch}"))
                    .or_insert(commit);
            }
        } else if name.starts_with("refs/tags/") || has_origin {
            refs.insert(name.to_owned(), commit);
        }
    }
    let head = answer(&mut ask(&["symbolic-ref", "--quiet", "HEAD"])?)
        .await
        .ok();
    let branch = head
        .as_deref()
        .and_then(|head| head.strip_prefix("refs/heads/"))
        .and_then(|branch| Some((branch, *heads.get(branch)?)));
    if let Some((branch, commit)) = branch {
        refs.insert(format!("refs/heads/{branch}"), commit);
        if has_origin {
            let remotes = tree.join(".git/refs/remotes/origin");
            fs::create_dir_all(&remotes)?;
            let link = format!("ref: refs/remotes/origin/{branch}\n");
            fs::write(remotes.join("HEAD"), link)?;
            for (name, value) in [
                ("remote", "origin"),
                ("merge", &format!("refs/heads/{branch}")),
            ] {
                let name = format!("branch.{branch}.{name}");
                answer(git()?.args(["config", "--", &name, value])).await?;
            }
        }
    }
    let mut packed = String::new();
    for (name, commit) in refs {
        let _ = writeln!(packed, "{commit} {name}");
    }
    fs::write(tree.join(".git/packed-refs"), packed)?;
    Ok(())
}

/// Fetches a ref of `origin` into a git directory: from another machine with the user's own
/// settings and credentials, from this machine through a replica.
async fn fetch_from_origin(
    repository: &Repository,
    name: &str,
    depth: Option<u32>,
    into: &Path,
) -> Result<(), CheckoutError> {
    let home = repository.replica.home();
    let (mut fetch, from) = match repository.origin() {
        None => return Ok(()),
        Some(OriginAt::Replica(replica)) => {
            (command::local(home)?, replica.directory().into_os_string())
        }
        Some(OriginAt::Address(address)) => (command::remote(home)?, address.into()),
    };
    fetch.env("GIT_DIR", into);
    fetch.args(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"]);
    fetch.arg("--no-recurse-submodules");
    if let Some(depth) = depth {
        fetch.arg(format!("--depth={depth}"));
    }
    answer(fetch.arg("--").arg(from).arg(name)).await?;
    Ok(())
}

/// The entry of a commit at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blob {
    File(Vec<u8>),
    Directory,
    /// Nothing; a link that leads out of the tree is nothing too.
    Missing,
}

/// Reads at most `most` bytes of a file of a commit; links within the tree are followed. The commit
/// is in the repository, or was fetched.
pub async fn read(
    repository: &Repository,
    fetched: Option<&Fetched>,
    commit: &str,
    path: &str,
    most: u64,
) -> Result<Blob, CheckoutError> {
    // The name goes in as a line.
    if path.contains('\n') {
        return Ok(Blob::Missing);
    }
    let replica = fetched.map_or(&repository.replica, |fetched| &fetched.0);
    let mut batch = command::local(replica.home())?;
    batch
        .env("GIT_DIR", replica.directory())
        .args(["cat-file", "--batch", "--follow-symlinks"])
        .stdin(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command::spawn(&mut batch)?;
    if let Some(mut stdin) = child.stdin.take() {
        let name = format!("{commit}:{path}\n");
        stdin.write_all(name.as_bytes()).await?;
    }
    let mut output = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        let most = most.saturating_add(LONGEST_HEAD);
        stdout.take(most).read_to_end(&mut output).await?;
    }
    // Where there is more, git goes with its handle.
    Ok(blob(&output))
}

/// The longest line before a blob: a name is at most as long as a path.
const LONGEST_HEAD: u64 = 8 * 1024;

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
