//! What becomes of the files that a build declares as its artifacts.

mod broken_tar;
mod files;
mod hostile;
mod links;
mod packaging;
mod patterns;
mod tools;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::env::{Run, TestEnv, files};

/// A build that runs `commands` in BUILD, with this `artifacts` section, kept in [`kept`].
fn making(commands: &[&str], artifacts: &Value) -> TestEnv {
    let env = matching(commands, artifacts);
    let destination = kept(&env);
    env.arg("--artifacts").arg(destination.to_str().unwrap())
}

/// The same without a place for the artifacts.
fn matching(commands: &[&str], artifacts: &Value) -> TestEnv {
    let spec = json!({
        "version": 0.2,
        "phases": { "build": { "commands": commands } },
        "artifacts": artifacts,
    });
    // JSON is YAML.
    TestEnv::new().buildspec(&spec.to_string())
}

fn kept(env: &TestEnv) -> PathBuf {
    env.path("kept")
}

/// The paths of all files below a directory.
fn names(directory: &Path) -> Vec<String> {
    files(directory).into_keys().collect()
}

/// Runs a build that succeeds and returns the paths of its artifacts.
#[track_caller]
fn names_of(commands: &[&str], artifacts: &Value) -> Vec<String> {
    let env = making(commands, artifacts);
    env.run().assert_succeeded();
    names(&kept(&env))
}

/// The log from UPLOAD_ARTIFACTS on.
fn upload_log(run: &Run) -> String {
    let log = run.log();
    let before =
        "> Phase complete: POST_BUILD State: SUCCEEDED\n> Phase context status code:  Message: \n";
    let (_, rest) = log.split_once(before).unwrap_or_else(|| panic!("{run}"));
    rest.to_owned()
}

#[test]
fn the_block_of_the_log_is_exact() {
    let run = making(
        &["touch a.txt b.txt"],
        &json!({ "files": ["a.txt", "none/**/*", "*.txt"] }),
    )
    .run();
    run.assert_succeeded();
    assert_eq!(
        upload_log(&run),
        "> Expanding base directory path: .\n\
         > Assembling file list\n\
         > Expanding .\n\
         > Expanding file paths for base directory .\n\
         > Assembling file list\n\
         > Expanding a.txt\n\
         > Expanding none/**/*\n\
         > Skipping invalid file path none/**/*\n\
         > Expanding *.txt\n\
         > Found 2 file(s)\n\
         > Phase complete: UPLOAD_ARTIFACTS State: SUCCEEDED\n\
         > Phase context status code:  Message: \n",
        "{run}"
    );
}

#[test]
fn a_build_without_artifacts_logs_nothing_but_the_phase() {
    let run = TestEnv::new().build_command("true").run();
    run.assert_succeeded();
    assert_eq!(
        upload_log(&run),
        "> Phase complete: UPLOAD_ARTIFACTS State: SUCCEEDED\n\
         > Phase context status code:  Message: \n",
        "{run}"
    );
}

#[test]
fn a_pattern_is_skipped_in_each_directory_that_has_none_of_it() {
    let run = making(
        &["mkdir build-1 build-2 && touch build-1/a build-2/b build-2/c"],
        &json!({ "base-directory": "build-*", "files": ["a", "none", "b", "c"] }),
    )
    .run();
    run.assert_succeeded();
    assert_eq!(
        upload_log(&run),
        "> Expanding base directory path: build-*\n\
         > Assembling file list\n\
         > Expanding build-*\n\
         > Expanding file paths for base directory build-1\n\
         > Assembling file list\n\
         > Expanding a\n\
         > Expanding none\n\
         > Skipping invalid file path none\n\
         > Expanding b\n\
         > Skipping invalid file path b\n\
         > Expanding c\n\
         > Skipping invalid file path c\n\
         > Expanding file paths for base directory build-2\n\
         > Assembling file list\n\
         > Expanding a\n\
         > Skipping invalid file path a\n\
         > Expanding none\n\
         > Skipping invalid file path none\n\
         > Expanding b\n\
         > Expanding c\n\
         > Found 3 file(s)\n\
         > Phase complete: UPLOAD_ARTIFACTS State: SUCCEEDED\n\
         > Phase context status code:  Message: \n",
        "{run}"
    );
}

