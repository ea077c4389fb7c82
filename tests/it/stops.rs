//! Builds that are cut short: by a signal, by their time, by the end of cobuild itself.

mod stubborn;

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::engine;
use crate::env::{Run, Running, TestEnv};

/// Says when it runs, and then goes on for longer than any test.
const ENDLESS: &str = "echo running; sleep 600";

/// The same, deaf to every signal that can be ignored.
const DEAF: &str =
    "trap 'echo heard' TERM; trap '' INT HUP; echo running; while :; do sleep 0.1; done";

/// What a run has in the engine while it runs.
struct Traces {
    container: String,
    volumes: Vec<String>,
}

impl Traces {
    #[track_caller]
    fn of(running: &Running) -> Self {
        let container = running.container();
        let volumes = engine::volumes(&container);
        assert!(!volumes.is_empty(), "the view of the source is a volume");
        Self { container, volumes }
    }

    fn are_gone(&self) -> bool {
        let containers = engine::docker(&["ps", "--all", "--quiet", "--no-trunc"]);
        !containers.lines().any(|id| id == self.container)
            && !self.volumes.iter().any(|name| engine::has_volume(name))
    }
}

/// How many builds have left something in the scratch directory.
fn leftovers(env: &TestEnv) -> usize {
    fs::read_dir(env.scratch()).map_or(0, Iterator::count)
}

/// Starts a build with one command and waits until it runs.
fn start(command: &str) -> (TestEnv, Running) {
    let env = TestEnv::new().build_command(command).args(&[
        "--source-transfer",
        "copy-on-write",
        "--build-json",
        "build.json",
    ]);
    let running = env.start();
    running.wait_for_line("running");
    (env, running)
}

fn phase<'a>(build: &'a Value, name: &str) -> Option<&'a Value> {
    let mut phases = build["phases"].as_array().unwrap().iter();
    phases.find(|phase| phase["phaseType"] == name)
}

/// Checks that a build was stopped in BUILD, and says so everywhere (contract §2.2).
#[track_caller]
fn assert_stopped(env: &TestEnv, run: &Run, code: i32) {
    run.assert_code(code);
    assert!(run.stderr.contains("STOPPED"), "{run}");
    assert!(!run.stdout.contains("POST_BUILD"), "{run}");
    let build = env.json("build.json");
    assert_eq!(build["buildStatus"], "STOPPED");
    assert_eq!(build["buildComplete"], true);
    let stopped = phase(&build, "BUILD").unwrap();
    assert_eq!(stopped["phaseStatus"], "STOPPED");
    assert_eq!(stopped.get("contexts"), None);
    let names: Vec<&str> = build["phases"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|phase| phase["phaseType"].as_str())
        .collect();
    assert!(
        names.ends_with(&["PRE_BUILD", "BUILD", "COMPLETED"]),
        "{names:?}"
    );
    assert_eq!(leftovers(env), 0);
}

#[test]
fn an_interrupt_stops_the_build() {
    let (env, running) = start(ENDLESS);
    let traces = Traces::of(&running);
    running.signal(Signal::INT);
    let run = running.finish();
    assert_stopped(&env, &run, 130);
    assert!(traces.are_gone());
}

#[test]
fn a_request_to_terminate_stops_the_build() {
    let (env, running) = start(ENDLESS);
    let traces = Traces::of(&running);
    running.signal(Signal::TERM);
    let run = running.finish();
    assert_stopped(&env, &run, 143);
    assert!(traces.are_gone());
}

#[test]
fn the_command_hears_of_the_stop_and_may_have_a_last_word() {
    let command = "trap 'echo caught; exit 7' TERM; echo running; while :; do sleep 0.1; done";
    let (env, running) = start(command);
    running.signal(Signal::INT);
    let run = running.finish();
    assert_stopped(&env, &run, 130);
    assert!(run.stdout.contains("\ncaught\n"), "{run}");
}

#[test]
fn every_process_hears_of_the_stop() {
    let child =
        "sh -c 'trap \"echo child caught; exit\" TERM; echo running; while :; do sleep 0.1; done'";
    // The command's own shell outlives the signal, and so its child's last word.
    let (env, running) = start(&format!("trap : TERM; {child}; true"));
    running.signal(Signal::TERM);
    let run = running.finish();
    assert_stopped(&env, &run, 143);
    assert!(run.stdout.contains("\nchild caught\n"), "{run}");
}

#[test]
fn a_program_has_time_to_end_though_its_shell_does_at_once() {
    let program = "sh -c 'trap \"sleep 0.5; echo cleaned up; exit\" TERM; echo running; while :; do sleep 0.1; done'";
    let (env, running) = start(&format!("{program}; true"));
    running.signal(Signal::TERM);
    let run = running.finish();
    assert_stopped(&env, &run, 143);
    assert!(run.stdout.contains("\ncleaned up\n"), "{run}");
}

