//! Which phase follows which, and how the build ends.

mod retry;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::engine;
use crate::env::{Run, TestEnv};

/// A run and the phases it went through, as `NAME STATUS`.
fn run(env: TestEnv) -> (Run, Vec<String>) {
    let (run, build) = env.run_with_json();
    let status = build["buildStatus"].as_str().unwrap();
    let code = i32::from(status != "SUCCEEDED");
    assert_eq!(run.code, Some(code), "{status}: {run}");
    (run, entered(&build))
}

fn entered(build: &Value) -> Vec<String> {
    build["phases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|phase| {
            let name = phase["phaseType"].as_str().unwrap();
            let status = phase["phaseStatus"].as_str().unwrap_or_default();
            format!("{name} {status}").trim_end().to_owned()
        })
        .collect()
}

/// The phases of a build from its beginning: `before` those that succeed, then these.
fn phases(succeeded: &[&str], rest: &[&str]) -> Vec<String> {
    ["SUBMITTED", "QUEUED", "PROVISIONING"]
        .iter()
        .chain(succeeded)
        .map(|name| format!("{name} SUCCEEDED"))
        .chain(rest.iter().map(|it| (*it).to_owned()))
        .collect()
}

/// A build whose four phases say their name and whether the build succeeds so far; that of
/// `failing` fails then.
fn failing_in(failing: &str, on_failure: Option<&str>) -> TestEnv {
    let phases: serde_json::Map<String, Value> = ["install", "pre_build", "build", "post_build"]
        .into_iter()
        .map(|name| {
            let mut commands = vec![format!("echo in {name} $CODEBUILD_BUILD_SUCCEEDING")];
            let mut phase = serde_json::Map::new();
            if name == failing {
                commands.push("exit 9".to_owned());
                if let Some(on_failure) = on_failure {
                    phase.insert("on-failure".to_owned(), json!(on_failure));
                }
            }
            phase.insert("commands".to_owned(), json!(commands));
            (name.to_owned(), phase.into())
        })
        .collect();
    let spec = json!({
        "version": 0.2,
        "phases": phases,
        "artifacts": { "files": ["buildspec.yml"] },
    });
    TestEnv::new().buildspec(&spec.to_string())
}

/// What the phases of [`failing_in`] said.
fn said(run: &Run) -> Vec<&str> {
    run.stdout
        .lines()
        .filter_map(|line| line.strip_prefix("in "))
        .collect()
}

#[test]
fn a_build_without_failures_goes_through_all_phases() {
    let (run, entered) = run(failing_in("none", None));
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
    assert_eq!(
        said(&run),
        ["install 1", "pre_build 1", "build 1", "post_build 1"]
    );
}

#[test]
fn a_failed_install_ends_the_build() {
    for on_failure in [None, Some("ABORT")] {
        let (run, entered) = run(failing_in("install", on_failure));
        assert_eq!(
            entered,
            phases(
                &["DOWNLOAD_SOURCE"],
                &["INSTALL FAILED", "FINALIZING SUCCEEDED", "COMPLETED"]
            )
        );
        assert_eq!(said(&run), ["install 1"]);
    }
}

#[test]
fn a_failed_pre_build_ends_the_build() {
    let (run, entered) = run(failing_in("pre_build", None));
    assert_eq!(
        entered,
        phases(
            &["DOWNLOAD_SOURCE", "INSTALL"],
            &["PRE_BUILD FAILED", "FINALIZING SUCCEEDED", "COMPLETED"]
        )
    );
    assert_eq!(said(&run), ["install 1", "pre_build 1"]);
    assert!(!run.stdout.contains("Expanding"), "{run}");
}

#[test]
fn post_build_and_upload_follow_a_failed_build() {
    for on_failure in [None, Some("CONTINUE")] {
        let (run, entered) = run(failing_in("build", on_failure));
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
        assert_eq!(
            said(&run),
            ["install 1", "pre_build 1", "build 1", "post_build 0"]
        );
        assert!(run.stdout.contains(" Found 1 file(s)\n"), "{run}");
    }
}

