//! Directories and programs of this machine that somebody else has put where cobuild looks.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::env::{Run, TestEnv};

/// A user who may do nothing special.
const NOBODY: u32 = 65534;

/// The command line without a home, in a directory for everybody like `/tmp`.
fn homeless(env: &TestEnv) -> (Command, PathBuf) {
    let everybody = env.path("everybody");
    if !everybody.exists() {
        fs::create_dir(&everybody).unwrap();
        fs::set_permissions(&everybody, Permissions::from_mode(0o1777)).unwrap();
    }
    let mut command = env.command();
    command.env_remove("HOME").env("TMPDIR", &everybody);
    (command, everybody)
}

fn run(mut command: Command) -> Run {
    Run::new(command.output().unwrap())
}

/// What an attacker wants to be emptied: it looks like what a killed run left.
fn victim(env: &TestEnv) -> PathBuf {
    let victim = env.path("victim");
    fs::create_dir_all(victim.join("runs/precious")).unwrap();
    fs::write(victim.join("runs/precious/file"), "mine").unwrap();
    fs::write(victim.join("runs/precious.lock"), "").unwrap();
    victim
}

#[test]
fn without_a_home_a_user_has_a_directory_to_himself() {
    let env = TestEnv::new().build_command("cat buildspec.yml");
    // Where everybody could have put it, once upon a time.
    let (_, everybody) = homeless(&env);
    symlink(victim(&env), everybody.join("cobuild")).unwrap();
    run(homeless(&env).0).assert_succeeded();
    assert!(env.path("victim/runs/precious/file").exists());
    let own = everybody.join(format!("cobuild-{}", rustix::process::geteuid().as_raw()));
    let made = fs::metadata(own).unwrap();
    assert_eq!(made.mode() & 0o777, 0o700);
}

/// Puts something into the place of a directory of cobuild's that leads to the victim.
type Planting = fn(&Path, &Path);

#[test]
fn a_directory_that_somebody_else_made_is_refused() {
    assert!(
        rustix::process::geteuid().is_root(),
        "these tests make users"
    );
    let plantings: [(&str, Planting); 5] = [
        ("is a symbolic link", |own, victim| {
            symlink(victim, own).unwrap();
        }),
        ("belongs to user 65534", |own, _| {
            fs::create_dir(own).unwrap();
            chown(own, Some(NOBODY), None).unwrap();
        }),
        ("other users than its owner", |own, _| {
            fs::create_dir(own).unwrap();
            fs::set_permissions(own, Permissions::from_mode(0o777)).unwrap();
        }),
        ("is a symbolic link", |own, victim| {
            fs::create_dir(own).unwrap();
            symlink(victim.join("runs"), own.join("runs")).unwrap();
        }),
        ("belongs to user 65534", |own, victim| {
            fs::create_dir(own).unwrap();
            fs::create_dir(own.join("caches")).unwrap();
            chown(own.join("caches"), Some(NOBODY), None).unwrap();
            let _ = victim;
        }),
    ];
    for (reason, plant) in plantings {
        let env = TestEnv::new()
            .build_command("true")
            .args(&["--cache", "s3"]);
        let victim = victim(&env);
        let (command, everybody) = homeless(&env);
        plant(&everybody.join("cobuild-0"), &victim);
        let ran = run(command);
        ran.assert_code(2);
        assert!(ran.stderr.contains(reason), "{reason}: {ran}");
        assert!(ran.stderr.contains("XDG_CACHE_HOME=DIR"), "{ran}");
        for command in [
            ["clean", "--dry-run"].as_slice(),
            &["clean", "--all"],
            &["cache", "list"],
        ] {
            let (line, _) = homeless(&env);
            let mut other = Command::new(line.get_program());
            other
                .args(command)
                .env_remove("HOME")
                .env("TMPDIR", &everybody);
            run(other).assert_code(2);
        }
        assert!(victim.join("runs/precious/file").exists(), "{reason}");
    }
}

#[test]
fn a_place_in_the_hand_of_others_is_refused_and_links_above_are_the_user_s() {
    let env = TestEnv::new().build_command("true");
    fs::create_dir_all(env.path("disk/cache")).unwrap();
    symlink("disk/cache", env.path("cache")).unwrap();
    let with = |path: &str| {
        let cache = env.path(path).display().to_string();
        env.again(&[]).variable("XDG_CACHE_HOME", &cache).run()
    };
    with("cache").assert_succeeded();
    assert!(env.path("disk/cache/cobuild").is_dir());
    fs::set_permissions(env.path("disk"), Permissions::from_mode(0o777)).unwrap();
    let refused = with("cache");
    refused.assert_code(2);
    assert!(refused.stderr.contains("/disk`"), "{refused}");
    fs::set_permissions(env.path("disk"), Permissions::from_mode(0o1777)).unwrap();
    with("cache").assert_succeeded();
    // Without an absolute path it would be the directory of whatever repository one is in.
    env.again(&[])
        .variable("XDG_CACHE_HOME", "relative")
        .run()
        .assert_succeeded();
    assert!(!env.path("relative").exists());
}

