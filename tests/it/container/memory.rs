//! Lack of memory, made for real.

use crate::env::TestEnv;

/// More than the container may use, in a command whose own process is killed.
const EATER: &str = "exec python3 -c 'x = bytearray(300 << 20)'";

#[test]
fn a_command_that_is_killed_for_it_is_told_so() {
    let (run, build) = TestEnv::new()
        .build_command(EATER)
        .args(&["--memory", "64m"])
        .run_with_json();
    run.assert_failed();
    let context = format!(
        "Error while executing command: {EATER}. Reason: exit status 137 (killed: out of memory)"
    );
    let phases = build["phases"].as_array().unwrap();
    let phase = phases.iter().find(|it| it["phaseType"] == "BUILD").unwrap();
    assert_eq!(
        phase["contexts"][0]["statusCode"],
        "COMMAND_EXECUTION_ERROR"
    );
    assert_eq!(phase["contexts"][0]["message"], context.as_str());
    assert!(
        run.stderr.contains(
            "exit status 137: killed: out of memory (limit 64 MiB); --memory gives more\n"
        ),
        "{run}"
    );
}

#[test]
fn a_command_that_fails_since_another_was_killed_is_told_so() {
    let command = format!("sh -c \"{}\" || exit 3", EATER.replace("exec ", ""));
    let run = TestEnv::new()
        .build_command(&command)
        .args(&["--memory", "64m"])
        .run();
    run.assert_failed();
    assert!(
        run.stdout
            .contains("Reason: exit status 3 (killed: out of memory)"),
        "{run}"
    );
    assert!(
        run.stderr
            .contains("exit status 3: killed: out of memory (limit 64 MiB)"),
        "{run}"
    );
}

#[test]
fn another_failure_is_not_blamed_on_memory() {
    let run = TestEnv::new()
        .build_commands(&[
            &format!("{} || true", EATER.replace("exec ", "")),
            "kill -KILL $$",
        ])
        .args(&["--memory", "64m"])
        .run();
    run.assert_failed();
    assert!(
        run.stdout.contains("Killed\n"),
        "the first was killed: {run}"
    );
    assert!(run.stdout.contains("Reason: exit status 137\n"), "{run}");
    assert!(!run.stderr.contains("--memory gives more"), "{run}");
}

#[test]
fn a_container_that_dies_of_it_is_told_so() {
    // Files in memory go with no process: in the end the container's own are killed.
    let run = TestEnv::new()
        .build_command("while :; do head -c 400M /dev/zero > /dev/shm/full; done")
        .args(&["--memory", "32m", "--shm-size", "1g"])
        .run();
    run.assert_failed();
    assert!(
        run.stdout.contains("Build container found dead before completing the build. build container died because it was out of memory"),
        "{run}"
    );
    assert!(
        run.stderr
            .contains("killed: out of memory (limit 32 MiB); --memory gives more\n"),
        "{run}"
    );
}

#[test]
fn a_retry_looks_at_the_words_of_the_cloud_alone() {
    let spec = serde_json::json!({
        "version": 0.2,
        "phases": { "build": { "on-failure": "RETRY-1-killed: out", "commands": [EATER] } }
    });
    let run = TestEnv::new()
        .buildspec(&spec.to_string())
        .args(&["--memory", "64m"])
        .run();
    run.assert_failed();
    assert_eq!(
        run.stdout.matches("Running command exec python3").count(),
        1,
        "{run}"
    );
    assert!(
        run.stdout
            .contains("Reason: exit status 137 (killed: out of memory)\n"),
        "{run}"
    );
}
