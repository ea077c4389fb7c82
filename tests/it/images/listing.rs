//! `cobuild images`.

use std::process::Command;

use crate::engine::daemon::Daemon;
use crate::env::Run;

fn images(arguments: &[&str]) -> Run {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cobuild"));
    command.arg("images").args(arguments);
    command.env_clear().env("HOME", home.path());
    Run::new(command.output().unwrap())
}

#[test]
fn all_curated_images_are_listed_without_an_engine() {
    let run = images(&["--host", "unix:///nowhere.sock"]);
    run.assert_succeeded();
    for line in [
        "aws/codebuild/standard:7.0\n    x86_64, not published: build it from its Dockerfile\n    java corretto25 ",
        "aws/codebuild/amazonlinux-x86_64-standard:5.0\n    x86_64, published on public.ecr.aws\n",
        "aws/codebuild/amazonlinux-aarch64-standard:3.0\n    aarch64, published on public.ecr.aws\n",
        "aws/codebuild/windows-base:2022-1.0\n",
        "aws/codebuild/amazonlinux-x86_64-lambda-standard:nodejs22\n",
    ] {
        assert!(run.stdout.contains(line), "no `{line}` in: {run}");
    }
    assert!(
        run.stderr.starts_with(
            "what is local cannot be told: no engine answers at `unix:///nowhere.sock`"
        ),
        "{run}"
    );
    let json = images(&["--host", "unix:///nowhere.sock", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert!(list["images"][0]["local"].is_null(), "{json}");
}

#[test]
fn a_runtime_picks_its_images() {
    let run = images(&["--runtime", "nodejs:18", "--runtime", "php:8.1"]);
    run.assert_succeeded();
    let names: Vec<&str> = run
        .stdout
        .lines()
        .filter(|line| line.starts_with("aws/"))
        .collect();
    assert_eq!(names, ["aws/codebuild/amazonlinux-aarch64-standard:3.0"]);
    let none = images(&["--runtime", "cobol"]);
    none.assert_succeeded();
    assert_eq!(none.stdout, "no curated image has that runtime\n");
    assert!(!none.stderr.contains("did you mean"), "{none}");
    for (name, meant) in [
        ("node", "nodejs"),
        ("node:22", "nodejs:22"),
        ("pyhton", "python"),
    ] {
        let run = images(&["--runtime", name]);
        let hint = format!("hint: did you mean `{meant}`?\n");
        assert!(run.stderr.contains(&hint), "{run}");
    }
}

#[test]
fn what_is_local_is_told_by_the_name_it_has_there() {
    let daemon = Daemon::start(&[]);
    let image = daemon.load_busybox();
    for tag in [
        "aws/codebuild/standard:7.0",
        "aws/codebuild/amazonlinux2-x86_64-standard:5.0",
    ] {
        daemon.docker(&["tag", image, tag]);
    }
    let run = images(&["--host", &daemon.host()]);
    run.assert_succeeded();
    assert_eq!(run.stderr, "", "{run}");
    assert!(
        run.stdout.contains("aws/codebuild/amazonlinux-x86_64-standard:5.0\n    x86_64, published on public.ecr.aws, local as `aws/codebuild/amazonlinux2-x86_64-standard:5.0` ("),
        "{run}"
    );
    assert_eq!(run.stdout.matches("local as").count(), 2, "{run}");
    let json = images(&["--host", &daemon.host(), "--format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let ubuntu = list["images"]
        .as_array()
        .unwrap()
        .iter()
        .find(|image| image["name"] == "aws/codebuild/standard:7.0")
        .unwrap();
    assert_eq!(ubuntu["local"][0]["name"], "aws/codebuild/standard:7.0");
    assert_eq!(ubuntu["runtimes"]["nodejs"][0], "24");
    assert!(ubuntu["pulledFrom"].is_null());
}