#[test]
fn root_leaves_the_home_of_another_user_alone() {
    let env = TestEnv::new()
        .build_command("true")
        .args(&["--cache", "s3"]);
    for path in [env.path("."), env.path("home")] {
        chown(path, Some(NOBODY), None).unwrap();
    }
    symlink(victim(&env), env.path("home/.cache")).unwrap();
    let (mut command, everybody) = homeless(&env);
    command.env("HOME", env.path("home"));
    let ran = run(command);
    // The directory above is the other user's too, and so is everything in it.
    chown(env.path("."), Some(0), None).unwrap();
    ran.assert_code(2);
    assert!(ran.stderr.contains("belongs to another user"), "{ran}");
    let (mut command, _) = homeless(&env);
    command.env("HOME", env.path("home"));
    let ran = run(command);
    ran.assert_succeeded();
    assert!(ran.stderr.contains("belongs to another user"), "{ran}");
    assert!(everybody.join("cobuild-0").is_dir());
    assert!(env.path("victim/runs/precious/file").exists());
    assert_eq!(fs::read_dir(env.path("home")).unwrap().count(), 1);
}

#[test]
fn a_plain_user_has_the_same_rules() {
    let env = TestEnv::new().build_command("mkdir -p deep && touch deep/file");
    let group = fs::metadata(crate::engine::socket()).unwrap().gid();
    let (user, group_text) = (NOBODY.to_string(), group.to_string());
    for path in [env.path("."), env.source(), env.path("home")] {
        chown(path, Some(NOBODY), Some(group)).unwrap();
    }
    let as_user = || {
        let (line, everybody) = homeless(&env);
        chown(&everybody, Some(0), Some(0)).unwrap();
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", &user, "--regid", &group_text, "--clear-groups"])
            .arg(line.get_program())
            .args(line.get_args())
            .current_dir(env.path("."))
            .env_remove("HOME")
            .env("TMPDIR", &everybody);
        run(command)
    };
    // The engine opens what the build's root left, and this user removes it.
    as_user().assert_succeeded();
    let own = env.path("everybody").join(format!("cobuild-{NOBODY}"));
    assert_eq!(fs::metadata(&own).unwrap().uid(), NOBODY);
    assert_eq!(fs::read_dir(own.join("runs")).unwrap().count(), 0);
    fs::remove_dir_all(&own).unwrap();
    symlink(victim(&env), &own).unwrap();
    let refused = as_user();
    refused.assert_code(2);
    assert!(env.path("victim/runs/precious/file").exists(), "{refused}");
}

#[test]
fn no_program_of_the_current_directory_is_run() {
    let marker = |env: &TestEnv| env.path("marker");
    let env = TestEnv::new()
        .image("localhost:1/none")
        .build_command("true");
    let plant = |path: &str| {
        let path = env.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let script = format!("#!/bin/sh\ntouch {}\n", marker(&env).display());
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    };
    for program in [
        "docker-credential-x/helper",
        "docker-credential-evil",
        "bin/docker-credential-evil",
        "git",
        "ssh",
        "sh",
        "podman",
    ] {
        plant(program);
    }
    let path = std::env::var("PATH").unwrap();
    let path = format!(".:bin::{path}");
    for helper in ["x/helper", "evil", "../docker-credential-evil"] {
        for config in [
            serde_json::json!({ "credsStore": helper }),
            serde_json::json!({ "credHelpers": { "localhost:1": helper } }),
        ] {
            fs::create_dir_all(env.path("home/.docker")).unwrap();
            fs::write(env.path("home/.docker/config.json"), config.to_string()).unwrap();
            let run = env.again(&[]).variable("PATH", &path).run();
            run.assert_failed();
            assert!(!marker(&env).exists(), "{helper}: {run}");
            let mut doctor = Command::new(env!("CARGO_BIN_EXE_cobuild"));
            doctor
                .args(["doctor", "--host", "ssh://localhost"])
                .current_dir(env.path(""))
                .env("HOME", env.path("home"))
                .env("PATH", &path);
            let run = Run::new(doctor.output().unwrap());
            assert!(!marker(&env).exists(), "{helper}: {run}");
        }
    }
    let run = env
        .again(&["--host", "ssh://-oProxyCommand=touch marker"])
        .run();
    assert_ne!(run.code, Some(0), "{run}");
    assert!(!marker(&env).exists(), "{run}");
}
