//! What becomes of the `.git` of a source: left out of an archive, elsewhere with a local source cache.

use super::{fingerprint, shell};
use crate::env::{Run, TestEnv};

const BOTH: [&str; 2] = ["copy-on-write", "tar"];

/// Runs commands in a repository, with these arguments; the host's tree stays as it is.
#[track_caller]
fn build(arguments: &[&str], transfer: &str, commands: &[&str]) -> Run {
    let env = TestEnv::new()
        .file("file", "1\n")
        .build_commands(commands)
        .file(".gitignore", "x\n")
        .args(arguments)
        .args(&["--source-transfer", transfer, "--show-changes"]);
    let commit = "git init --quiet && git add --all && \
        git -c user.name=T -c user.email=t@example.com commit --quiet -m one";
    shell(&env.source(), commit);
    let before = fingerprint(&env.source());
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(fingerprint(&env.source()), before);
    run
}

#[test]
fn with_a_local_source_cache_git_s_directory_lies_elsewhere() {
    let commands = [
        "[ -f .git ] && git rev-parse --git-dir",
        "git status --porcelain && git log --format=%s && git symbolic-ref -q HEAD || echo detached",
        "git -c user.name=B -c user.email=b@example.com commit -q --allow-empty -m two && git log --format=%s",
    ];
    for transfer in BOTH {
        let arguments = ["--cache", "local", "--cache-mode", "source"];
        let run = build(&arguments, transfer, &commands);
        let directory = run.output_of(commands[0]);
        let number = directory
            .trim_end()
            .strip_prefix("/codebuild/local-cache/workspace/")
            .and_then(|rest| rest.strip_suffix("/.git"))
            .unwrap_or_else(|| panic!("{run}"));
        assert_eq!(number.len(), 64);
        assert!(number.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_eq!(run.output_of(commands[1]), "one\ndetached\n");
        assert_eq!(run.output_of(commands[2]), "two\none\n");
        if transfer == "copy-on-write" {
            assert!(
                run.stderr.contains("changes in the source: none\n"),
                "{run}"
            );
        }
    }
}

#[test]
fn a_source_from_s3_has_no_git_directory() {
    for transfer in BOTH {
        let run = build(&["--as", "s3"], transfer, &["ls -A"]);
        assert_eq!(run.output_of("ls -A"), ".gitignore\nbuildspec.yml\nfile\n");
    }
    let run = build(&["--as", "s3"], "copy-on-write", &["mkdir .git"]);
    assert!(run.stderr.contains("\nA .git/\n"), "{run}");
}
