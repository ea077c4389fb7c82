//! The programs that CodeBuild puts on the path (contract §1.9, §1.10, §4.1), in images that have much,
//! little and too little. What they find, compute and share out is tested without an engine.

use crate::engine;
use crate::env::{Run, TestEnv};

/// One image for each kind of shell.
fn images() -> [&'static str; 3] {
    [engine::IMAGE, engine::busybox_image(), engine::bash_image()]
}

fn project() -> TestEnv {
    TestEnv::new()
        .file("tests/a b_test.js", "1")
        .file("tests/deep/c_test.js", "2")
        .file("tests/deep/.hidden_test.js", "3")
        .file("tests/helper.js", "4")
        .file("package-lock.json", "{\"lockfileVersion\": 3}\n")
}

const SEARCH: &str = "codebuild-glob-search '**/*_test.js'";
const FOUND: &str = "tests/a b_test.js\ntests/deep/.hidden_test.js\ntests/deep/c_test.js\n";
const HASH: &str = "codebuild-hash-files package-lock.json 'tests/**'";
const TESTS: &str = "codebuild-tests-run --test-command 'printf <%s>' --files-search \"codebuild-glob-search '**/*_test.js'\"";
const RUN: &str = "<tests/a b_test.js><tests/deep/.hidden_test.js><tests/deep/c_test.js>";

/// The command line that AWS documents, with a quoted format.
fn tests() -> String {
    TESTS.replace("printf <%s>", "printf \"<%s>\"")
}

#[test]
fn the_programs_do_the_same_in_every_image() {
    let mut hashes = Vec::new();
    for image in images() {
        let run = project()
            .image(image)
            .build_commands(&[SEARCH, HASH, &tests()])
            .run();
        run.assert_succeeded();
        assert_eq!(run.output_of(SEARCH), FOUND, "{image} {run}");
        assert_eq!(run.output_of(&tests()), RUN, "{image} {run}");
        hashes.push(run.output_of(HASH));
    }
    // The SHA-256s of 1, 2, 3, 4 and the lock file, sorted, through sha256sum.
    let hash = "c80b51c24e475f58237975718224e9bc69a590cb40d253ac3a1875dfd9d89fd7\n";
    assert_eq!(hashes, [hash; 3]);
}

#[test]
fn an_image_without_their_tools_is_told() {
    for (command, missing) in [
        (SEARCH, "codebuild-glob-search: the image has no 'sort'\n"),
        (HASH, "codebuild-hash-files: the image has no 'sort'\n"),
        (
            "codebuild-tests-run --test-command true --files-search 'echo a'",
            "codebuild-tests-run: the image has no 'sort'\n",
        ),
    ] {
        let project = project().image(engine::bash_only_image());
        let run = project.build_command(command).run();
        run.assert_failed();
        assert_eq!(run.output_of(command), missing, "{run}");
        assert!(run.stdout.contains("exit status 1"), "{run}");
    }
}

#[test]
fn the_programs_are_the_last_on_the_path_and_hide_nothing() {
    let which = "for name in hash-files glob-search tests-run; do command -v codebuild-$name; done";
    let path = "export PATH=/nowhere:$PATH; case $PATH in *:/codebuild/user/bin) echo last;; esac";
    let own = "mkdir own; printf '#!/bin/sh\\necho mine' > own/codebuild-glob-search; chmod +x own/*; PATH=$PWD/own:$PATH";
    let left = "env | grep ^COBUILD_ || tr '\\0' '\\n' < /proc/self/environ | grep ^COBUILD_ || echo nothing";
    let run = project()
        .build_commands(&[path, which, SEARCH, left, own, "codebuild-glob-search x"])
        .run();
    run.assert_succeeded();
    assert_eq!(run.output_of(path), "last\n");
    assert_eq!(
        run.output_of(which),
        "/codebuild/user/bin/codebuild-hash-files\n/codebuild/user/bin/codebuild-glob-search\n/codebuild/user/bin/codebuild-tests-run\n"
    );
    assert_eq!(run.output_of(SEARCH), FOUND);
    assert_eq!(run.output_of(left), "nothing\n");
    assert_eq!(run.output_of("codebuild-glob-search x"), "mine\n");
}

#[test]
fn a_failing_test_fails_the_build_and_a_search_without_matches_does_not() {
    let none = "codebuild-glob-search '**/*.xml'";
    let fails = "codebuild-tests-run --test-command 'exit 3; :' --files-search 'echo a'";
    for image in images() {
        let run = project().image(image).build_commands(&[none, fails]).run();
        run.assert_failed();
        assert_eq!(
            run.output_of(none),
            "codebuild-glob-search: no files match: **/*.xml\n"
        );
        assert!(run.stdout.contains("exit status 3"), "{run}");
    }
}

#[test]
fn another_user_and_another_shell_can_call_them() {
    let spec = "version: 0.2
run-as: nobody
env:
  shell: bash
phases:
  build:
    commands:
      - set -euo pipefail; [[ $(codebuild-hash-files package-lock.json) =~ ^[0-9a-f]{64}$ ]] && id -un
      - cd tests/deep && codebuild-glob-search '*' '../*.js'
";
    let run = project().buildspec(spec).run();
    run.assert_succeeded();
    let hash = "set -euo pipefail; [[ $(codebuild-hash-files package-lock.json) =~ ^[0-9a-f]{64}$ ]] && id -un";
    assert_eq!(run.output_of(hash), "nobody\n");
    assert_eq!(
        run.output_of("cd tests/deep && codebuild-glob-search '*' '../*.js'"),
        "../a b_test.js\n../helper.js\n.hidden_test.js\nc_test.js\n"
    );
}

#[test]
fn each_shard_of_a_build_runs_its_own_files() {
    let shard = |index: &str| -> Run {
        let place = format!("COBUILD_SHARD_INDEX={index}");
        let run = project()
            .args(&["--env", &place, "--env", "COBUILD_SHARD_COUNT=2"])
            .build_command(&tests())
            .run();
        run.assert_succeeded();
        run
    };
    assert_eq!(
        shard("0").output_of(&tests()),
        "<tests/a b_test.js><tests/deep/.hidden_test.js>"
    );
    assert_eq!(shard("1").output_of(&tests()), "<tests/deep/c_test.js>");
}
