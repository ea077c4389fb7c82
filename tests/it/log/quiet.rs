//! Builds that say nothing but what went wrong.

use crate::env::TestEnv;

fn quiet() -> TestEnv {
    TestEnv::new().args(&["--quiet"])
}

#[test]
fn a_good_build_says_how_it_ended_and_no_more() {
    let run = quiet().build_commands(&["echo one", "echo two >&2"]).run();
    run.assert_succeeded();
    assert_eq!(run.stdout, "");
    assert_eq!(run.stderr.lines().count(), 1, "{run}");
    assert!(run.stderr.starts_with("SUCCEEDED in "), "{run}");
}

#[test]
fn a_failed_command_is_shown_whole() {
    let run = quiet()
        .buildspec(
            "version: 0.2
phases:
  pre_build:
    commands: [echo before]
  build:
    commands: [seq 40; exit 3, echo never]
    finally: [echo cleaned]
",
        )
        .run();
    run.assert_failed();
    let numbers: Vec<String> = (1..=40).map(|number: u8| number.to_string()).collect();
    let numbers = numbers.join("\n") + "\n";
    assert_eq!(
        run.log(),
        format!(
            "> Running command seq 40; exit 3\n{numbers}\n> Command did not exit successfully seq 40; exit 3 exit status 3\n"
        )
    );
    let summary: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(
        summary[..2],
        ["BUILD command 1 failed: seq 40; exit 3", "  exit status 3"],
        "{run}"
    );
    assert!(summary[2].starts_with("FAILED in "), "{run}");
    assert_eq!(summary.len(), 3, "{run}");
}

#[test]
fn a_build_that_cannot_begin_says_why() {
    let run = quiet()
        .buildspec("version: 0.2\nphases: {build: {commands: [{a: b}]}}\n")
        .run();
    run.assert_failed();
    assert_eq!(run.stdout, "");
    assert!(run.stderr.contains("DOWNLOAD_SOURCE FAILED: "), "{run}");
}

#[test]
fn a_command_that_is_out_of_time_is_shown_and_named() {
    let run = quiet()
        .build_command("echo begun; sleep 600")
        .args(&["--timeout", "5s"])
        .run();
    run.assert_failed();
    assert!(run.stdout.contains("begun\n"), "{run}");
    let named = "BUILD command 1 timed out after ";
    assert!(run.stderr.contains(named), "{run}");
    assert!(run.stderr.contains(": echo begun; sleep 600\n"), "{run}");
}

#[test]
fn a_file_of_settings_can_ask_for_quiet() {
    let run = TestEnv::new()
        .file("cobuild.toml", "quiet = true\ntimestamps = 'none'\n")
        .build_command("echo bad; exit 1")
        .run();
    run.assert_failed();
    assert!(
        run.stdout
            .starts_with("Running command echo bad; exit 1\nbad\n"),
        "{run}"
    );
    let run = TestEnv::new()
        .variable("COBUILD_QUIET", "true")
        .build_command("true")
        .run();
    assert_eq!(run.stdout, "", "{run}");
    let run = TestEnv::new()
        .file("cobuild.toml", "log-file = 'log'\n")
        .build_command("true")
        .run();
    run.assert_code(2);
    assert!(run.stderr.contains("log-file"), "{run}");
}
