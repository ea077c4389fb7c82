//! `cobuild cache`: what is kept, why a build found it or not, and how it goes.

use std::process::Command;

use super::{archives, directory, stored, write};
use crate::env::{Run, TestEnv};

const MAKE: &str = "mkdir -p kept && echo x > kept/file";

fn cache(env: &TestEnv, arguments: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_cobuild"))
        .arg("cache")
        .args(arguments)
        .current_dir(env.source())
        .env("HOME", env.path("home"))
        .env_remove("XDG_CACHE_HOME")
        // An engine that does not answer has no Docker layers of others to tell of.
        .env("DOCKER_HOST", "unix:///nonexistent.sock")
        .output()
        .unwrap();
    let run = Run::new(output);
    run.assert_succeeded();
    run
}

/// The namespace of the project itself, which has a part for its path.
fn namespace(env: &TestEnv) -> String {
    let directory = directory(env, "source").unwrap();
    directory.file_name().unwrap().to_str().unwrap().to_owned()
}

#[test]
fn what_is_kept_is_listed() {
    let env = TestEnv::new().args(&["--cache", "local"]);
    assert_eq!(cache(&env, &["list"]).stdout, "nothing is kept\n");
    write(&env, "{paths: [kept], key: k-1}", &[MAKE]);
    env.run().assert_succeeded();
    write(&env, "{paths: [/opt/kept]}", &["touch /opt/kept/x"]);
    env.run().assert_succeeded();
    let text = cache(&env, &["list"]).stdout;
    let words: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(words[0][..3], ["NAMESPACE", "KIND", "KEY"]);
    let namespace = namespace(&env);
    assert_eq!(
        words[1][..3],
        [&*namespace, "custom", "-"],
        "the newest first"
    );
    assert_eq!(words[2][..3], [&*namespace, "s3", "k-1"]);
    let project = env.source().display().to_string();
    assert!(words[2].contains(&&*project), "{text}");
    assert_eq!(words[2].last(), Some(&"kept"));
    let json: serde_json::Value =
        serde_json::from_str(&cache(&env, &["list", "--format", "json"]).stdout).unwrap();
    assert_eq!(json[1]["namespace"], *namespace);
    assert_eq!(json[1]["project"], *project);
    assert_eq!(json[1]["key"], "k-1");
    assert_eq!(json[1]["paths"], serde_json::json!(["kept"]));
    assert!(json[1]["sizeInBytes"].as_u64().unwrap() > 0);
    assert!(json[1]["build"].as_str().unwrap().starts_with("source:"));
    assert_eq!(json[0]["kind"], "custom");
}

#[test]
fn a_hit_and_each_kind_of_miss_is_explained() {
    let env = TestEnv::new().args(&["--cache", "s3"]);
    let explained = |arguments: &[&str]| {
        let all = [&["explain"], arguments].concat();
        cache(&env, &all).stdout
    };
    let nothing = explained(&[]);
    assert!(
        nothing.starts_with("no build has looked for a cache in `source-")
            && nothing.ends_with("` yet; `cobuild run --cache local` does\n"),
        "{nothing}"
    );
    let run = |cache: &str| {
        write(&env, cache, &[MAKE]);
        env.run().assert_succeeded();
        explained(&[])
    };
    let says = |text: &str, parts: &[&str]| {
        for part in parts {
            assert!(text.contains(part), "no `{part}` in:\n{text}");
        }
    };
    let first = run("{paths: [kept], key: k-1}");
    says(
        &first,
        &[
            "  key      k-1\n  paths    kept\nand found nothing.\nIt saved its own.\nThere was no other entry.\n",
        ],
    );
    says(
        &run("{paths: [kept], key: k-1}"),
        &[
            "and found it.",
            "It saved nothing: an entry with its key was there.",
        ],
    );
    says(
        &run("{paths: [kept], key: k-2, fallback-keys: [x-]}"),
        &[
            "  or       x-*\n",
            "has another key: `k-1` instead of `k-2`.",
            "There is now\n  k-2 ",
        ],
    );
    says(
        &run("{paths: [kept, more], key: k-2, action: restore}"),
        &[
            "has other paths: `more` is missing.",
            "It saved nothing: its buildspec does not want it.",
        ],
    );
    says(
        &run("{paths: [kept], key: k-3, fallback-keys: [k-]}"),
        &[
            "and found the fallback `k-2`.",
            "another key: `k-2` instead of `k-3`",
        ],
    );
    let other = env.path("home");
    says(
        &explained(&["-s", other.to_str().unwrap()]),
        &["no build has looked for a cache in `home-"],
    );
    says(
        &explained(&["--cache-namespace", &namespace(&env)]),
        &["and found the fallback `k-2`."],
    );
}

#[test]
fn what_is_cleared_is_said_and_gone() {
    let env = TestEnv::new().args(&["--cache", "s3"]);
    for key in ["k-1", "k-2", "k-3"] {
        write(&env, &format!("{{paths: [kept], key: {key}}}"), &[MAKE]);
        env.run().assert_succeeded();
    }
    let dry = cache(&env, &["clear", "--dry-run"]).stdout;
    let source = namespace(&env);
    assert!(
        dry.contains(&format!("would remove {source}: k-2 (")),
        "{dry}"
    );
    assert_eq!(archives(&env, "source"), 3);
    let one = cache(&env, &["clear", "--key", "k-2"]).stdout;
    assert!(
        one.starts_with(&format!("removed {source}: k-2 (")),
        "{one}"
    );
    assert!(!one.contains("k-1"), "{one}");
    let none = cache(&env, &["clear", "--key", "k-2"]).stdout;
    assert_eq!(none, "there is nothing to remove\n");
    assert_eq!(archives(&env, "source"), 2);
    let other = cache(&env, &["clear", "--cache-namespace", "other"]).stdout;
    assert_eq!(other, "no engine answers, so Docker layers stay\n");
    assert_eq!(archives(&env, "source"), 2);
    let all = cache(&env, &["clear", "--all"]).stdout;
    assert!(all.contains(&format!("removed {source}: k-1 (")), "{all}");
    assert!(all.contains(" in all\n"), "{all}");
    assert!(stored(&env, "source").is_empty());
    assert_eq!(directory(&env, "source"), None);
}
