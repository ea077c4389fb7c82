//! Cleaning beside builds, and beside other cleaning.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::{clean, directories, env};
use crate::engine;
use crate::engine::daemon::Daemon;

#[test]
fn cleaning_all_ends_a_living_build_and_takes_everything() {
    let daemon = Daemon::start(&[]);
    let env = env(&daemon).build_command("sleep 600");
    let running = env.start();
    running.wait_for_line("> Running command sleep 600");
    let spared = clean(&env, &daemon, &[]);
    spared.assert_succeeded();
    assert!(spared.stdout.starts_with("nothing was left\n"), "{spared}");
    assert_ne!(daemon.docker(&["ps", "-q"]), "");
    let listed = clean(&env, &daemon, &["--all", "--dry-run"]);
    assert!(
        listed.stderr.starts_with(
            "warning: runs that live or may live would lose 1 container, 1 volume, 1 directory\n  source:"
        ),
        "{listed}"
    );
    assert_ne!(daemon.docker(&["ps", "-q"]), "");
    let run = clean(&env, &daemon, &["--all"]);
    run.assert_succeeded();
    assert_eq!(run.stdout.lines().count(), 3, "{run}");
    let build = running.finish();
    build.assert_failed();
    assert!(
        build.stdout.contains("Phase context status code"),
        "{build}"
    );
    assert!(!build.stderr.contains("panicked"), "{build}");
    assert_eq!(daemon.docker(&["ps", "-aq"]), "");
    assert_eq!(daemon.docker(&["volume", "ls", "-q"]), "");
    assert_eq!(directories(&env), 0);
}

#[test]
fn cleaning_twice_at_once_beside_builds_that_begin_harms_none() {
    let daemon = Daemon::start(&[]);
    let env = env(&daemon).args(&["--cache", "s3"]).buildspec(
        "version: 0.2\nphases: {build: {commands: [mkdir -p kept, echo x > kept/f, cat buildspec.yml, sleep 1, touch made]}}\nartifacts: {files: [made]}\ncache: {paths: [kept]}\n",
    );
    let commit = "git init -q && git add . && git -c user.name=x -c user.email=x commit -qm x";
    let mut shell = Command::new("sh");
    shell.args(["-c", commit]).current_dir(env.source());
    assert!(shell.status().unwrap().success());
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let cleaners: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut rounds = 0;
                    while !over.load(Ordering::Relaxed) {
                        let run = clean(&env, &daemon, &[]);
                        run.assert_succeeded();
                        rounds += 1;
                    }
                    rounds
                })
            })
            .collect();
        let builds: Vec<_> = (0..5)
            .map(|index| {
                let artifacts = format!("artifacts-{index}");
                let env = env.again(&["--artifacts", &artifacts]);
                // A checkout has a directory besides.
                let env = match index % 2 {
                    0 => env,
                    _ => env.args(&["--source-version", "HEAD"]),
                };
                scope.spawn(move || env.run())
            })
            .collect();
        let runs: Vec<_> = builds
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .collect();
        // Leavings appear while others clean.
        let kept = env.again(&["--debug=keep", "--break-at", "build:1"]).run();
        over.store(true, Ordering::Relaxed);
        let rounds: i32 = cleaners.into_iter().map(|it| it.join().unwrap()).sum();
        assert!(rounds > 5, "{rounds}");
        for run in runs {
            run.unwrap().assert_succeeded();
        }
        drop(kept);
    });
    for index in 0..5 {
        let made = env.path(&format!("artifacts-{index}")).join("made");
        assert!(made.exists());
    }
    clean(&env, &daemon, &[]).assert_succeeded();
    let gone = || daemon.docker(&["ps", "-aq"]).is_empty();
    assert!(engine::eventually(Duration::from_secs(10), gone));
    assert_eq!(directories(&env), 0);
}
