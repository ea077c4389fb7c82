//! The closing summary on stderr.

use crate::env::{Run, TestEnv};

/// The summary with every time as `T`.
fn summary(run: &Run) -> String {
    run.stderr
        .lines()
        .map(|line| {
            let words = line.split(' ').map(|word| {
                let is_time = word.contains('.') && word.parse::<f64>().is_ok();
                if is_time { "T" } else { word }
            });
            let line = words.collect::<Vec<_>>().join(" ");
            line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n"
        })
        .collect()
}

#[test]
fn a_good_build_is_told_by_its_phases() {
    let run = TestEnv::new().build_command("echo hello").run();
    run.assert_succeeded();
    assert_eq!(
        summary(&run),
        "PROVISIONING SUCCEEDED T s
DOWNLOAD_SOURCE SUCCEEDED T s
INSTALL SUCCEEDED T s
PRE_BUILD SUCCEEDED T s
BUILD SUCCEEDED T s
POST_BUILD SUCCEEDED T s
UPLOAD_ARTIFACTS SUCCEEDED T s
SUCCEEDED in T s
"
    );
}

#[test]
fn a_failing_command_is_shown_with_its_last_lines_and_what_its_status_means() {
    let run = TestEnv::new()
        .buildspec(
            "version: 0.2
phases:
  pre_build:
    commands:
      - sleep 1.1
      - |
        seq 40
        nosuch --flag
",
        )
        .run();
    run.assert_failed();
    let summary = summary(&run);
    assert!(
        summary.contains("\nPRE_BUILD FAILED T s\nBUILD not run\nPOST_BUILD not run\nUPLOAD_ARTIFACTS not run\nslowest PRE_BUILD T s sleep T\n"),
        "{summary}"
    );
    assert!(
        summary.contains("\nPRE_BUILD command 2 failed: seq 40 …\n| 32\n"),
        "{summary}"
    );
    assert!(
        summary.contains("| 40\n| /codebuild/output/tmp/script.sh: 5: nosuch: not found\nexit status 127: not found"),
        "{summary}"
    );
    assert!(summary.ends_with("FAILED in T s\n"), "{summary}");
}

#[test]
fn statuses_are_explained() {
    for (command, words) in [
        ("/etc/passwd", "exit status 126: not executable"),
        (
            "kill -KILL $$",
            "exit status 137: killed (SIGKILL): out of memory",
        ),
        ("kill -SEGV $$", "exit status 139: segmentation fault"),
        ("exit 3", "exit status 3\n"),
    ] {
        let run = TestEnv::new().build_command(command).run();
        run.assert_failed();
        assert!(summary(&run).contains(words), "{command}: {run}");
    }
}

#[test]
fn a_terminal_is_safe_from_the_last_lines() {
    let run = TestEnv::new()
        .build_command("printf 'one\\033[2J\\n10%%\\r100%%\\n'; false")
        .run();
    run.assert_failed();
    assert!(run.stderr.contains("| one^[[2J\n"), "{run}");
    assert!(run.stderr.contains("| 100%\n"), "{run}");
}
