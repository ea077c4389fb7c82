//! Helpers that work, and helpers that do not.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use super::*;

/// A helper of a test's own, which no `PATH` has.
fn helper(directory: &Path, script: &str) -> PathBuf {
    let program = directory.join("docker-credential-test");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    program
}

async fn ask(script: &str) -> Result<Option<RegistryCredential>, CredentialProblem> {
    let directory = tempfile::tempdir().unwrap();
    let program = helper(directory.path(), script);
    let patience = Duration::from_secs(2);
    ask_by(&program, "r.example", patience).await
}

async fn ask_by(
    program: &Path,
    server: &str,
    patience: Duration,
) -> Result<Option<RegistryCredential>, CredentialProblem> {
    let command = Ok(Command::new(program));
    helper::ask_by(command, "docker-credential-test", server, patience).await
}

#[tokio::test]
async fn a_helper_is_told_the_server_and_answers() {
    let credential =
        ask(r#"read -r server; printf '{"Username":"%s %s","Secret":"x"}' "$1" "$server""#)
            .await
            .unwrap()
            .unwrap();
    assert_eq!(credential.username.as_deref(), Some("get r.example"));
    assert_eq!(credential.password.as_deref(), Some("x"));
    let credential = ask(r#"echo '{"Username":"<token>","Secret":"t"}'"#).await;
    assert_eq!(
        credential.unwrap().unwrap().identity_token.as_deref(),
        Some("t")
    );
}

#[tokio::test]
async fn a_helper_that_knows_nothing_is_no_problem() {
    let script = "echo 'credentials not found in native keychain'; exit 1";
    assert_eq!(ask(script).await, Ok(None));
    let script = r#"echo '{"Username":"","Secret":""}'"#;
    assert_eq!(ask(script).await, Ok(None));
}

#[tokio::test]
async fn a_helper_that_fails_is_told_without_its_words() {
    for (script, words) in [
        ("echo hunter2; echo hunter2 >&2; exit 3", "exit status: 3"),
        ("echo hunter2", "not valid JSON"),
        ("kill -9 $$", "signal"),
    ] {
        let problem = ask(script).await.unwrap_err().to_string();
        assert!(problem.contains(words), "{problem}");
        assert!(!problem.contains("hunter2"), "{problem}");
    }
    let missing = helper::ask("docker-credential-nowhere", "x", Duration::from_secs(2)).await;
    let problem = missing.unwrap_err().to_string();
    assert!(problem.contains("not found in PATH"), "{problem}");
}

#[tokio::test]
async fn a_path_is_no_helper() {
    let directory = tempfile::tempdir().unwrap();
    let made = directory.path().join("made");
    let program = helper(directory.path(), &format!("touch {}", made.display()));
    let patience = Duration::from_secs(2);
    let answer = helper::ask(program.to_str().unwrap(), "x", patience).await;
    assert!(
        matches!(answer, Err(CredentialProblem::HelperNoName { .. })),
        "{answer:?}"
    );
    assert!(!made.exists());
}

#[tokio::test]
async fn a_helper_that_hangs_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let pid = directory.path().join("pid");
    let script = format!("echo $$ > {}; exec sleep 1000", pid.display());
    let program = helper(directory.path(), &script);
    let patience = Duration::from_secs(1);
    let answer = ask_by(&program, "x", patience).await;
    assert!(matches!(answer, Err(CredentialProblem::HelperHangs { .. })));
    let pid = fs::read_to_string(pid).unwrap();
    let stat = format!("/proc/{}/stat", pid.trim());
    for _ in 0..50 {
        match fs::read_to_string(&stat) {
            Ok(stat) if !stat.contains(") Z ") => {}
            _ => return,
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the helper lives on");
}

#[tokio::test]
async fn a_broken_file_is_told_and_the_next_one_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let files = vec![
        directory.path().join("nowhere.json"),
        path("empty.json", ""),
        path("broken.json", "{\n\"auths\": hunter2"),
        // me:secret
        path(
            "good.json",
            r#"{"auths":{"r.example":{"auth":"bWU6c2VjcmV0"}}}"#,
        ),
    ];
    let found = CredentialFiles::new(files, Duration::from_secs(1))
        .find("r.example", "a")
        .await;
    assert_eq!(
        found.credential.unwrap().password.as_deref(),
        Some("secret")
    );
    let problems: Vec<String> = found.problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("broken.json"), "{problems:?}");
    assert!(problems[0].contains("line 2"), "{problems:?}");
    assert!(!problems[0].contains("hunter2"), "{problems:?}");
}
