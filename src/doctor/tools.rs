//! Checks programs of this machine.

use std::io;
use std::process::{Output, Stdio};
use std::time::Duration;

use super::{Check, Subject};
use crate::host::program;

/// How long git may take to say its version.
const LIMIT: Duration = Duration::from_secs(5);

pub(super) async fn git() -> Check {
    let subject = Subject::Git;
    let remedy = "install git: --source-version and the variables about the commit need it";
    match run("git", "--version", LIMIT).await {
        Ok(output) if output.status.success() => {
            let version = String::from_utf8_lossy(&output.stdout);
            let version = version.trim().trim_start_matches("git version ");
            Check::ok(subject, version)
        }
        Ok(output) => Check::warning(
            subject,
            format!("`git --version` ended with {}", output.status),
            remedy,
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Check::warning(subject, "git was not found in PATH", remedy)
        }
        Err(error) => Check::warning(subject, format!("cannot run git: {error}"), remedy),
    }
}

/// Runs a program with one argument, within a time limit.
pub(super) async fn run(name: &str, argument: &str, limit: Duration) -> io::Result<Output> {
    let running = program::command(name)?
        .arg(argument)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    match tokio::time::timeout(limit, running).await {
        Ok(output) => output,
        Err(_) => Err(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("it did not answer within {} s", limit.as_secs()),
        )),
    }
}
