//! Running a part of a build: `--from`, `--only`, `--mock`.

use crate::env::{Run, TestEnv};

const BUILDSPEC: &str = "version: 0.2
phases:
  install:
    commands: [echo i1, echo i2]
    finally: [echo if]
  pre_build:
    commands: [echo p1]
  build:
    commands: [echo b1, echo b2, echo b3]
    finally: [echo bf]
  post_build:
    commands: [echo o1]
";

fn run(arguments: &[&str]) -> Run {
    TestEnv::new().buildspec(BUILDSPEC).args(arguments).run()
}

/// What the commands printed.
fn printed(run: &Run) -> Vec<String> {
    let log = run.log();
    log.lines()
        .filter(|line| !line.starts_with('>') && !line.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_build_begins_where_it_is_told() {
    for (from, left) in [
        ("install", "i1 i2 if p1 b1 b2 b3 bf o1"),
        ("PRE_BUILD", "p1 b1 b2 b3 bf o1"),
        ("build:2", "b2 b3 bf o1"),
        ("build:9", "bf o1"),
    ] {
        let run = run(&["--from", from]);
        run.assert_succeeded();
        assert_eq!(printed(&run).join(" "), left, "{from}");
    }
}

#[test]
fn one_phase_runs_alone() {
    let run = run(&["--only", "build"]);
    run.assert_succeeded();
    assert_eq!(printed(&run).join(" "), "b1 b2 b3 bf");
}

#[test]
fn a_mocked_command_is_logged_and_does_not_run() {
    let run = run(&["--mock", "b[12]$", "--mock", "^echo o"]);
    run.assert_succeeded();
    assert_eq!(printed(&run).join(" "), "i1 i2 if p1 b3 bf");
    assert!(
        run.log()
            .contains("> Running command echo b1\n> Mocked: the command did not run\n\n> Running command echo b2\n"),
        "{run}"
    );
}

#[test]
fn numbers_are_those_of_the_buildspec() {
    let spec = BUILDSPEC.replace("echo b3", "'false'");
    let run = TestEnv::new()
        .buildspec(&spec)
        .args(&["--from", "build:2"])
        .run();
    run.assert_failed();
    assert!(
        run.stderr.contains("BUILD command 3 failed: false"),
        "{run}"
    );
}

#[test]
fn what_does_not_exist_is_refused() {
    for (arguments, text) in [
        (
            ["--from", "prebuild"],
            "is not a phase: use install, pre_build, build or post_build",
        ),
        (["--only", "UPLOAD_ARTIFACTS"], "none of install"),
        (["--from", "build:0"], "commands are counted from 1"),
        (["--mock", "("], "unclosed group"),
    ] {
        let run = run(&arguments);
        run.assert_code(2);
        assert!(run.stderr.contains(text), "{run}");
    }
    run(&["--from", "build", "--only", "build"]).assert_code(2);
}
