//! The clock is set while a build runs. It is a clock of cobuild's own, by libfaketime: the machine's
//! belongs to everybody. Its monotonic clock is left alone, as the kernel leaves it.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{assert_whole, leftovers};
use crate::env::{Run, TestEnv};

fn library() -> PathBuf {
    let roots = fs::read_dir("/usr/lib").unwrap().flatten();
    roots
        .map(|entry| entry.path().join("faketime/libfaketime.so.1"))
        .find(|path| path.exists())
        .expect("scripts/parts installs faketime")
}

/// How much longer than it took a test a phase may be said to have taken, in seconds.
const ROUNDING: i64 = 1;

/// Runs a build and sets the clock by this offset after its first line.
fn run(offset: &str, commands: &[&str], arguments: &[&str]) -> (Run, Value) {
    let env = TestEnv::new()
        .build_commands(commands)
        .args(&["--build-json", "build.json"])
        .args(arguments);
    let setting = env.path("clock");
    fs::write(&setting, "+0\n").unwrap();
    let env = env
        .variable("LD_PRELOAD", library().to_str().unwrap())
        .variable("FAKETIME_TIMESTAMP_FILE", setting.to_str().unwrap())
        .variable("FAKETIME_NO_CACHE", "1")
        .variable("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let running = env.start();
    running.wait_for_line("running");
    fs::write(&setting, format!("{offset}\n")).unwrap();
    let run = running.finish();
    assert_whole(&run);
    assert_eq!(leftovers(&env), 0);
    let build = env.json("build.json");
    (run, build)
}

#[test]
fn a_clock_that_is_set_changes_no_length_and_no_order() {
    for offset in ["-3600", "+3600", "-400000000"] {
        let start = Instant::now();
        let (run, build) = run(offset, &["echo running; sleep 3", "sleep 1"], &[]);
        let most = i64::try_from(start.elapsed().as_secs()).unwrap() + ROUNDING;
        assert!(most < 3600, "{most}");
        run.assert_succeeded();
        let dates: Vec<&str> = run
            .stdout
            .lines()
            .filter(|line| line.starts_with("[Container] "))
            .map(|line| &line["[Container] ".len()..][..26])
            .collect();
        assert!(dates.is_sorted(), "{offset}: {run}");
        let mut phases = build["phases"].as_array().unwrap().clone();
        let last = phases.pop().unwrap();
        let mut end = phases[0]["startTime"].as_f64().unwrap();
        for phase in &phases {
            let seconds = phase["durationInSeconds"].as_i64().unwrap();
            let wanted = if phase["phaseType"] == "BUILD" {
                4..=most
            } else {
                0..=most
            };
            assert!(wanted.contains(&seconds), "{offset}: {phase}");
            assert_eq!(phase["startTime"].as_f64(), Some(end), "{offset}: {phase}");
            end = phase["endTime"].as_f64().unwrap();
        }
        assert!(last["startTime"].as_f64().unwrap() >= end, "{offset}");
    }
}

#[test]
fn a_clock_that_is_set_back_does_not_put_off_the_timeout() {
    for offset in ["-3600", "+3600"] {
        let start = Instant::now();
        let (run, build) = run(
            offset,
            &["echo running; sleep 600"],
            &["--timeout", "15s", "--grace", "1s"],
        );
        assert!(start.elapsed() < Duration::from_mins(5), "{run}");
        run.assert_failed();
        assert!(run.log().contains("BUILD State: TIMED_OUT"), "{run}");
        assert_eq!(build["buildStatus"], "FAILED");
    }
}