#[test]
fn upload_follows_a_failed_post_build() {
    for on_failure in [None, Some("continue")] {
        let (_, entered) = run(failing_in("post_build", on_failure));
        assert_eq!(
            entered,
            phases(
                &["DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD", "BUILD"],
                &[
                    "POST_BUILD FAILED",
                    "UPLOAD_ARTIFACTS SUCCEEDED",
                    "FINALIZING SUCCEEDED",
                    "COMPLETED"
                ]
            )
        );
    }
}

#[test]
fn nothing_follows_a_build_that_aborts() {
    let (run, entered) = run(failing_in("build", Some("ABORT")));
    assert_eq!(
        entered,
        phases(
            &["DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD"],
            &["BUILD FAILED", "FINALIZING SUCCEEDED", "COMPLETED"]
        )
    );
    assert!(!run.stdout.contains("UPLOAD_ARTIFACTS"), "{run}");
}

#[test]
fn a_post_build_that_aborts_uploads_nothing() {
    let (run, entered) = run(failing_in("post_build", Some("abort")));
    assert_eq!(
        entered,
        phases(
            &["DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD", "BUILD"],
            &["POST_BUILD FAILED", "FINALIZING SUCCEEDED", "COMPLETED"]
        )
    );
    assert!(!run.stdout.contains("Expanding"), "{run}");
}

#[test]
fn a_phase_that_continues_is_followed_by_the_next_and_the_build_fails() {
    let (first, entered) = run(failing_in("install", Some("CONTINUE")));
    assert_eq!(
        entered,
        phases(
            &["DOWNLOAD_SOURCE"],
            &[
                "INSTALL FAILED",
                "PRE_BUILD SUCCEEDED",
                "BUILD SUCCEEDED",
                "POST_BUILD SUCCEEDED",
                "UPLOAD_ARTIFACTS SUCCEEDED",
                "FINALIZING SUCCEEDED",
                "COMPLETED"
            ]
        )
    );
    assert_eq!(
        said(&first),
        ["install 1", "pre_build 0", "build 0", "post_build 0"]
    );
    let (second, _) = run(failing_in("pre_build", Some("CONTINUE")));
    assert_eq!(
        said(&second),
        ["install 1", "pre_build 1", "build 0", "post_build 0"]
    );
}

#[test]
fn missing_artifacts_fail_the_upload() {
    let (run, entered) = run(TestEnv::new().buildspec(
        "version: 0.2\nphases: {build: {commands: [':']}}\nartifacts: {files: [nope]}\n",
    ));
    assert_eq!(
        entered.last_chunk(),
        Some(
            &[
                "UPLOAD_ARTIFACTS FAILED",
                "FINALIZING SUCCEEDED",
                "COMPLETED"
            ]
            .map(str::to_owned)
        )
    );
    assert!(
        run.log().ends_with(
            "> Phase context status code: CLIENT_ERROR Message: no matching artifact paths found\n"
        ),
        "{run}"
    );
}

#[test]
fn post_build_is_told_that_the_build_failed() {
    let run = TestEnv::new()
        .buildspec(
            "version: 0.2
phases:
  build:
    commands:
      - false || echo hidden $CODEBUILD_BUILD_SUCCEEDING
      - test $CODEBUILD_BUILD_SUCCEEDING = 1
      - 'false'
  post_build:
    commands:
      - echo $CODEBUILD_BUILD_SUCCEEDING
      - echo still $CODEBUILD_BUILD_SUCCEEDING
",
        )
        .run();
    run.assert_failed();
    assert!(run.stdout.contains("\nhidden 1\n"), "{run}");
    assert_eq!(run.output_of("echo $CODEBUILD_BUILD_SUCCEEDING"), "0\n");
    assert_eq!(
        run.output_of("echo still $CODEBUILD_BUILD_SUCCEEDING"),
        "still 0\n"
    );
}

