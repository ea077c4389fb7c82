//! What runs leave goes with `cobuild clean`, and nothing else does.

mod beside;
mod owners;

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use crate::engine;
use crate::engine::daemon::Daemon;
use crate::env::{Run, TestEnv};

/// A user who may do nothing special.
const NOBODY: u32 = 65534;

/// `cobuild clean` at home in an environment.
fn command(env: &TestEnv, daemon: &Daemon, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cobuild"));
    command
        .arg("clean")
        .args(arguments)
        .env_clear()
        .env("HOME", env.path("home"))
        .env("DOCKER_HOST", daemon.host());
    command
}

fn clean(env: &TestEnv, daemon: &Daemon, arguments: &[&str]) -> Run {
    Run::new(command(env, daemon, arguments).output().unwrap())
}

#[track_caller]
fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}"))
}

/// The names of the things of a kind in a list of the document.
fn names(document: &Value, list: &str, kind: &str) -> Vec<String> {
    let listed = document[list].as_array().unwrap();
    listed
        .iter()
        .filter(|it| it["kind"] == kind)
        .map(|it| it["name"].as_str().unwrap().to_owned())
        .collect()
}

/// An environment for builds in a daemon's own small image.
fn env(daemon: &Daemon) -> TestEnv {
    let image = daemon.load_busybox();
    TestEnv::new()
        .image(image)
        .variable("DOCKER_HOST", &daemon.host())
}

/// How many entries the directory of running builds has.
fn directories(env: &TestEnv) -> usize {
    fs::read_dir(env.scratch()).map_or(0, Iterator::count)
}

#[test]
fn what_a_kept_build_stands_on_goes_with_its_container() {
    let daemon = Daemon::start(&[]);
    let env = env(&daemon).build_command("false").arg("--debug=keep");
    env.run().assert_failed();
    let container = daemon.docker(&["ps", "-q", "--no-trunc"]);
    let volume = daemon.docker(&["volume", "ls", "-q"]);
    let label = |name: &str| {
        let format = format!("{{{{index .Config.Labels \"{name}\"}}}}");
        daemon.docker(&["inspect", "--format", &format, &container])
    };
    let build = label("cobuild.build");
    for (name, value) in [
        ("cobuild.tool", "cobuild"),
        ("cobuild.version", env!("CARGO_PKG_VERSION")),
        (
            "cobuild.host",
            &daemon.docker(&["info", "--format", "{{.Name}}"]),
        ),
    ] {
        assert_eq!(label(name), value);
    }
    assert!(label("cobuild.pid").parse::<u32>().is_ok());
    assert!(build.starts_with("source:"), "{build}");

    let listed = clean(&env, &daemon, &["--dry-run", "--format", "json"]);
    listed.assert_succeeded();
    let listed = json(&listed);
    assert_eq!(listed["dryRun"], true);
    assert_eq!(names(&listed, "removed", "container"), [container.as_str()]);
    assert_eq!(names(&listed, "removed", "volume"), [volume.as_str()]);
    assert_eq!(names(&listed, "removed", "directory").len(), 1);
    assert_eq!(listed["removed"][0]["build"], build.as_str());
    assert!(listed["removed"][0]["created"].is_string());
    assert_eq!(directories(&env), 2, "nothing went");

    let removed = clean(&env, &daemon, &["--format", "json"]);
    removed.assert_succeeded();
    assert_eq!(json(&removed)["removed"].as_array().unwrap().len(), 3);
    assert_eq!(daemon.docker(&["ps", "-aq"]), "");
    assert_eq!(daemon.docker(&["volume", "ls", "-q"]), "");
    assert_eq!(directories(&env), 0);
    let again = clean(&env, &daemon, &[]);
    again.assert_succeeded();
    assert_eq!(again.stdout, "nothing was left\n");
}

