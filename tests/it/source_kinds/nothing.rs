//! `--no-source`: a build without any source.

use std::fs::{self, File};
use std::process::Command;

use super::{plan, planned, variable};
use crate::env::{Run, TestEnv};

const ASK: &str = "pwd; ls -A; echo \"[$CODEBUILD_SOURCE_REPO_URL$CODEBUILD_SOURCE_VERSION]\"";

fn buildspec() -> String {
    format!("version: 0.2\nphases:\n  build:\n    commands:\n      - '{ASK}'\n")
}

fn stdin(mut command: Command, env: &TestEnv) -> Run {
    command.stdin(File::open(env.path("given.yml")).unwrap());
    Run::new(command.output().unwrap())
}

#[test]
fn a_build_without_a_source_has_an_empty_directory() {
    let env = TestEnv::new().args(&["--no-source"]);
    fs::write(env.path("given.yml"), buildspec()).unwrap();
    let by_file = env.again(&["-b", "given.yml"]).run();
    let by_text = env.again(&["-b", &buildspec()]).run();
    let by_stdin = stdin(env.again(&["-b", "-"]).command(), &env);
    for run in [by_file, by_text, by_stdin] {
        run.assert_succeeded();
        assert_eq!(run.output_of(ASK), "/codebuild/output/srcN/src\n[]\n");
        for line in [
            "CODEBUILD_SRC_DIR=/codebuild/output/srcN/src",
            "YAML location is /codebuild/readonly/buildspec.yml",
            "Moving to directory /codebuild/output/srcN/src",
        ] {
            assert!(run.log().contains(&format!("> {line}\n")), "{line}: {run}");
        }
        assert!(!run.stdout.contains("HTTP client timeout"), "{run}");
    }
}

#[test]
fn another_user_can_work_in_the_empty_directory() {
    let text = "version: 0.2\nrun-as: nobody\nphases: {build: {commands: [touch made]}}\n";
    let run = TestEnv::new().args(&["--no-source", "-b", text]).run();
    run.assert_succeeded();
}

#[test]
fn it_is_planned_as_it_is_built() {
    let env = TestEnv::new().args(&["--no-source", "-b", "version: 0.2\nphases: {}\n"]);
    let (run, plan) = planned(&env);
    run.assert_succeeded();
    assert_eq!(plan["sources"], serde_json::json!([]));
    assert_eq!(plan["build"]["sourceType"], "NO_SOURCE");
    assert_eq!(variable(&plan, "CODEBUILD_SOURCE_VERSION"), Some(""));
    assert_eq!(variable(&plan, "CODEBUILD_RESOLVED_SOURCE_VERSION"), None);
    let (_, build) = env.run_with_json();
    assert_eq!(build["source"], serde_json::json!({"type": "NO_SOURCE"}));
}

#[test]
fn what_cannot_be_is_refused() {
    let env = TestEnv::new().args(&["--no-source"]);
    for (arguments, texts) in [
        (&[][..], &["needs a buildspec", "name one with -b"][..]),
        (&["-b", "none.yml"], &["No such file"]),
        (&["-s", "source"], &["`source` is a primary source"]),
        (&["--source-version", "x"], &["not given"]),
        (&["--as", "github"], &["cannot be used with"]),
        (&["--mount"], &["cannot be used with"]),
    ] {
        let env = env.again(arguments);
        for run in [env.run(), plan(&env)] {
            run.assert_code(2);
            for text in texts {
                assert!(run.stderr.contains(text), "{text}: {run}");
            }
        }
    }
}

#[test]
fn a_text_is_told_from_a_path_for_every_kind_of_source() {
    let env = TestEnv::new().file("text", "of the source\n");
    let text = "{version: 0.2, phases: {build: {commands: [cat text]}}}";
    let run = env.again(&["-b", text]).run();
    run.assert_succeeded();
    assert_eq!(run.output_of("cat text"), "of the source\n");
    assert!(
        run.log()
            .contains("> YAML location is /codebuild/readonly/buildspec.yml\n"),
        "{run}"
    );
}
