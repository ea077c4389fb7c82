//! Small things that stand for many: lists that lead to each other, names that are directories, patterns
//! and values that grow.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::process::Command;
use std::time::Duration;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::measured::run;
use crate::env::TestEnv;

const LIMIT: Duration = Duration::from_mins(1);

/// A source that is a repository with one commit, in which a script has been at work.
fn repository(script: &str) -> TestEnv {
    let env = TestEnv::new().build_command("true");
    let make = "git init -q . && git symbolic-ref HEAD refs/heads/main && git add . && \
        git -c user.name=T -c user.email=t@e commit -qm first";
    let output = Command::new("sh")
        .args(["-ec", &format!("{make}\n{script}")])
        .current_dir(env.source())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    env
}

#[test]
fn lists_of_stores_that_lead_to_each_other_are_gone_through_once() {
    let env = repository(
        "mkdir -p .git/objects/info; r() { for i in $(seq 60); do echo $1; done; }
         for d in a b c d e f; do mkdir -p .git/$d/info; done
         r ../a > .git/objects/info/alternates; r ../b > .git/a/info/alternates; r ../c > .git/b/info/alternates
         r ../d > .git/c/info/alternates; r ../e > .git/d/info/alternates; r ../f > .git/e/info/alternates",
    );
    for version in [&[][..], &["--source-version", "main"]] {
        let measured = run(&env.again(version), LIMIT, &[]);
        measured.run.assert_succeeded();
        measured.assert_nothing_left(&env);
    }
}

#[test]
fn problems_without_end_are_told_in_a_few_lines() {
    let env = repository(
        "mkdir -p .git/objects/info; for i in $(seq 20000); do printf '/%x\\n' $i; done > .git/objects/info/alternates",
    );
    let measured = run(&env, LIMIT, &[]);
    measured.run.assert_succeeded();
    let lines = measured.run.stderr.lines().count();
    assert!(lines < 40, "{lines}");
}

#[test]
fn files_of_a_repository_are_copied_up_to_a_bound() {
    for (script, arguments) in [
        (
            "git config core.repositoryformatversion 1; git config extensions.refstorage reftable; mkdir .git/reftable
             for i in $(seq 24); do truncate -s 200M .git/reftable/x$i; echo x$i >> .git/reftable/tables.list; done",
            &[][..],
        ),
        (
            "mkdir .git/modules; for i in $(seq 24); do truncate -s 200M .git/sharedindex.$i; done",
            &[],
        ),
    ] {
        let env = repository(script).args(arguments);
        let measured = run(&env, LIMIT, &[]);
        let code = measured.run.code.unwrap();
        assert!([0, 1, 3].contains(&code), "{}", measured.run);
        measured.assert_nothing_left(&env);
    }
}

#[test]
fn a_git_directory_that_is_named_is_where_it_seems_to_be() {
    let env = repository(
        "mkdir store && ln -s ../../private store/git && mv .git ../private && echo 'gitdir: store/git' > .git",
    );
    let run = env.again(&["--git-dir", "source/store/git"]).run();
    run.assert_code(2);
    assert!(run.stderr.contains("points outside"), "{run}");
}

#[test]
fn a_zip_whose_names_and_links_stand_for_more_is_refused_in_little_memory() {
    let options = SimpleFileOptions::default();
    let long = "a/".repeat(1990);
    for (entries, says) in [
        (6000, "the symlinks in the zip file take more than"),
        (200, "too many directories"),
    ] {
        let env = TestEnv::new().args(&["-s", "odd.zip"]);
        let mut zip = ZipWriter::new(File::create(env.path("odd.zip")).unwrap());
        for n in 0..entries {
            if entries == 6000 {
                zip.add_symlink(n.to_string(), &long, options).unwrap();
            } else {
                zip.add_directory(format!("{n:05}/{long}"), options)
                    .unwrap();
            }
        }
        zip.finish().unwrap();
        let measured = run(&env, LIMIT, &[]);
        measured.assert_ended(2, says);
        measured.assert_nothing_left(&env);
    }
}

#[test]
fn a_pattern_longer_than_any_path_fails_the_build() {
    let grow = "B=$(head -c 500000 /dev/zero | tr '\\0' x); echo \"B=$B\" > /codebuild/output/tmp/env.sh; exit 0";
    let spec = |rest: serde_json::Value| {
        let mut spec =
            serde_json::json!({ "version": 0.2, "phases": { "build": { "commands": [grow] } } });
        for (key, value) in rest.as_object().unwrap() {
            spec[key] = value.clone();
        }
        spec.to_string()
    };
    let many: Vec<String> = (0..100)
        .map(|n| format!("{n}{}", "?".repeat(2000)))
        .collect();
    for files in [vec!["$B".to_owned()], vec!["x".repeat(200_000)], many] {
        let text = spec(serde_json::json!({ "artifacts": { "files": files } }));
        let env = TestEnv::new().buildspec(&text);
        let measured = run(&env, LIMIT, &[]);
        measured.assert_ended(1, "longer than");
        measured.assert_nothing_left(&env);
    }
    let path = format!("/root/{}/*x*/y", "?".repeat(300_000));
    let text = spec(serde_json::json!({ "cache": { "paths": [path] } }));
    let env = TestEnv::new().buildspec(&text).args(&["--cache", "s3"]);
    let measured = run(&env, LIMIT, &[]);
    measured.assert_ended(0, "it is longer than a path can be");
}

#[test]
fn values_that_are_long_together_fail_the_build() {
    let mut names = Vec::new();
    let mut set = String::from("big=$(head -c 1000000 /dev/zero | tr '\\0' x)\n");
    for n in 0..20 {
        names.push(format!("A{n}"));
        let _ = writeln!(set, "A{n}=$big");
    }
    let spec = serde_json::json!({
        "version": 0.2,
        "env": { "exported-variables": names },
        "phases": { "build": { "commands": [
            "cp set.sh /codebuild/output/tmp/env.sh; exit 0"
        ] } }
    });
    let env = TestEnv::new().buildspec(&spec.to_string());
    let mut file = File::create(env.source().join("set.sh")).unwrap();
    file.write_all(set.as_bytes()).unwrap();
    let measured = run(&env, LIMIT, &[]);
    measured.assert_ended(1, "bytes together");
    measured.assert_nothing_left(&env);
}
