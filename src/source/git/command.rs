//! Runs the `git` command.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use crate::host::program;

/// Variables that point git to a repository or change its work: they belong to the caller, not to
/// the repository that cobuild asks.
const OF_THE_CALLER: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ATTR_SOURCE",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DEFAULT_HASH",
    "GIT_DEFAULT_REF_FORMAT",
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
    "GIT_TRACE_PACKFILE",
    "GIT_WORK_TREE",
];

/// The variables of the caller that git needs to run.
const TO_RUN: &[&str] = &[
    "DYLD_FALLBACK_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "GIT_EXEC_PATH",
    "LD_LIBRARY_PATH",
    "TMPDIR",
];

/// The protocols allowed for a remote. `ext` and other helpers run commands from the address;
/// `file` reads a repository with its configuration.
const PROTOCOLS: &str = "http:https:ssh:git:codecommit";

/// The longest short answer, in bytes.
const LONGEST_ANSWER: u64 = 1024 * 1024;

/// The longest error message, in bytes.
const LONGEST_COMPLAINT: u64 = 64 * 1024;

/// The memory limit of git, in bytes: repositories of others are not trusted.
#[cfg(target_os = "linux")]
const MOST_MEMORY: u64 = 4 * 1024 * 1024 * 1024;

/// Why a git command failed.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    #[error("cannot run `git`")]
    Missing(#[source] io::Error),
    #[error("`git {command}` failed: {complaint}")]
    Failed { command: String, complaint: String },
}

/// Returns a git command that depends on its arguments and `home` only: no configuration except
/// `home/.gitconfig`, no variables of the caller, no protocol except `file`.
pub(super) fn local(home: &Path) -> Result<Command, GitError> {
    let mut command = start()?;
    program::clear_environment(&mut command, TO_RUN);
    let config = home.join(".gitconfig");
    command
        .current_dir(home)
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home)
        .env("GIT_CONFIG_GLOBAL", config)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_ATTR_NOSYSTEM", "1")
        .env("GIT_ALLOW_PROTOCOL", "file")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("GIT_OPTIONAL_LOCKS", "0")
        // Ctrl-C is for cobuild, which ends git itself; a git that may ask for a passphrase stays
        // in the foreground.
        .process_group(0);
    settle(&mut command);
    Ok(command)
}

/// Returns a git command for a remote machine, with the settings and credentials of the user.
pub(super) fn remote(home: &Path) -> Result<Command, GitError> {
    let mut command = start()?;
    for variable in OF_THE_CALLER {
        command.env_remove(variable);
    }
    command
        .current_dir(home)
        .args([
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "core.fsmonitor=false",
        ])
        .args(["-c", "gc.auto=0", "-c", "maintenance.auto=false"])
        .env("GIT_ALLOW_PROTOCOL", PROTOCOLS)
        .env("GIT_NO_LAZY_FETCH", "1");
    settle(&mut command);
    Ok(command)
}

fn start() -> Result<Command, GitError> {
    program::command("git").map_err(GitError::Missing)
}

fn settle(command: &mut Command) {
    command
        .env("GIT_TERMINAL_PROMPT", "0")
        // Errors are recognized by their text.
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
}

/// Starts a command of [`local`] or [`remote`].
pub(super) fn spawn(command: &mut Command) -> Result<Child, GitError> {
    let child = command.spawn().map_err(GitError::Missing)?;
    limit_memory(&child);
    Ok(child)
}

/// Limits the memory of git: a small repository can expand to more than any machine has.
#[cfg(target_os = "linux")]
fn limit_memory(child: &Child) {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let pid = child.id().and_then(|id| i32::try_from(id).ok());
    let Some(pid) = pid.and_then(Pid::from_raw) else {
        return;
    };
    let limit = Rlimit {
        current: Some(MOST_MEMORY),
        maximum: Some(MOST_MEMORY),
    };
    if let Err(error) = prlimit(Some(pid), Resource::Data, limit) {
        tracing::debug!(%error, "git has no limit of memory");
    }
}

#[cfg(not(target_os = "linux"))]
fn limit_memory(_child: &Child) {}

/// Runs a command and returns its output.
pub(super) async fn answer(command: &mut Command) -> Result<String, GitError> {
    let output = output(command, &[], LONGEST_ANSWER).await?;
    Ok(String::from_utf8_lossy(&output).trim().to_owned())
}

/// Runs a command with `input` as its stdin and returns its output of at most `most` bytes; fails
/// when it prints more.
pub(super) async fn output(
    command: &mut Command,
    input: &[u8],
    most: u64,
) -> Result<Vec<u8>, GitError> {
    if !input.is_empty() {
        command.stdin(Stdio::piped());
    }
    let mut child = spawn(command)?;
    let name = || {
        let words = command.as_std().get_args().filter_map(OsStr::to_str);
        subcommand(words).unwrap_or_default().to_owned()
    };
    let failed = |complaint| GitError::Failed {
        command: name(),
        complaint,
    };
    let stdin = child.stdin.take();
    let feeding = async {
        if let Some(mut stdin) = stdin {
            // A command that stops reading reports why itself.
            let _ = stdin.write_all(input).await;
        }
        Ok(())
    };
    let stdout = child.stdout.take();
    let printing = async {
        let printed = beginning(stdout, most.saturating_add(1)).await;
        let printed = printed.map_err(|error| failed(error.to_string()))?;
        if printed.len() as u64 > most {
            // Nobody waits for the rest: git goes with its handle.
            return Err(failed("its output is too long".to_owned()));
        }
        Ok(printed)
    };
    let mut stderr = child.stderr.take();
    let complaining = async {
        let complaints = beginning(stderr.as_mut(), LONGEST_COMPLAINT).await;
        if let Some(rest) = &mut stderr {
            // So that it can go on.
            let _ = tokio::io::copy(rest, &mut tokio::io::sink()).await;
        }
        Ok(complaints.unwrap_or_default())
    };
    let ((), printed, complaints) = tokio::try_join!(feeding, printing, complaining)?;
    let status = child.wait().await.map_err(GitError::Missing)?;
    if status.success() {
        return Ok(printed);
    }
    Err(failed(complaint(&complaints)))
}

/// Reads the first bytes of a stream, `most` at most.
async fn beginning(stream: Option<impl AsyncRead + Unpin>, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        stream.take(most).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
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

/// Returns the first line of git's errors that gives a reason.
fn complaint(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let said = |beginning: &str| text.lines().find_map(|line| line.strip_prefix(beginning));
    said("fatal: ")
        .or_else(|| said("error: "))
        .or_else(|| text.lines().next())
        .unwrap_or("git gave no reason")
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
            ("", "git gave no reason"),
        ] {
            assert_eq!(complaint(stderr.as_bytes()), line);
        }
    }

    #[test]
    fn a_subcommand_is_told_from_options() {
        let arguments = ["-C", "/a", "-c", "x=y", "--git-dir=z", "fetch", "--quiet"];
        assert_eq!(subcommand(arguments.into_iter()), Some("fetch"));
    }

    #[tokio::test]
    async fn an_answer_has_an_end() {
        let home = tempfile::tempdir().unwrap();
        let ask = |most| {
            let mut command = local(home.path()).unwrap();
            command.arg("--version");
            async move { output(&mut command, &[], most).await }
        };
        assert!(ask(1000).await.unwrap().starts_with(b"git version"));
        assert!(ask(5).await.is_err());
    }
}
