//! What git says of the source.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::printed;
use crate::env::TestEnv;

/// Makes a repository with one commit and this remote; returns the commit.
fn repository(directory: &Path, remote: &str) -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .arg("-C")
            .arg(directory)
            .args([
                "-c",
                "user.name=Tester",
                "-c",
                "user.email=tester@example.com",
            ])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    git(&["init", "--quiet", "--initial-branch", "mine"]);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message", "first"]);
    git(&["remote", "add", "origin", remote]);
    git(&["rev-parse", "HEAD"])
}

#[test]
fn a_github_repository_lies_as_in_a_gopath_and_tells_its_commit() {
    let env = TestEnv::new().build_commands(&["env", "git rev-parse HEAD; git status --short"]);
    let commit = repository(&env.source(), "git@github.com:owner/repo.git");
    let run = env.run();
    run.assert_succeeded();
    let variables = printed(&run);
    let source = format!(
        "{}/src/github.com/owner/repo",
        variables["CODEBUILD_GOPATH"]
    );
    for (name, value) in [
        ("CODEBUILD_SRC_DIR", source.as_str()),
        ("PWD", &source),
        ("GOPATH", &variables["CODEBUILD_GOPATH"]),
        (
            "CODEBUILD_SOURCE_REPO_URL",
            "https://github.com/owner/repo.git",
        ),
        ("CODEBUILD_RESOLVED_SOURCE_VERSION", &commit),
        ("CODEBUILD_SOURCE_VERSION", ""),
    ] {
        assert_eq!(variables[name], value, "{name}");
    }
    assert_eq!(
        run.output_of("git rev-parse HEAD; git status --short"),
        format!("{commit}\n")
    );
    for line in [
        "CODEBUILD_SRC_DIR=/codebuild/output/srcN/src/github.com/owner/repo",
        "YAML location is /codebuild/output/srcN/src/github.com/owner/repo/buildspec.yml",
        "Setting HTTP client timeout to higher timeout for Github and GitHub Enterprise sources",
    ] {
        assert!(run.log().contains(&format!("> {line}\n")), "{line}: {run}");
    }
}

#[test]
fn the_head_is_detached_in_the_build_alone() {
    let ask = "git rev-parse --abbrev-ref HEAD; git branch --show-current; git status --short";
    for (transfer, answer) in [
        (&["--source-transfer", "copy-on-write"][..], "HEAD\n"),
        (&["--source-transfer", "tar"], "HEAD\n"),
        (&["--mount"], "mine\nmine\n"),
    ] {
        let env = TestEnv::new().build_command(ask).args(transfer);
        repository(&env.source(), "https://github.com/owner/repo.git");
        let head = env.source().join(".git/HEAD");
        let run = env.run();
        run.assert_succeeded();
        assert_eq!(run.output_of(ask), answer, "{transfer:?}");
        assert_eq!(fs::read_to_string(&head).unwrap(), "ref: refs/heads/mine\n");
    }
}

#[test]
fn a_codecommit_repository_lies_below_its_host() {
    let url = "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/mine";
    let env = TestEnv::new().build_command("env");
    let commit = repository(&env.source(), url);
    let variables = printed(&env.run());
    assert_eq!(
        variables["CODEBUILD_SRC_DIR"],
        format!(
            "{}/src/git-codecommit.eu-west-1.amazonaws.com/v1/repos/mine",
            variables["CODEBUILD_GOPATH"]
        )
    );
    assert_eq!(variables["CODEBUILD_SOURCE_REPO_URL"], url);
    assert_eq!(variables["CODEBUILD_RESOLVED_SOURCE_VERSION"], commit);
}

#[test]
fn a_directory_below_a_repository_s_root_is_a_plain_source() {
    let env = TestEnv::new().build_command("env");
    repository(&env.path(""), "https://github.com/owner/repo.git");
    let variables = printed(&env.run());
    assert_eq!(
        variables["CODEBUILD_SRC_DIR"],
        format!("{}/src", variables["CODEBUILD_GOPATH"])
    );
    assert!(!variables.contains_key("CODEBUILD_RESOLVED_SOURCE_VERSION"));
}
