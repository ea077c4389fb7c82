//! What builds and images leave behind when they want to.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::engine;
use crate::engine::proof::{NO_PID, arguments, labels_of, prove};
use crate::env::{Run, TestEnv};

/// A user who may use the engine and nothing else.
const USER: u32 = 65534;

/// How many builds have left something in the scratch directory.
fn leftovers(env: &TestEnv) -> usize {
    fs::read_dir(env.scratch()).map_or(0, Iterator::count)
}

/// An image whose shell runs builds, and sleeps when it is to remove anything for somebody.
fn unwilling_image() -> &'static str {
    let name = "cobuild-test-unwilling";
    let script =
        r#"#!/bin/dash\ncase "$*" in *"rm -rf"*) exec sleep 600 ;; esac\nexec /bin/dash "$@"\n"#;
    engine::build_image(
        name,
        &format!(
            "FROM {}\nRUN printf '%b' '{script}' > /bin/shell && chmod 755 /bin/shell && ln -sf shell /bin/sh\n",
            engine::IMAGE
        ),
    );
    name
}

/// Runs cobuild as a plain user of the engine.
fn as_user(env: &TestEnv) -> Run {
    let (user, group) = user();
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", &user.to_string(), "--regid", &group.to_string()])
        .arg("--clear-groups");
    run_by(command, env, user, group)
}

/// The plain user, and the group that may use the engine.
fn user() -> (u32, u32) {
    (USER, fs::metadata(engine::socket()).unwrap().gid())
}

/// Runs cobuild by a command that makes it somebody else's.
fn run_by(mut by: Command, env: &TestEnv, user: u32, group: u32) -> Run {
    for path in [env.path("."), env.source(), env.path("home")] {
        chown(path, Some(user), Some(group)).unwrap();
    }
    let line = env.command();
    let output = by
        .arg(line.get_program())
        .args(line.get_args())
        .current_dir(env.path("."))
        .env("HOME", env.path("home"))
        .output()
        .unwrap();
    Run::new(output)
}

#[test]
fn nothing_of_an_image_runs_when_a_directory_is_emptied() {
    let env = TestEnv::new().image(unwilling_image()).build_commands(&[
        // What this user may not remove, each in its way.
        "mkdir -p deep/er closed/in && touch deep/er/file closed/in/file && ln -s / deep/er/root",
        "chmod 000 closed/in closed && mkdir -m 1777 sticky && touch sticky/file && chown 77 sticky sticky/file",
    ]);
    let run = as_user(&env);
    run.assert_succeeded();
    assert_eq!(leftovers(&env), 0, "{run}");
    let image = format!("ancestor={}", unwilling_image());
    let left = engine::docker(&["ps", "--all", "--quiet", "--filter", &image]);
    assert_eq!(left, "", "{run}");
}

#[test]
fn a_tree_deeper_than_files_can_be_open_goes() {
    let dig = "i=0; while [ $i -lt 1900 ]; do mkdir d && cd -P d || exit 1; i=$((i+1)); done; touch bottom";
    for (user, group) in [(0, 0), user()] {
        let env = TestEnv::new().build_command(dig);
        let mut command = Command::new("prlimit");
        command
            .arg("--nofile=200")
            .arg("setpriv")
            .args(["--reuid", &user.to_string(), "--regid", &group.to_string()])
            .arg("--clear-groups");
        let run = run_by(command, &env, user, group);
        run.assert_succeeded();
        assert_eq!(leftovers(&env), 0, "{run}");
    }
}

#[test]
fn a_container_whose_processes_all_stand_still_ends_with_the_next_run() {
    let env = TestEnv::new().build_command("echo running; kill -STOP -1; sleep 600");
    let running = env.start();
    running.wait_for_line("running");
    let container = running.container();
    running.signal(Signal::KILL);
    running.finish();
    let is_there = || {
        let all = engine::docker(&["ps", "--all", "--quiet", "--no-trunc"]);
        all.lines().any(|id| id == container)
    };
    assert!(
        !engine::eventually(Duration::from_secs(2), || !is_there()),
        "nothing is shown by a container that ends by itself"
    );
    // One that is left to somebody stays, whoever runs.
    let kept = env.again(&["--debug=keep"]).build_command("false");
    kept.run().assert_failed();
    let has_kept = || !engine::containers("cobuild.tool=cobuild").is_empty();
    assert!(has_kept());
    env.build_command("true").run().assert_succeeded();
    assert!(engine::eventually(Duration::from_secs(10), || !is_there()));
    let clean = Command::new(env!("CARGO_BIN_EXE_cobuild"))
        .arg("clean")
        .env("HOME", kept.path("home"))
        .output()
        .unwrap();
    let clean = Run::new(clean);
    clean.assert_succeeded();
    assert!(clean.stdout.contains("removed container"), "{clean}");
    assert_eq!(leftovers(&kept), 0);
}

#[test]
fn what_was_to_empty_a_directory_and_was_killed_goes_with_the_next_run() {
    let env = TestEnv::new().build_command("true");
    let host = engine::docker(&["info", "--format", "{{.Name}}"]);
    let name = format!("cobuild-test-{}", std::process::id());
    let labels = prove(&env, "container", &name, &labels_of(NO_PID, &host));
    let mut words = vec!["create".to_owned(), "--name".to_owned(), name.clone()];
    words.extend(arguments(&labels));
    words.extend([engine::IMAGE.to_owned(), "none".to_owned()]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    engine::docker(&words);
    env.run().assert_succeeded();
    let names = engine::docker(&["ps", "--all", "--format", "{{.Names}}"]);
    assert!(!names.lines().any(|it| it == name), "{names}");
}