#[test]
fn what_a_killed_run_left_on_the_host_goes() {
    let daemon = Daemon::start(&[]);
    let env = env(&daemon).build_command("sleep 600");
    let running = env.start();
    running.wait_for_line("> Running command sleep 600");
    let caches = env.path("home/.cache/cobuild/caches/project");
    fs::create_dir_all(&caches).unwrap();
    let unfinished = caches.join("s3-0123.writer.tar.zst");
    fs::write(&unfinished, "half of it").unwrap();
    fs::write(caches.join("s3-0123.writer.json"), "{").unwrap();
    let living = clean(&env, &daemon, &["--dry-run"]);
    assert!(living.stdout.contains("would remove cache"), "{living}");
    assert!(
        living.stdout.contains(
            "left alone, since their runs live or may live: 1 container, 1 volume, 1 directory;"
        ),
        "{living}"
    );
    running.signal(Signal::KILL);
    running.finish();
    let gone = || daemon.docker(&["ps", "-aq"]).is_empty();
    assert!(engine::eventually(std::time::Duration::from_secs(20), gone));
    assert_eq!(directories(&env), 2);
    let run = clean(&env, &daemon, &[]);
    run.assert_succeeded();
    assert!(run.stdout.contains("removed directory"), "{run}");
    assert!(run.stdout.contains(" old, 10 B)"), "{run}");
    assert!(
        run.stdout
            .contains(&format!("removed cache {} (", unfinished.display())),
        "{run}"
    );
    assert_eq!(directories(&env), 0);
    assert_eq!(fs::read_dir(&caches).unwrap().count(), 0);
}

#[test]
fn without_an_engine_the_host_is_cleaned_all_the_same() {
    let daemon = Daemon::start(&[]);
    let env = env(&daemon).build_command("false").arg("--debug=keep");
    env.run().assert_failed();
    let dead = env.scratch().join("dead");
    fs::create_dir(&dead).unwrap();
    fs::write(env.scratch().join("dead.lock"), "").unwrap();
    let arguments = ["--host", "unix:///nowhere/docker.sock"];
    let run = clean(&env, &daemon, &arguments);
    run.assert_code(3);
    assert!(
        run.stdout
            .contains(&format!("removed directory {}", dead.display())),
        "{run}"
    );
    assert!(
        run.stdout.contains(
            "the engine was not looked at, nor at the directories of kept containers (1)\n"
        ),
        "{run}"
    );
    assert!(
        run.stderr
            .contains("no engine answers at `unix:///nowhere/docker.sock` (given as --host)"),
        "{run}"
    );
    assert!(!dead.exists());
    assert_eq!(directories(&env), 2, "what the container uses");
    let run = clean(
        &env,
        &daemon,
        &["--format", "json", arguments[0], arguments[1]],
    );
    run.assert_code(3);
    assert!(json(&run)["notLookedAt"].is_string(), "{run}");
}

#[test]
fn the_engine_empties_what_this_user_may_not_remove() {
    let daemon = Daemon::start(&[]);
    let env = env(&daemon);
    let image = daemon.load_busybox();
    let socket = daemon.socket();
    for path in [env.path(""), env.path("home")] {
        std::os::unix::fs::chown(path, Some(NOBODY), None).unwrap();
    }
    for directory in socket.ancestors().skip(1).take(1) {
        Command::new("chmod")
            .arg("755")
            .arg(directory)
            .status()
            .unwrap();
    }
    Command::new("chmod")
        .arg("666")
        .arg(&socket)
        .status()
        .unwrap();
    // As a build leaves it whose user is root in the container.
    let left = env.scratch().join("dead/0/upper/of-root");
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join("file"), "").unwrap();
    for directory in left.ancestors().skip(1).take(6) {
        std::os::unix::fs::chown(directory, Some(NOBODY), None).unwrap();
    }
    let lock = env.scratch().join("dead.lock");
    let cleaned = |image: &str| {
        fs::write(&lock, image).unwrap();
        std::os::unix::fs::chown(&lock, Some(NOBODY), None).unwrap();
        let output = command(&env, &daemon, &[]).uid(NOBODY).gid(NOBODY).output();
        Run::new(output.unwrap())
    };
    let run = cleaned("no-such-image");
    run.assert_failed();
    let directory = env.scratch().join("dead");
    assert!(
        run.stdout
            .contains(&format!("cannot remove directory {}", directory.display())),
        "{run}"
    );
    assert!(run.stdout.contains("`sudo rm -r "), "{run}");
    assert!(left.exists());
    let run = cleaned(image);
    run.assert_succeeded();
    assert!(!directory.exists(), "{run}");
    assert_eq!(directories(&env), 0);
    assert_eq!(daemon.docker(&["ps", "-aq"]), "");
}