#[test]
fn a_buildspec_without_commands_is_a_green_build() {
    for (spec, counts) in [
        ("version: 0.2\nphases: {}\n", "> Phases found in YAML: 0\n"),
        (
            "version: \"0.2\"\nphases:\n  build:\n    commands: []\n",
            "> Phases found in YAML: 1\n>  BUILD: 0 commands\n",
        ),
    ] {
        let (run, entered) = run(TestEnv::new().buildspec(spec));
        assert_eq!(entered.len(), 11, "{entered:?}");
        assert!(
            run.log().contains(&format!(
                "{counts}> Phase complete: DOWNLOAD_SOURCE State: SUCCEEDED\n"
            )),
            "{run}"
        );
        assert!(!run.stdout.contains("Running command"), "{run}");
    }
}

#[test]
fn commands_may_be_one_scalar() {
    let run = TestEnv::new()
        .buildspec("version: 0.2\nphases:\n  build:\n    commands: echo one\n")
        .run();
    run.assert_succeeded();
    assert_eq!(run.output_of("echo one"), "one\n");
}

#[test]
fn finally_follows_the_commands_also_when_one_of_them_fails() {
    let spec = |command: &str| {
        format!(
            "version: 0.2
phases:
  build:
    commands:
      - cd /tmp; A=carried; {command}
      - echo never
    finally:
      - echo finally
      - pwd
  post_build:
    commands:
      - echo after
"
        )
    };
    let good = TestEnv::new()
        .buildspec(&spec("true").replace("never", "then"))
        .run();
    good.assert_succeeded();
    for (command, output) in [
        ("echo then", "then\n"),
        ("echo finally", "finally\n"),
        ("pwd", "/tmp\n"),
    ] {
        assert_eq!(good.output_of(command), output, "{good}");
    }

    let bad = TestEnv::new().buildspec(&spec("false")).run();
    bad.assert_failed();
    let log = bad.log();
    assert!(!log.contains("Running command echo never"), "{bad}");
    let tail = "\
> Command did not exit successfully cd /tmp; A=carried; false exit status 1
> Running command echo finally
finally

> Running command pwd
/tmp

> Phase complete: BUILD State: FAILED
> Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: cd /tmp; A=carried; false. Reason: exit status 1
> Entering phase POST_BUILD
";
    assert!(log.contains(tail), "{bad}");
}

#[test]
fn a_failing_finally_fails_its_phase() {
    let (run, entered) = run(TestEnv::new().buildspec(
        "version: 0.2
phases:
  install:
    commands: [':']
    finally: [exit 4, echo never]
  build:
    commands: [echo never]
",
    ));
    assert_eq!(
        entered,
        phases(
            &["DOWNLOAD_SOURCE"],
            &["INSTALL FAILED", "FINALIZING SUCCEEDED", "COMPLETED"]
        )
    );
    assert!(
        run.log()
            .ends_with("Error while executing command: exit 4. Reason: exit status 4\n"),
        "{run}"
    );
    assert!(!run.log().contains("Running command echo never"), "{run}");
}

#[test]
fn a_build_that_takes_too_long_times_out_and_fails() {
    let start = Instant::now();
    let env = TestEnv::new()
        .buildspec(
            "version: 0.2
phases:
  build:
    commands: [echo before, sleep 600]
    finally: [echo never]
  post_build:
    commands: [echo never]
artifacts:
  files: ['**/*']
",
        )
        .args(&["--timeout", "15s", "--build-json", "build.json"]);
    let running = env.start();
    let label = running.label();
    let run = running.finish();
    run.assert_failed();
    assert!(start.elapsed() < Duration::from_mins(2));
    assert!(
        run.log().ends_with(
            "\n> Phase complete: BUILD State: TIMED_OUT\n> Phase context status code: BUILD_TIMED_OUT Message: Build has timed out. \n"
        ),
        "{run}"
    );
    let build = env.json("build.json");
    assert_eq!(build["buildStatus"], "FAILED");
    assert_eq!(build["timeoutInMinutes"], 1);
    assert_eq!(
        entered(&build),
        phases(
            &["DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD"],
            &["BUILD TIMED_OUT", "COMPLETED"]
        )
    );
    assert_eq!(engine::containers(&label), [""; 0]);
}
