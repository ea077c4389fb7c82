//! Runs credential helpers.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use super::problem::CredentialProblem;
use crate::engine::RegistryCredential;
use crate::host::program;

/// The answer of a helper that has no credentials for a server.
const UNKNOWN: &str = "credentials not found";

/// The user whose password is a token.
const TOKEN_USER: &str = "<token>";

/// The longest answer, in bytes.
const LONGEST_ANSWER: u64 = 1024 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: String,
}

/// Asks a helper for the credentials of a server; `None` when it has none. The helper is killed
/// after `patience`, or when the future is dropped.
pub(super) async fn ask(
    program: &str,
    server: &str,
    patience: Duration,
) -> Result<Option<RegistryCredential>, CredentialProblem> {
    ask_by(program::command(program), program, server, patience).await
}

/// The same, with the command that runs the helper.
pub(super) async fn ask_by(
    command: io::Result<Command>,
    program: &str,
    server: &str,
    patience: Duration,
) -> Result<Option<RegistryCredential>, CredentialProblem> {
    match tokio::time::timeout(patience, run(command, server)).await {
        Err(_) => Err(CredentialProblem::HelperHangs {
            program: program.to_owned(),
            patience,
        }),
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => {
            Err(CredentialProblem::HelperMissing {
                program: program.to_owned(),
            })
        }
        Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidInput => {
            Err(CredentialProblem::HelperNoName {
                program: program.to_owned(),
            })
        }
        Ok(Err(error)) => Err(failed(program, error.to_string())),
        Ok(Ok((output, None))) => match serde_json::from_slice::<Answer>(&output) {
            Ok(answer) => Ok(credential(answer)),
            Err(_) => Err(failed(program, "its answer is not valid JSON".to_owned())),
        },
        Ok(Ok((output, Some(_)))) if String::from_utf8_lossy(&output).contains(UNKNOWN) => Ok(None),
        Ok(Ok((_, Some(ended)))) => Err(failed(program, ended)),
    }
}

/// Runs a helper; returns its output, and its exit status when it failed.
async fn run(command: io::Result<Command>, server: &str) -> io::Result<(Vec<u8>, Option<String>)> {
    let mut child = command?
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // A helper that does not read its input reports why by its exit status.
        let _ = input.write_all(server.as_bytes()).await;
    }
    let mut output = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(LONGEST_ANSWER).read_to_end(&mut output).await?;
    }
    let status = child.wait().await?;
    let ended = (!status.success()).then(|| status.to_string());
    Ok((output, ended))
}

fn credential(answer: Answer) -> Option<RegistryCredential> {
    let Answer { username, secret } = answer;
    if secret.is_empty() {
        return None;
    }
    Some(if username == TOKEN_USER {
        RegistryCredential {
            identity_token: Some(secret),
            ..RegistryCredential::default()
        }
    } else {
        RegistryCredential {
            username: Some(username),
            password: Some(secret),
            ..RegistryCredential::default()
        }
    })
}

fn failed(program: &str, ended: String) -> CredentialProblem {
    CredentialProblem::HelperFailed {
        program: program.to_owned(),
        ended,
    }
}
