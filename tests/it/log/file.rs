//! The log in a file of its own.

use std::fs;

use crate::env::TestEnv;

const WITH_SECRET: &str = "version: 0.2
env:
  secrets-manager:
    TOKEN: name
phases:
  build:
    commands: ['echo $TOKEN; seq 100', 'exit 3']
";

#[test]
fn the_log_file_has_the_bytes_of_the_log_whatever_is_shown() {
    let env = TestEnv::new()
        .build_commands(&[
            "printf open",
            "echo \u{1b}[31mred; printf '\\377'",
            "seq 50; exit 3",
        ])
        .args(&["--log-file", "build.log"]);
    let log = || fs::read(env.path("build.log")).unwrap();
    let output = env.command().output().unwrap();
    assert_eq!(log(), output.stdout);
    let full = String::from_utf8_lossy(&log()).into_owned();
    for arguments in [
        &["--timestamps", "short"][..],
        &["--timestamps", "none", "--color", "always"],
        &["--quiet"],
        &["--format", "json"],
    ] {
        fs::write(env.path("build.log"), "what was there before".repeat(1000)).unwrap();
        env.again(arguments).run().assert_failed();
        let again = String::from_utf8_lossy(&log()).into_owned();
        let plain = |stdout: String| crate::env::Run {
            stdout,
            stderr: String::new(),
            code: None,
        };
        assert_eq!(
            plain(again).log(),
            plain(full.clone()).log(),
            "{arguments:?}"
        );
    }
}

#[test]
fn the_summary_names_the_line_at_which_a_failed_command_begins() {
    let run = |arguments: &[&str]| {
        let env = TestEnv::new()
            .build_commands(&["printf 'one\\ntwo'", "echo FAIL early; seq 50; exit 3"])
            .args(arguments);
        let run = env.run();
        run.assert_failed();
        (env, run)
    };
    let (env, with) = run(&["--log-file", "build.log"]);
    let log = fs::read_to_string(env.path("build.log")).unwrap();
    let line = log
        .lines()
        .position(|line| line.ends_with(" Running command echo FAIL early; seq 50; exit 3"))
        .unwrap();
    let expected = format!(
        "BUILD command 2 failed: echo FAIL early; seq 50; exit 3
  output: build.log:{}
  | FAIL early
  … 30 lines more
  | 31
",
        line + 1
    );
    assert!(with.stderr.contains(&expected), "{expected}{with}");
    let (_, without) = run(&[]);
    let expected = "\n  | FAIL early\n  … 30 lines more, in the log\n  | 31\n";
    assert!(without.stderr.contains(expected), "{without}");
}

#[test]
fn a_log_file_keeps_no_secrets() {
    let env = TestEnv::new()
        .buildspec(WITH_SECRET)
        .variable("COBUILD_SECRET_TOKEN", "swordfish-of-logs")
        .args(&["--log-file", "build.log"]);
    env.run().assert_failed();
    let log = fs::read_to_string(env.path("build.log")).unwrap();
    assert!(log.contains("\n***\n1\n2\n"), "{log}");
    assert!(!log.contains("swordfish"), "{log}");
}

#[test]
fn a_log_file_grows_while_the_build_runs() {
    let env = TestEnv::new()
        .build_command("echo here; sleep 600")
        .args(&["--log-file", "build.log"]);
    let running = env.start();
    running.wait_for_line("here");
    let grown = crate::engine::eventually(crate::env::PATIENCE, || {
        let log = fs::read_to_string(env.path("build.log")).unwrap();
        log.contains("\nhere\n")
    });
    assert!(grown);
    running.signal(rustix::process::Signal::TERM);
    running.finish().assert_code(143);
}

#[test]
fn two_outputs_do_not_share_a_file() {
    let run = TestEnv::new()
        .build_command("true")
        .args(&["--log-file", "out", "--events", "out"])
        .run();
    run.assert_code(2);
    let words = "--events and --log-file both write `out`: name two files";
    assert!(run.stderr.contains(words), "{run}");
    assert_eq!(run.stdout, "");
}
