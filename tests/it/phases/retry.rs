//! `on-failure: RETRY`: phases that run again.

use serde_json::json;

use super::{entered, phases, run};
use crate::env::{Run, TestEnv};

/// A build whose BUILD fails in its first `failures` attempts; each attempt goes a directory down.
fn flaky(on_failure: &str, failures: u32) -> TestEnv {
    let spec = json!({
        "version": 0.2,
        "phases": {
            "pre_build": { "commands": ["echo 0 > /tmp/attempts"] },
            "build": {
                "on-failure": on_failure,
                "commands": [
                    "N=$(($(cat /tmp/attempts) + 1)); echo $N > /tmp/attempts; mkdir d$N; cd d$N",
                    "echo attempt $N $CODEBUILD_BUILD_SUCCEEDING $CODEBUILD_LAST_EXIT",
                    format!("test $N -gt {failures} || {{ echo connection timed out; exit 28; }}"),
                ],
                "finally": ["echo finally $N $CODEBUILD_BUILD_SUCCEEDING $CODEBUILD_LAST_EXIT"],
            },
            "post_build": { "commands": ["echo after $N $CODEBUILD_BUILD_SUCCEEDING; pwd"] },
        },
    });
    TestEnv::new().buildspec(&spec.to_string())
}

/// What the commands of [`flaky`] said, and what cobuild said of retries.
fn said(run: &Run) -> Vec<String> {
    let log = run.log();
    log.lines()
        .filter(|line| {
            [
                "attempt ",
                "finally ",
                "after ",
                "> Retrying ",
                "/codebuild",
            ]
            .iter()
            .any(|start| line.starts_with(start))
        })
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_phase_runs_again_until_it_succeeds_and_keeps_what_it_changed() {
    let (run, entered) = run(flaky("RETRY", 2));
    assert_eq!(
        said(&run),
        [
            "attempt 1 1 0",
            "finally 1 0 28",
            "> Retrying phase BUILD (retry 1 of 3)",
            "attempt 2 1 0",
            "finally 2 0 28",
            "> Retrying phase BUILD (retry 2 of 3)",
            "attempt 3 1 0",
            "finally 3 1 0",
            "after 3 1",
            "/codebuild/output/srcN/src/d1/d2/d3",
        ],
        "{run}"
    );
    let all = [
        "DOWNLOAD_SOURCE",
        "INSTALL",
        "PRE_BUILD",
        "BUILD",
        "POST_BUILD",
        "UPLOAD_ARTIFACTS",
        "FINALIZING",
    ];
    assert_eq!(entered, phases(&all, &["COMPLETED"]));
    assert!(!run.stderr.contains(" failed: "), "{run}");
    for line in [
        "> Entering phase BUILD\n",
        "> Phase complete: BUILD State: SUCCEEDED\n",
    ] {
        assert_eq!(run.log().matches(line).count(), 1, "{run}");
    }
}

#[test]
fn after_its_last_retry_a_phase_fails_and_leads_on_as_by_default() {
    let (run, entered) = run(flaky("Retry-1", 9));
    assert_eq!(
        said(&run),
        [
            "attempt 1 1 0",
            "finally 1 0 28",
            "> Retrying phase BUILD (retry 1 of 1)",
            "attempt 2 1 0",
            "finally 2 0 28",
            "after 2 0",
            "/codebuild/output/srcN/src/d1/d2",
        ],
        "{run}"
    );
    assert_eq!(
        entered,
        phases(
            &["DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD"],
            &[
                "BUILD FAILED",
                "POST_BUILD SUCCEEDED",
                "UPLOAD_ARTIFACTS SUCCEEDED",
                "FINALIZING SUCCEEDED",
                "COMPLETED"
            ]
        )
    );
}

#[test]
fn the_summary_tells_the_last_attempt_s_failure_alone() {
    let run = flaky("RETRY-2", 9).run();
    run.assert_failed();
    assert_eq!(
        run.stderr.matches("BUILD command 3 failed: ").count(),
        1,
        "{run}"
    );
}

#[test]
fn the_pattern_is_looked_for_in_the_failure_and_in_what_the_command_printed() {
    for (on_failure, attempts) in [
        ("RETRY-timed out", 2),
        ("RETRY-1-.*(refused|timed out).*", 2),
        ("retry-exit status 28", 2),
        ("RETRY-refused", 1),
        // Of another command of the phase.
        ("RETRY-attempt 1", 1),
        ("RETRY-0-.*", 1),
    ] {
        let run = flaky(on_failure, 1).run();
        run.assert_code(i32::from(attempts == 1));
        let count = run.log().matches("\nattempt ").count();
        assert_eq!(count, attempts, "{on_failure}: {run}");
        assert!(!run.stderr.contains("warning"), "{run}");
    }
}

#[test]
fn a_pattern_that_is_no_regular_expression_is_told_and_never_matches() {
    let run = flaky("RETRY-2-timed (out", 1).run();
    run.assert_failed();
    assert_eq!(run.log().matches("\nattempt ").count(), 1, "{run}");
    let warning = "warning: `on-failure` of BUILD: `timed (out` is not a valid regular expression (unclosed group): the phase is never retried\n";
    assert!(run.stderr.contains(warning), "{run}");
}

#[test]
fn a_retry_is_an_event_of_its_own() {
    let run = flaky("RETRY-5", 1).args(&["--format", "json"]).run();
    run.assert_succeeded();
    let events: Vec<serde_json::Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let retries: Vec<_> = events
        .iter()
        .filter(|event| event["event"] == "phase-retried")
        .map(|event| (&event["phase"], &event["retry"], &event["count"]))
        .collect();
    assert_eq!(retries, [(&json!("BUILD"), &json!(1), &json!(5))]);
}

#[test]
fn a_phase_that_is_run_again_has_one_entry_with_the_time_of_all_attempts() {
    let spec = "version: 0.2
phases:
  build:
    on-failure: RETRY
    commands: ['sleep 0.6; test -e again || { touch again; false; }']
";
    let (run, build) = TestEnv::new().buildspec(spec).run_with_json();
    run.assert_succeeded();
    assert_eq!(entered(&build).len(), 11);
    let phase = &build["phases"][6];
    assert_eq!(phase["phaseType"], "BUILD");
    assert!(phase["durationInSeconds"].as_u64().unwrap() >= 1, "{phase}");
}

#[test]
fn a_build_that_times_out_in_a_retry_ends_there() {
    let spec = "version: 0.2
phases:
  install:
    on-failure: RETRY-100
    commands: ['echo try', 'test ! -e again || sleep 600; touch again; false']
";
    let (run, entered) = run(TestEnv::new().buildspec(spec).args(&["--timeout", "15s"]));
    assert_eq!(
        entered,
        phases(&["DOWNLOAD_SOURCE"], &["INSTALL TIMED_OUT", "COMPLETED"])
    );
    assert_eq!(run.log().matches("\ntry\n").count(), 2, "{run}");
    assert_eq!(run.log().matches("> Retrying ").count(), 1, "{run}");
}
