//! Engines as a plain user runs them, with cobuild as the same user runs it.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::contract;
use super::source_facts;
use super::way::{Eye, Way};
use crate::engine::rootless::Rootless;
use crate::engine::user::{PlainUser, USER};
use crate::env::Run;

#[test]
fn the_contract_holds_with_docker() {
    let (engine, user) = (Rootless::docker(), PlainUser::new());
    let way = way(&engine, true, &user);
    check("rootless Docker", &way, &user);
}

#[test]
fn the_contract_holds_with_podman() {
    let (engine, user) = (Rootless::podman(), PlainUser::new());
    let way = way(&engine, false, &user);
    check("rootless Podman", &way, &user);
}

fn way<'a>(engine: &'a Rootless, has_init: bool, user: &'a PlainUser) -> Way<'a> {
    Way {
        eye: Eye::Rootless(engine),
        image: engine.load_busybox(),
        arguments: vec!["--host".to_owned(), engine.host()],
        variables: Vec::new(),
        transfer: "a tar stream",
        has_init,
        alone: None,
        user: Some(user),
    }
}

fn check(reached: &str, way: &Way<'_>, user: &PlainUser) {
    contract::check(reached, way);
    source_facts::check(reached, way);
    a_mounted_source_stays_the_user_s(way);
    what_others_own_comes_in(way);
    // The last: Docker 20.10 tells nothing of itself while it looks up a registry where no name server
    // answers.
    doctor_and_builds_agree(way, user);
}

/// The kernel keeps from users what makes a copy-on-write view as good as a copy, and doctor says so.
fn doctor_and_builds_agree(way: &Way<'_>, user: &PlainUser) {
    let env = way.env();
    let mut doctor = Command::new("cobuild");
    doctor
        .args(["doctor", "--format", "json"])
        .args(["--pull", "127.0.0.1:1/none:1"])
        .args(&way.arguments)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", env.path("home"));
    let run = Run::new(user.command(&doctor, &env).output().unwrap());
    let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run}"));
    assert_eq!(report["engine"]["rootless"], true, "{report:#}");
    let checks = report["checks"].as_array().unwrap();
    let found = |name: &str| checks.iter().find(|check| check["name"] == name).unwrap();
    for name in ["container", "network", "bind-mount"] {
        assert_eq!(found(name)["verdict"], "ok", "{report:#}");
    }
    // Docker in a build makes a control group for each of its containers.
    let has_second = Path::new("/sys/fs/cgroup/cgroup.controllers").exists();
    let nests = if has_second { "ok" } else { "warning" };
    assert_eq!(found("privileged")["verdict"], nests, "{report:#}");
    let view = found("copy-on-write");
    assert_eq!(view["verdict"], "warning", "{report:#}");
    let text = view["found"].as_str().unwrap();
    assert!(text.contains("streamed as a tar"), "{report:#}");
    way.assert_nothing_is_left();
}

/// What a build makes in a mounted source is the user's own.
fn a_mounted_source_stays_the_user_s(way: &Way<'_>) {
    let make = "mkdir made && echo text > made/file && stat -c %u . made";
    let env = way.env().build_command(make).args(&["-m"]);
    let run = way.run(&env);
    run.assert_succeeded();
    assert_eq!(run.output_of(make), "0\n0\n");
    for name in ["source/made", "source/made/file"] {
        let file = fs::metadata(env.path(name)).unwrap();
        assert_eq!((file.uid(), file.gid()), (USER, USER), "{name}");
    }
}

/// What others have put into a source is root's as the rest of it.
fn what_others_own_comes_in(way: &Way<'_>) {
    let look = "stat -c %u:%g theirs && echo more >> theirs && cat theirs && rm theirs";
    let env = way.env().file("theirs", "text\n").build_command(look);
    let mut command = way.command(&env);
    chown(env.source().join("theirs"), Some(0), Some(0)).unwrap();
    let run = Run::new(command.output().unwrap());
    run.assert_succeeded();
    assert_eq!(run.output_of(look), "0:0\ntext\nmore\n");
}
