//! The daemon goes, killed or stopped, in the middle of a build.

use std::time::Duration;

use super::{assert_whole, leftovers};
use crate::engine::daemon::Daemon;
use crate::engine::eventually;
use crate::env::{PATIENCE, Run, TestEnv};

/// How a daemon goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Killed,
    Stopped,
}

impl End {
    fn of(self, daemon: &mut Daemon) {
        match self {
            Self::Killed => daemon.kill(),
            Self::Stopped => daemon.stop(),
        }
    }
}

/// A place for builds on a daemon of their own. Whoever waited there for an answer would do so for longer
/// than a test does: a build that ends has seen that the daemon went.
fn env(daemon: &Daemon) -> TestEnv {
    let image = daemon.load_busybox();
    TestEnv::new()
        .image(image)
        .variable("DOCKER_HOST", &daemon.host())
        .args(&["--build-json", "build.json", "--engine-timeout", "1h"])
}

/// Checks that a run had no verdict because its daemon went in this phase, and left nothing on the host.
#[track_caller]
fn assert_no_verdict(env: &TestEnv, run: &Run, phase: &str) {
    run.assert_code(3);
    assert_whole(run);
    assert!(run.stderr.contains("no engine answers at"), "{run}");
    let build = env.json("build.json");
    assert_eq!(build["buildStatus"], "FAULT");
    let phases = build["phases"].as_array().unwrap();
    let faulty: Vec<_> = phases
        .iter()
        .filter(|phase| phase["phaseStatus"] == "FAULT")
        .collect();
    assert_eq!(faulty.len(), 1, "{build:#}");
    assert_eq!(faulty[0]["phaseType"], phase, "{build:#}");
    assert_eq!(faulty[0]["contexts"][0]["statusCode"], "INTERNAL_ERROR");
    assert_eq!(leftovers(env), 0, "{run}");
}

/// Checks that nothing of cobuild's is left in a daemon that was started again, once somebody builds.
#[track_caller]
fn assert_nothing_left(env: TestEnv, daemon: &mut Daemon) {
    daemon.restart();
    let run = env.build_command("true").run();
    assert_eq!(run.code, Some(0), "{run}\ndockerd: {}", daemon.log());
    assert!(eventually(PATIENCE, || daemon.containers().is_empty()));
    assert_eq!(daemon.docker(&["volume", "ls", "--quiet"]), "");
}

#[test]
fn a_daemon_that_goes_takes_a_quiet_build_along() {
    for end in [End::Killed, End::Stopped] {
        let mut daemon = Daemon::start(&[]);
        let env = env(&daemon).build_commands(&["echo first", "sleep 600"]);
        let running = env.start();
        running.wait_for_line("> Running command sleep 600");
        end.of(&mut daemon);
        let run = running.finish();
        assert_no_verdict(&env, &run, "BUILD");
        assert_eq!(run.output_of("echo first"), "first\n");
        assert!(
            run.log().ends_with(
                "> Running command sleep 600\n\
                 > Phase complete: BUILD State: FAULT\n\
                 > Phase context status code: INTERNAL_ERROR Message: cannot connect to the engine\n"
            ),
            "{run}"
        );
        assert_nothing_left(env, &mut daemon);
    }
}

#[test]
fn a_daemon_that_goes_takes_a_chatty_build_along() {
    for end in [End::Killed, End::Stopped] {
        let mut daemon = Daemon::start(&[]);
        let env = env(&daemon).build_command("echo begin; seq 1000000000");
        let running = env.start();
        running.wait_for_line("begin");
        end.of(&mut daemon);
        let run = running.finish();
        assert_no_verdict(&env, &run, "BUILD");
        let log = run.log();
        let (printed, end) = log
            .split_once("begin\n")
            .unwrap()
            .1
            .split_once("\n> Phase complete: BUILD State: FAULT\n")
            .unwrap();
        assert!(end.starts_with("> Phase context status code: INTERNAL_ERROR"));
        // No line is lost up to the fault; the last may be cut.
        for (number, line) in printed.trim_end().lines().enumerate() {
            let whole = (number + 1).to_string();
            assert!(whole.starts_with(line), "{line} in place of {whole}");
        }
        assert_nothing_left(env, &mut daemon);
    }
}

#[test]
fn a_daemon_that_goes_while_the_source_comes_in_is_noticed() {
    let mut daemon = Daemon::start(&[]);
    let env = env(&daemon)
        .build_command("true")
        .args(&["--source-transfer", "tar"]);
    // Holes cost this machine nothing, and the daemon a while.
    let file = std::fs::File::create(env.source().join("big")).unwrap();
    file.set_len(20_000_000_000).unwrap();
    let running = env.start();
    running.wait_for_line("> Phase is DOWNLOAD_SOURCE");
    std::thread::sleep(Duration::from_millis(500));
    daemon.kill();
    let run = running.finish();
    assert_no_verdict(&env, &run, "DOWNLOAD_SOURCE");
    file.set_len(0).unwrap();
    assert_nothing_left(env, &mut daemon);
}

#[test]
fn a_daemon_that_goes_while_artifacts_come_out_is_noticed() {
    let mut daemon = Daemon::start(&[]);
    let spec = "version: 0.2
phases:
  build:
    commands: [truncate -s 20000000000 big]
artifacts:
  files: [big]
";
    let env = env(&daemon).buildspec(spec).args(&["-a", "out"]);
    let running = env.start();
    running.wait_for_line("> Found 1 file(s)");
    std::thread::sleep(Duration::from_millis(300));
    daemon.kill();
    let run = running.finish();
    assert_no_verdict(&env, &run, "UPLOAD_ARTIFACTS");
    let out = std::fs::read_dir(env.path("out")).unwrap();
    assert_eq!(out.count(), 0, "half of an artifact is left");
    std::fs::remove_dir_all(env.path("out")).unwrap();
    assert_nothing_left(env.buildspec("version: 0.2\nphases: {}\n"), &mut daemon);
}
