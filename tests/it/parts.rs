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
        ("build:3", "b3 bf o1"),
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
        (
            ["--only", "UPLOAD_ARTIFACTS"],
            "is not a phase: use install",
        ),
        (["--from", "build:0"], "commands are counted from 1"),
        (["--mock", "("], "unclosed group"),
        (
            ["--from", "build:4"],
            "--from BUILD:4: BUILD has 3 commands",
        ),
        (["--from", "post_build:2"], "POST_BUILD has 1 command\n"),
    ] {
        let run = run(&arguments);
        run.assert_code(2);
        assert!(run.stderr.contains(text), "{run}");
        assert_eq!(run.stdout, "", "nothing runs");
    }
    run(&["--from", "build", "--only", "build"]).assert_code(2);
}

#[test]
fn a_phase_that_the_buildspec_does_not_have_is_refused() {
    let env = TestEnv::new().build_command("true");
    for arguments in [
        &["--from", "install"][..],
        &["--only", "post_build"],
        &["--debug=keep", "--break-at", "pre_build"],
    ] {
        let run = env.again(arguments).run();
        run.assert_code(2);
        let text = "the buildspec has no phase";
        assert!(run.stderr.contains(text), "{run}");
        assert!(run.stderr.contains("; it has BUILD\n"), "{run}");
    }
    let run = env.args(&["--debug=keep", "--break-at", "build:2"]).run();
    run.assert_code(2);
    let text = "error: --break-at BUILD:2: BUILD has 1 command\n";
    assert!(run.stderr.contains(text), "{run}");
}

#[test]
fn a_mock_that_matches_no_command_is_told() {
    let run = run(&["--only", "build", "--mock", "b1", "--mock", "o1"]);
    run.assert_succeeded();
    let warnings: Vec<&str> = run
        .stderr
        .lines()
        .filter(|line| line.starts_with("warning: "))
        .collect();
    assert_eq!(
        warnings,
        ["warning: `--mock o1` matches no command that runs"]
    );
}

#[test]
fn what_does_not_run_is_named_in_the_summary() {
    let run = run(&["--from", "build:3", "--mock", "^echo o"]);
    run.assert_succeeded();
    let lines: Vec<&str> = run.stderr.lines().map(str::trim).collect();
    for line in [
        "INSTALL          left out",
        "PRE_BUILD        left out",
        "mocked           POST_BUILD command 1: echo o1",
        "left out         INSTALL commands 1 to 2",
        "left out         INSTALL finally command 1",
        "left out         PRE_BUILD command 1",
        "left out         BUILD commands 1 to 2",
    ] {
        assert!(lines.contains(&line), "{line}\n{run}");
    }
    let last = lines.last().unwrap();
    assert!(last.starts_with("SUCCEEDED in "), "{run}");
    assert!(last.ends_with(" s; 1 command mocked, 6 left out"), "{run}");
    // The log has of them what CodeBuild has of phases without commands.
    assert!(
        run.log()
            .contains("> Phase complete: INSTALL State: SUCCEEDED\n"),
        "{run}"
    );
}

#[test]
fn phases_that_are_left_out_are_no_phases_of_the_finished_build() {
    let env = TestEnv::new().buildspec(BUILDSPEC);
    let (run, build) = env.args(&["--only", "build"]).run_with_json();
    run.assert_succeeded();
    let phases: Vec<&str> = build["phases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|phase| phase["phaseType"].as_str().unwrap())
        .collect();
    assert_eq!(
        phases,
        [
            "SUBMITTED",
            "QUEUED",
            "PROVISIONING",
            "DOWNLOAD_SOURCE",
            "BUILD",
            "UPLOAD_ARTIFACTS",
            "FINALIZING",
            "COMPLETED"
        ]
    );
}