#[test]
fn a_second_signal_ends_a_deaf_command_at_once() {
    let (env, running) = start(DEAF);
    let traces = Traces::of(&running);
    running.signal(Signal::INT);
    running.wait_for_line("heard");
    let second = Instant::now();
    running.signal(Signal::TERM);
    let run = running.finish();
    // Much less than the ten seconds that a command has after the first signal.
    assert!(second.elapsed() < Duration::from_secs(6), "{run}");
    // The first signal says why the build was stopped.
    assert_stopped(&env, &run, 130);
    assert!(traces.are_gone());
}

#[test]
fn a_killed_cobuild_takes_its_container_along_and_the_next_run_cleans_up() {
    let (env, running) = start(DEAF);
    let traces = Traces::of(&running);
    let label = running.label();
    running.signal(Signal::KILL);
    assert_eq!(running.finish().code, None);
    let gone = engine::eventually(Duration::from_secs(10), || {
        engine::containers(&label).is_empty() && traces.are_gone()
    });
    assert!(gone, "the build outlives cobuild");
    assert_ne!(leftovers(&env), 0, "there is something to clean up");
    let env = env.build_command("true");
    env.run().assert_succeeded();
    assert_eq!(leftovers(&env), 0);
}

#[test]
fn a_run_does_not_clean_up_after_one_that_lives() {
    let (env, running) = start(
        "echo running; until [ -e /tmp/go ]; do sleep 0.1; done; cat buildspec.yml; touch made",
    );
    let own = leftovers(&env);
    assert_ne!(own, 0);
    let mut other = env.command();
    other.args(["--env", "OTHER=1", "--buildspec", "-"]);
    let spec = env.path("other.yml");
    fs::write(&spec, "version: 0.2\nphases: {}\n").unwrap();
    other.stdin(fs::File::open(spec).unwrap());
    Running::start(other).finish().assert_succeeded();
    assert_eq!(leftovers(&env), own);
    engine::docker(&["exec", &running.container(), "touch", "/tmp/go"]);
    running.finish().assert_succeeded();
    assert_eq!(leftovers(&env), 0);
}

#[test]
fn a_timeout_ends_a_command_that_ignores_signals() {
    let env = TestEnv::new().build_command(DEAF).args(&[
        "--timeout",
        "15s",
        "--grace",
        "1s",
        "--build-json",
        "build.json",
    ]);
    let running = env.start();
    running.wait_for_line("running");
    let label = running.label();
    let run = running.finish();
    run.assert_failed();
    assert!(run.stdout.contains("\nheard\n"), "{run}");
    assert!(
        run.log().ends_with(
            "> Phase complete: BUILD State: TIMED_OUT\n\
             > Phase context status code: BUILD_TIMED_OUT Message: Build has timed out. \n"
        ),
        "{run}"
    );
    let build = env.json("build.json");
    assert_eq!(build["buildStatus"], "FAILED");
    let timed_out = phase(&build, "BUILD").unwrap();
    assert_eq!(timed_out["phaseStatus"], "TIMED_OUT");
    assert_eq!(timed_out["contexts"][0]["statusCode"], "BUILD_TIMED_OUT");
    assert_eq!(phase(&build, "POST_BUILD"), None);
    assert!(engine::containers(&label).is_empty());
    assert_eq!(leftovers(&env), 0);
}

#[test]
fn a_background_process_does_not_delay_the_end() {
    let env = TestEnv::new().build_commands(&[
        "sleep 600 &",
        "trap '' TERM HUP INT; (while :; do sleep 1; done) &",
        "echo done",
    ]);
    let start = Instant::now();
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(run.output_of("echo done"), "done\n");
    assert!(start.elapsed() < Duration::from_secs(30), "{run}");
}

#[test]
fn several_builds_at_once_keep_apart() {
    let names = ["ada", "ben", "cyd", "dee"];
    let command = "for i in 1 2 3; do echo $NAME $i; sleep 0.1; done; echo running; \
                   until [ -e /tmp/go ]; do sleep 0.1; done; ls /tmp/go*";
    // One home for all, as one user has.
    let env = TestEnv::new().build_command(command);
    let builds = names.map(|name| {
        let mut line = env.command();
        line.args(["--env", &format!("NAME={name}")]);
        (name, Running::start(line))
    });
    // All four are in the middle of their command before the first may end.
    for (_, running) in &builds {
        running.wait_for_line("running");
    }
    for (_, running) in &builds {
        engine::docker(&["exec", &running.container(), "touch", "/tmp/go"]);
    }
    for (name, running) in builds {
        let run = running.finish();
        run.assert_succeeded();
        let expected = format!("{name} 1\n{name} 2\n{name} 3\nrunning\n/tmp/go\n");
        assert_eq!(run.output_of(command), expected);
    }
    assert_eq!(leftovers(&env), 0);
}

#[test]
fn a_stop_before_the_first_command_leaves_nothing() {
    let env = TestEnv::new().build_command("sleep 600");
    let running = env.start();
    let label = running.label();
    running.wait_for_line("> Running on CodeBuild On-demand");
    running.signal(Signal::TERM);
    let run = running.finish();
    run.assert_code(143);
    assert!(engine::containers(&label).is_empty());
    assert_eq!(leftovers(&env), 0);
}
