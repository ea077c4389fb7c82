//! What CodePipeline hands over.

use std::fs;

use super::{Repository, planned, variable};
use crate::env::TestEnv;
use crate::environment::printed;

const PIPELINE: &[&str] = &[
    "--initiator",
    "codepipeline/my-release-pipeline-of-the-shop",
];

#[test]
fn one_input_is_a_plain_source_with_the_pipeline_s_values() {
    let env = TestEnv::new().build_command("env").args(PIPELINE);
    let repository = Repository::of(&env);
    repository.git(&["remote", "add", "origin", "git@github.com:owner/repo.git"]);
    let commit = repository.git(&["rev-parse", "HEAD"]);
    let (run, build) = env.run_with_json();
    run.assert_succeeded();
    let variables = printed(&run);
    let source = &variables["CODEBUILD_SRC_DIR"];
    assert_eq!(*source, format!("{}/src", variables["CODEBUILD_GOPATH"]));
    for (name, value) in [
        ("CODEBUILD_INITIATOR", PIPELINE[1]),
        ("CODEBUILD_SOURCE_REPO_URL", ""),
        ("CODEBUILD_RESOLVED_SOURCE_VERSION", &commit),
    ] {
        assert_eq!(variables[name], value, "{name}");
    }
    let version = &variables["CODEBUILD_SOURCE_VERSION"];
    let bucket = "arn:aws:s3:::codepipeline-us-east-1-000000000000/";
    let key = version.strip_prefix(bucket).unwrap();
    assert!(key.starts_with("my-release-pipeline-/SourceArti/"), "{key}");
    assert_eq!(build["sourceVersion"], **version);
    assert_eq!(build["initiator"], PIPELINE[1]);
    assert_eq!(build["source"], serde_json::json!({"type": "CODEPIPELINE"}));
    assert!(
        run.log()
            .contains("> Setting HTTP client timeout to higher timeout for S3 source\n"),
        "{run}"
    );
}

#[test]
fn several_inputs_lie_side_by_side() {
    let ask = "pwd; cat text $CODEBUILD_SRC_DIR_Lib/text; env | grep -c ^CODEBUILD_SOURCE_VERSION";
    let env = TestEnv::new()
        .file("text", "primary\n")
        .file("../lib/text", "secondary\n")
        .build_command(ask)
        .args(&["-s", "source", "-s", "Lib:lib"])
        .args(PIPELINE);
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(
        run.output_of(ask),
        "/codebuild/output/srcN/src/s3/00\nprimary\nsecondary\n2\n"
    );
    for line in [
        "CODEBUILD_SRC_DIR=/codebuild/output/srcN/src/s3/00",
        "CODEBUILD_SRC_DIR_Lib=/codebuild/output/srcN/src/s3/01",
        "YAML location is /codebuild/output/srcN/src/s3/00/buildspec.yml",
    ] {
        assert!(run.log().contains(&format!("> {line}\n")), "{line}: {run}");
    }
}

#[test]
fn another_kind_can_be_asked_for_and_another_initiator_is_taken_as_it_is() {
    let env = TestEnv::new().build_command("env");
    let (_, plan) = planned(&env.again(PIPELINE).args(&["--as", "github"]));
    assert_eq!(variable(&plan, "CODEBUILD_INITIATOR"), Some(PIPELINE[1]));
    assert_eq!(plan["build"]["sourceType"], "GITHUB");

    let (_, plan) = planned(&env.again(&["--as", "codepipeline"]));
    assert_eq!(variable(&plan, "CODEBUILD_INITIATOR"), Some("tester"));
    assert_eq!(plan["build"]["sourceType"], "CODEPIPELINE");

    for initiator in ["GitHub-Hookshot/0123456", "codepipeline/", "me"] {
        let (_, plan) = planned(&env.again(&["--initiator", initiator]));
        assert_eq!(variable(&plan, "CODEBUILD_INITIATOR"), Some(initiator));
        assert_eq!(plan["build"]["sourceType"], "S3");
    }
}

#[test]
fn git_cannot_be_left_out_of_a_tree_that_is_mounted() {
    let env = TestEnv::new().build_command("echo never").arg("--mount");
    fs::create_dir(env.path("plain")).unwrap();
    Repository::of(&env);
    for arguments in [PIPELINE, &["--as", "s3"]] {
        let run = env.again(arguments).run();
        run.assert_code(2);
        assert!(run.stderr.contains("no `.git` can be left"), "{run}");
    }
}