#[test]
fn no_match_at_all_fails_the_build() {
    let env = making(&["true"], &json!({ "files": ["nope", "dist/*"] }));
    let run = env.run();
    run.assert_failed();
    assert_eq!(
        upload_log(&run),
        "> Expanding base directory path: .\n\
         > Assembling file list\n\
         > Expanding .\n\
         > Expanding file paths for base directory .\n\
         > Assembling file list\n\
         > Expanding nope\n\
         > Skipping invalid file path nope\n\
         > Expanding dist/*\n\
         > Skipping invalid file path dist/*\n\
         > Phase complete: UPLOAD_ARTIFACTS State: FAILED\n\
         > Phase context status code: CLIENT_ERROR Message: no matching artifact paths found\n",
        "{run}"
    );
    assert!(is_empty(&kept(&env)), "nothing half-made is left");
}

#[test]
fn a_missing_base_directory_fails_the_build() {
    for missing in ["dist", "dist-*"] {
        let run = making(
            &["touch dist-file"],
            &json!({ "base-directory": missing, "files": ["**/*"] }),
        )
        .run();
        run.assert_failed();
        let context = format!(
            "> Phase complete: UPLOAD_ARTIFACTS State: FAILED\n\
             > Phase context status code: CLIENT_ERROR Message: no matching base directory path found for {missing}\n"
        );
        assert!(run.log().ends_with(&context), "{run}");
    }
}

#[test]
fn the_artifacts_of_a_failed_build_phase_are_collected() {
    let env = making(
        &["echo 'test 7 failed' > test.log", "false"],
        &json!({ "files": ["test.log"] }),
    );
    let run = env.run();
    run.assert_failed();
    assert_eq!(files(&kept(&env))["test.log"], "test 7 failed\n");
    assert!(
        run.log()
            .contains("> Phase complete: UPLOAD_ARTIFACTS State: SUCCEEDED\n"),
        "{run}"
    );
}

#[test]
fn nothing_is_collected_after_a_failed_install() {
    for phase in ["install", "pre_build"] {
        let spec = json!({
            "version": 0.2,
            "phases": { phase: { "commands": ["touch made", "false"] } },
            "artifacts": { "files": ["made"] },
        });
        let env = TestEnv::new().buildspec(&spec.to_string());
        let destination = kept(&env);
        let env = env.arg("-a").arg(destination.to_str().unwrap());
        let run = env.run();
        run.assert_failed();
        assert!(!run.stdout.contains("UPLOAD_ARTIFACTS"), "{run}");
        assert!(is_empty(&destination), "{phase}");
    }
}

#[test]
fn secondary_artifacts_go_into_directories_of_their_own() {
    let env = making(
        &["touch main.bin && mkdir -p docs && touch docs/index.html docs/style.css"],
        &json!({
            "files": ["main.bin"],
            "secondary-artifacts": {
                "handbook": { "base-directory": "docs", "files": ["*.html"] },
                "styles": { "files": ["docs/*.css"], "discard-paths": "yes" },
            },
        }),
    );
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(
        names(&kept(&env)),
        ["handbook/index.html", "main.bin", "styles/style.css"]
    );
    assert!(
        upload_log(&run).contains(
            "> Found 1 file(s)\n\
             > Preparing to copy secondary artifacts handbook\n\
             > Expanding base directory path: docs\n\
             > Assembling file list\n\
             > Expanding docs\n\
             > Expanding file paths for base directory docs\n\
             > Assembling file list\n\
             > Expanding *.html\n\
             > Found 1 file(s)\n\
             > Preparing to copy secondary artifacts styles\n"
        ),
        "{run}"
    );
}

#[test]
fn without_a_place_artifacts_are_matched_and_not_kept() {
    let env = matching(&["touch made"], &json!({ "files": ["made"] }));
    let run = env.run();
    run.assert_succeeded();
    assert!(run.log().contains("> Found 1 file(s)\n"), "{run}");
    assert!(run.stderr.contains("not kept"), "{run}");
    assert_eq!(names(&env.source()), ["buildspec.yml"]);
    assert!(!kept(&env).exists());
    let run = matching(&["true"], &json!({ "files": ["made"] })).run();
    run.assert_failed();
}

fn is_empty(directory: &Path) -> bool {
    fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_none())
}
