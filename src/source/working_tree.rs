//! Questions to git about a source tree that take no part in a plan.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The names of the tracked files below `directory`, relative to it, each followed by NUL; those of
/// submodules too.
pub(super) fn tracked(directory: &Path) -> Vec<u8> {
    let all = ["ls-files", "-z", "--recurse-submodules"];
    ask(directory, &all)
        .or_else(|| ask(directory, &all[..2]))
        .unwrap_or_default()
}

/// The submodules of a working tree, by their paths in it.
pub(super) fn submodules(directory: &Path) -> Vec<PathBuf> {
    let staged = ask(directory, &["ls-files", "-z", "--stage"]).unwrap_or_default();
    staged
        .split(|byte| *byte == 0)
        .filter(|entry| entry.starts_with(b"160000 "))
        .filter_map(|entry| {
            let tab = entry.iter().position(|byte| *byte == b'\t')?;
            Some(PathBuf::from(OsString::from_vec(entry[tab + 1..].to_vec())))
        })
        .collect()
}

/// The file of a repository's own patterns, beside those that are shared.
pub(super) fn exclude_file(directory: &Path) -> Option<PathBuf> {
    let mut answer = ask(directory, &["rev-parse", "--git-path", "info/exclude"])?;
    answer.pop_if(|last| *last == b'\n');
    let file = directory.join(OsString::from_vec(answer));
    file.is_file().then_some(file)
}

fn ask(directory: &Path, question: &[&str]) -> Option<Vec<u8>> {
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
        .stdin(Stdio::null())
        .output();
    match answer {
        Ok(answer) => answer.status.success().then_some(answer.stdout),
        Err(error) => {
            tracing::debug!(%error, "git cannot be run");
            None
        }
    }
}
