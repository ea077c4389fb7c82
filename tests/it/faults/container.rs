//! The build container goes before its time, or stands still, by somebody else's hand.

use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use super::{assert_whole, leftovers};
use crate::engine;
use crate::env::{PATIENCE, Run, TestEnv};

/// Whoever waited for an answer of the engine would do so for longer than a test waits: a build that ends has
/// seen the end of its container.
const PATIENT: [&str; 4] = ["--build-json", "build.json", "--engine-timeout", "1h"];

/// What somebody does to a container.
const ENDS: &[&[&str]] = &[
    &["rm", "--force"],
    &["kill"],
    &["stop", "--time", "1"],
    &["exec", "CONTAINER", "sh", "-c", "kill -9 -1"],
    // The driver's own shells, the topmost of which is the init process's child.
    &[
        "exec",
        "CONTAINER",
        "sh",
        "-c",
        "kill -9 $(pgrep -P 1 | head -n 1)",
    ],
];

fn end(end: &[&str], container: &str) {
    let mut arguments: Vec<&str> = end.to_vec();
    match arguments.iter_mut().find(|it| **it == "CONTAINER") {
        Some(place) => *place = container,
        None => arguments.push(container),
    }
    // What is killed by its own command does not report success.
    let _ = std::process::Command::new("docker")
        .args(&arguments)
        .output()
        .unwrap();
}

/// Checks that the build failed in this phase as CodeBuild has it (contract §2.5), and left nothing.
#[track_caller]
fn assert_found_dead(env: &TestEnv, run: &Run, phase: &str, label: &str) {
    run.assert_failed();
    assert_whole(run);
    let build = env.json("build.json");
    assert_eq!(build["buildStatus"], "FAILED", "{run}");
    let phases = build["phases"].as_array().unwrap();
    let is_failed = |phase: &&Value| phase["phaseStatus"] == "FAILED";
    let failed: Vec<_> = phases.iter().filter(is_failed).collect();
    assert_eq!(failed.len(), 1, "{build:#}");
    assert_eq!(failed[0]["phaseType"], phase, "{run}");
    let message = failed[0]["contexts"][0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("Build container found dead before completing the build."),
        "{run}"
    );
    assert_eq!(phases.last().unwrap()["phaseType"], "COMPLETED");
    assert_eq!(leftovers(env), 0, "{run}");
    let gone = engine::eventually(PATIENCE, || engine::containers(label).is_empty());
    assert!(gone, "{run}");
}

#[test]
fn however_a_container_ends_the_build_fails() {
    thread::scope(|scope| {
        for how in ENDS {
            scope.spawn(move || {
                let env = TestEnv::new()
                    .build_commands(&["echo first", "echo running; sleep 600"])
                    .args(&PATIENT);
                let running = env.start();
                running.wait_for_line("running");
                let label = running.label();
                end(how, &running.container());
                let run = running.finish();
                assert_found_dead(&env, &run, "BUILD", &label);
                assert_eq!(run.output_of("echo first"), "first\n", "{how:?}");
                assert!(!run.stdout.contains("POST_BUILD"), "{how:?}: {run}");
            });
        }
    });
}

#[test]
fn a_container_that_ends_while_its_source_comes_in_is_found_dead() {
    let env = TestEnv::new()
        .build_command("true")
        .args(&["--source-transfer", "tar"])
        .args(&PATIENT);
    for index in 0..40_000 {
        std::fs::write(env.source().join(format!("file{index}")), "content\n").unwrap();
    }
    let running = env.start();
    let label = running.label();
    running.wait_for_line("> Phase is DOWNLOAD_SOURCE");
    let id = running.container();
    // It takes seconds.
    thread::sleep(Duration::from_millis(300));
    end(&["kill"], &id);
    let run = running.finish();
    assert_found_dead(&env, &run, "DOWNLOAD_SOURCE", &label);
}

#[test]
fn a_container_that_ends_while_artifacts_come_out_is_found_dead() {
    for packaging in ["none", "zip"] {
        let spec = "version: 0.2
phases:
  build:
    commands: [head -c 1000000000 /dev/urandom > big; cp big big2]
artifacts:
  files: [big, big2]
";
        let env = TestEnv::new()
            .buildspec(spec)
            .args(&["-a", "out", "--packaging", packaging])
            .args(&PATIENT);
        let running = env.start();
        running.wait_for_line("> Found 2 file(s)");
        let label = running.label();
        end(&["kill"], &running.container());
        let run = running.finish();
        assert_found_dead(&env, &run, "UPLOAD_ARTIFACTS", &label);
        let out = std::fs::read_dir(env.path("out")).unwrap();
        assert_eq!(out.count(), 0, "half of the artifacts is left");
    }
}

#[test]
fn a_container_that_ends_while_its_cache_is_saved_is_found_dead() {
    let spec = "version: 0.2
phases:
  build:
    commands: [mkdir kept; head -c 1000000000 /dev/urandom > kept/big]
cache:
  paths: ['kept/**/*']
";
    let env = TestEnv::new()
        .buildspec(spec)
        .args(&["--cache", "s3"])
        .args(&PATIENT);
    let running = env.start();
    running.wait_for_line("> Entering phase POST_BUILD");
    let label = running.label();
    let id = running.container();
    thread::sleep(Duration::from_millis(300));
    end(&["kill"], &id);
    let run = running.finish();
    assert_found_dead(&env, &run, "UPLOAD_ARTIFACTS", &label);
    // What is not whole is no cache.
    let again = env.again(&[]).build_command("true").run();
    again.assert_succeeded();
}

#[test]
fn a_container_that_stands_still_is_stopped_all_the_same() {
    let start = |arguments: &[&str]| {
        let env = TestEnv::new()
            .build_command("echo running; sleep 600")
            .args(&["--grace", "1s"])
            .args(&PATIENT)
            .args(arguments);
        let running = env.start();
        running.wait_for_line("running");
        engine::docker(&["pause", &running.container()]);
        (env, running)
    };
    let (env, running) = start(&["--timeout", "15s"]);
    let label = running.label();
    let run = running.finish();
    run.assert_failed();
    assert_whole(&run);
    assert!(run.log().contains("State: TIMED_OUT"), "{run}");
    assert_eq!(leftovers(&env), 0);
    assert_eq!(engine::containers(&label), Vec::<String>::new());

    let (env, running) = start(&[]);
    let label = running.label();
    running.signal(Signal::INT);
    let run = running.finish();
    run.assert_code(130);
    assert_whole(&run);
    assert_eq!(leftovers(&env), 0);
    assert_eq!(engine::containers(&label), Vec::<String>::new());
}
