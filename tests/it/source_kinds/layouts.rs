//! `--as`: the kind that a source is taken for.

use super::{Repository, planned, variable};
use crate::env::TestEnv;

/// Remote, kind, directory below `srcN`, URL.
const ROWS: &[(&str, &str, &str, &str)] = &[
    (
        "",
        "github",
        "/src/github.com/tester/source",
        "https://github.com/tester/source.git",
    ),
    (
        "git@gitlab.com:group/part/shop.git",
        "github",
        "/src/github.com/part/shop",
        "https://github.com/part/shop.git",
    ),
    (
        "git@github.com:owner/shop.git",
        "codecommit",
        "/src/git-codecommit.eu-west-3.amazonaws.com/v1/repos/shop",
        "https://git-codecommit.eu-west-3.amazonaws.com/v1/repos/shop",
    ),
    (
        "https://git-codecommit.us-west-2.amazonaws.com/v1/repos/own",
        "codecommit",
        "/src/git-codecommit.us-west-2.amazonaws.com/v1/repos/own",
        "https://git-codecommit.us-west-2.amazonaws.com/v1/repos/own",
    ),
    (
        "git@github.com:owner/shop.git",
        "s3",
        "/src",
        "s3://codebuild-eu-west-3-000000000000-input-bucket/source.zip",
    ),
    ("git@github.com:owner/shop.git", "codepipeline", "/src", ""),
];

#[test]
fn each_kind_has_its_directory_and_its_address() {
    for (remote, kind, directory, url) in ROWS {
        let env = TestEnv::new()
            .build_command("env")
            .variable("AWS_REGION", "eu-west-3")
            .args(&["--as", kind]);
        let repository = Repository::of(&env);
        if !remote.is_empty() {
            repository.git(&["remote", "add", "origin", remote]);
        }
        let (run, plan) = planned(&env);
        run.assert_succeeded();
        let root = variable(&plan, "CODEBUILD_GOPATH").unwrap();
        assert_eq!(
            variable(&plan, "CODEBUILD_SRC_DIR"),
            Some(format!("{root}{directory}").as_str()),
            "{kind} {remote}"
        );
        assert_eq!(
            variable(&plan, "CODEBUILD_SOURCE_REPO_URL"),
            Some(*url),
            "{kind} {remote}"
        );
        // Nobody tells the commit of an archive in S3 (trap 23).
        let commit = variable(&plan, "CODEBUILD_RESOLVED_SOURCE_VERSION");
        assert_eq!(commit.is_some(), *kind != "s3", "{kind} {remote}");
        let without = matches!(*kind, "s3" | "codepipeline");
        assert_eq!(
            plan["sources"][0]["git"] == "left-out",
            without,
            "{kind} {remote}"
        );
    }
}

#[test]
fn a_build_lies_where_its_kind_does() {
    let ask = "pwd; echo $GOPATH; git rev-parse --abbrev-ref HEAD";
    let env =
        TestEnv::new()
            .build_command(ask)
            .args(&["--as", "github", "--source-version", "main"]);
    Repository::of(&env);
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(
        run.output_of(ask),
        "/codebuild/output/srcN/src/github.com/tester/source\n/codebuild/output/srcN\nHEAD\n"
    );
    let line = "> Setting HTTP client timeout to higher timeout for Github and GitHub Enterprise sources\n";
    assert!(run.log().contains(line), "{run}");
}
