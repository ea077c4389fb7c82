//! What cannot be selected or installed, and how it is told.

use super::{assert_selection, buildspec, image, with_table};
use crate::engine;
use crate::env::TestEnv;

/// How the lines of DOWNLOAD_SOURCE end when it fails.
fn failure(code: &str, message: &str) -> String {
    format!(
        "> Phase complete: DOWNLOAD_SOURCE State: FAILED\n> Phase context status code: {code} Message: {message}\n"
    )
}

#[test]
fn a_version_that_comes_to_nothing_is_unknown() {
    let run = with_table()
        .buildspec(&buildspec("", "python: $NOBODY", &["true"]))
        .run();
    run.assert_failed();
    let message = "Unknown runtime version named '' of python. This build image has the following versions: 2.7, 3.9, 3.10";
    assert_selection(
        &run,
        &format!(
            "> Selecting 'python' runtime version '' based on manual selections...\n{}",
            failure("YAML_FILE_ERROR", message)
        ),
    );
    assert!(
        run.stderr
            .contains("hint: `python: $NOBODY` expands to an empty version\n"),
        "{run}"
    );
}

#[test]
fn versions_that_do_not_go_together_are_refused() {
    let run = with_table()
        .buildspec(&buildspec(
            "",
            "android: latest, java: corretto17",
            &["true"],
        ))
        .run();
    run.assert_failed();
    let expected = "\
> Resolved 'android' runtime alias 'latest' to '28'.
> Selecting 'android' runtime version '28' based on manual selections...
> Selecting 'java' runtime version 'corretto17' based on manual selections...
> Runtime 'android' version '28' has a dependency on runtime 'java', but 'java' version 'corretto17' has already been manually selected. Not attempting to override.
";
    let message =
        "Runtime 'android' version '28' requires one of the following versions of java: corretto8";
    assert_selection(
        &run,
        &format!("{expected}{}", failure("YAML_FILE_ERROR", message)),
    );
}

#[test]
fn unknown_runtimes_and_versions_end_the_build_as_in_the_cloud() {
    for (runtimes, selecting, message) in [
        (
            "java: corretto8, docker: 20",
            "> Selecting 'java' runtime version 'corretto8' based on manual selections...
> Selecting 'docker' runtime version '20' based on manual selections...
",
            "Unknown runtime named 'docker'. This build image has the following runtimes: android, java, nodejs, python",
        ),
        (
            "nodejs: 15",
            "> Selecting 'nodejs' runtime version '15' based on manual selections...\n",
            "Unknown runtime version named '15' of nodejs. This build image has the following versions: 10, 12",
        ),
        (
            "nodejs: 8.x",
            "",
            "Unknown runtime version named '8.x' of nodejs. This build image has the following versions: 10, 12",
        ),
    ] {
        let (run, build) = with_table()
            .buildspec(&buildspec("", runtimes, &["true"]))
            .run_with_json();
        run.assert_failed();
        assert_selection(
            &run,
            &format!("{selecting}{}", failure("YAML_FILE_ERROR", message)),
        );
        let phases: Vec<&str> = build["phases"]
            .as_array()
            .unwrap()
            .iter()
            .map(|phase| phase["phaseType"].as_str().unwrap())
            .collect();
        assert_eq!(phases[3..], ["DOWNLOAD_SOURCE", "FINALIZING", "COMPLETED"]);
    }
}

#[test]
fn a_command_of_a_runtime_that_fails_fails_download_source() {
    let run = with_table()
        .buildspec(&buildspec("", "nodejs: 12", &["true"]))
        .run();
    run.assert_failed();
    let expected = "\
> Selecting 'nodejs' runtime version '12' based on manual selections...
> Running command echo going; exit 3
going

> Command did not exit successfully echo going; exit 3 exit status 3
";
    let message = "Error while executing command: echo going; exit 3. Reason: exit status 3";
    assert_selection(
        &run,
        &format!("{expected}{}", failure("COMMAND_EXECUTION_ERROR", message)),
    );
    assert!(!run.log().contains("Entering phase"), "{run}");
}

#[test]
fn a_table_that_cannot_be_read_fails_the_builds_that_need_it() {
    let image = image(engine::IMAGE, "broken", "runtimes:\n\tjava: {}\n");
    let run = TestEnv::new()
        .image(&image)
        .buildspec(&buildspec("", "java: 8", &["true"]))
        .run();
    run.assert_failed();
    let message = "cannot read /codebuild/image/config/runtimes.yml: tabs disallowed within this context (block indentation) at line 2, column 2";
    assert_selection(&run, &failure("YAML_FILE_ERROR", message));
    let run = TestEnv::new().image(&image).build_command("true").run();
    run.assert_succeeded();
}
