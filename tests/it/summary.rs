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
        summary.contains(
            "\nPRE_BUILD command 2 failed: seq 40 …\n… 21 lines more, in the log\n| 22\n"
        ),
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

/// A run of this buildspec.
fn run(buildspec: &str) -> Run {
    TestEnv::new().buildspec(buildspec).run()
}

#[test]
fn a_refused_buildspec_is_shown_as_check_shows_it() {
    let run = run("version: 0.2
phases:
  build:
    commands:
      - echo \"a: b\"
      - echo: c
  biuld: {}
");
    run.assert_failed();
    for text in [
        "\nerror[bs005]: ",
        "\n --> buildspec.yml:6:9\n",
        "\n6 |       - echo: c\n",
        "help: ",
    ] {
        assert!(run.stderr.contains(text), "{text}\n{run}");
    }
    assert!(!run.stdout.contains("bs0"), "the log is CodeBuild's: {run}");
}

#[test]
fn keys_that_do_nothing_are_shown_first_and_the_rest_is_counted() {
    let run = run("version: 0.2
a: 1
b: 2
c: 3
d: 4
phases:
  build:
    commands: ['true']
");
    run.assert_succeeded();
    assert_eq!(run.stderr.matches("\nwarning[bs101]: ").count(), 3, "{run}");
    let text = "\n`cobuild check` shows 1 more problem of the buildspec\n";
    assert!(run.stderr.contains(text), "{run}");
}

#[test]
fn a_build_in_which_nothing_runs_says_so() {
    let run = run("version: 0.2
phase:
  build:
    commands: [make]
");
    run.assert_succeeded();
    assert!(run.stderr.contains("\nwarning[bs101]: "), "{run}");
    assert!(run.stderr.contains("did you mean `phases`?"), "{run}");
    let text = "\nwarning: the buildspec has no commands, so nothing runs\n";
    assert!(run.stderr.ends_with(text), "{run}");
}

#[test]
fn sections_without_effect_are_told_once_at_the_end() {
    let run = run("version: 0.2
env: {git-credential-helper: yes}
batch: {build-list: [{identifier: one}]}
phases: {build: {commands: ['true']}}
reports: {unit: {files: '*.xml'}}
");
    run.assert_succeeded();
    let (_, end) = run.stderr.split_once("\nSUCCEEDED in ").unwrap();
    for section in ["git-credential-helper", "batch", "reports"] {
        let text = format!("\nwarning: `{section}` ha");
        assert_eq!(run.stderr.matches(&text).count(), 1, "{run}");
        assert!(end.contains(&text), "{run}");
    }
}
