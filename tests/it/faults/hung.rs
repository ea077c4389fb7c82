//! An engine that takes requests and answers none: at its door, or from one moment of a build on.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::proxy::Proxy;
use super::{assert_whole, leftovers};
use crate::engine;
use crate::env::{PATIENCE, Run, Running, TestEnv};

/// The limit that the runs are given.
const LIMIT: &str = "10s";

/// The longest that a run may go on once the engine stops to answer: the request that hangs, the silence
/// before it is noticed, and the attempt to clean up. It is less than cobuild's own limit for any of them.
const BOUND: Duration = Duration::from_secs(55);

/// One build at a time comes to where it hangs: the engine has nothing else to do, and answers the rest
/// within the limit.
static TURN: Mutex<()> = Mutex::new(());

const SPEC: &str = "version: 0.2
phases:
  build:
    commands: [echo out > out.txt]
artifacts:
  files: [out.txt]
";

/// What asks for what: the arguments of a build that makes the request, and the words on stderr.
const STEPS: &[(&str, &[&str], &str)] = &[
    ("GET /info", &[], "no engine answers at"),
    ("GET /images/", &[], "cannot look up image"),
    (
        "POST /containers/create",
        &[],
        "cannot create the build container",
    ),
    ("/attach", &[], "cannot attach to the build container"),
    ("/start", &[], "cannot start the build container"),
    (
        "/exec",
        &["--source-transfer", "tar"],
        "cannot copy files into the build container",
    ),
    (
        "POST /exec/",
        &["--source-transfer", "tar"],
        "cannot copy files into the build container",
    ),
    ("/exec", &["-a", "out"], "in the build container"),
    ("/wait", &[], "cannot remove a container"),
];

fn env(proxy: &Proxy) -> TestEnv {
    TestEnv::new()
        .buildspec(SPEC)
        .variable("DOCKER_HOST", &proxy.host())
}

/// Starts a build and waits until it hangs.
fn start_hanging(env: &TestEnv, proxy: &Proxy, request: &str) -> Running {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let running = env.start();
    let hangs = engine::eventually(PATIENCE, || proxy.hangs());
    assert!(hangs, "{request} was not asked");
    running
}

/// Checks a run that had no answer.
#[track_caller]
fn assert_noticed(env: &TestEnv, run: &Run, words: &str) {
    run.assert_code(3);
    assert_whole(run);
    assert!(run.stderr.contains(words), "{words}: {run}");
    assert!(
        run.stderr.contains("the engine did not answer within 10 s"),
        "{run}"
    );
    assert!(run.stderr.contains("--engine-timeout"), "{run}");
    assert_eq!(leftovers(env), 0, "{run}");
}

/// Checks that nothing is left in the engine, once it answers and somebody builds.
#[track_caller]
fn assert_nothing_stays(env: TestEnv, label: &str) {
    let env = env.variable("DOCKER_HOST", &engine::host());
    env.run().assert_succeeded();
    let gone = engine::eventually(PATIENCE, || engine::containers(label).is_empty());
    assert!(gone, "{label} is left");
}

#[test]
fn no_step_of_a_build_waits_for_ever() {
    thread::scope(|scope| {
        for (request, arguments, words) in STEPS {
            scope.spawn(move || {
                let proxy = Proxy::hanging_at(&engine::socket(), request);
                let env = env(&proxy).args(arguments);
                let limited = env.again(&["--engine-timeout", LIMIT]);
                let running = start_hanging(&limited, &proxy, request);
                let start = Instant::now();
                let label = running.label();
                let run = running.finish();
                assert!(start.elapsed() < BOUND, "{request}: {:?}", start.elapsed());
                assert_noticed(&env, &run, words);
                drop(proxy);
                assert_nothing_stays(env, &label);
            });
        }
    });
}

#[test]
fn a_stop_is_heard_at_every_step() {
    thread::scope(|scope| {
        for (request, arguments, _) in STEPS {
            scope.spawn(move || {
                let proxy = Proxy::hanging_at(&engine::socket(), request);
                let env = env(&proxy).args(arguments);
                let running = start_hanging(&env, &proxy, request);
                let label = running.label();
                let start = Instant::now();
                running.signal(Signal::INT);
                thread::sleep(Duration::from_millis(200));
                running.signal(Signal::INT);
                let run = running.finish();
                // With its own limits cobuild would wait for a minute.
                let took = start.elapsed();
                assert!(took < Duration::from_secs(30), "{request}: {took:?}: {run}");
                run.assert_code(130);
                assert_whole(&run);
                assert_eq!(leftovers(&env), 0, "{request}: {run}");
                drop(proxy);
                assert_nothing_stays(env, &label);
            });
        }
    });
}

#[test]
fn an_engine_that_stops_to_answer_is_noticed_while_a_command_is_silent() {
    let proxy = Proxy::start(&engine::socket());
    let env = TestEnv::new()
        .build_commands(&["echo first", "sleep 600"])
        .variable("DOCKER_HOST", &proxy.host())
        .args(&["--engine-timeout", LIMIT]);
    let running = env.start();
    running.wait_for_line("> Running command sleep 600");
    let start = Instant::now();
    proxy.hang();
    let run = running.finish();
    assert!(start.elapsed() < BOUND, "{:?}", start.elapsed());
    assert_noticed(&env, &run, "cannot read the build container's output");
    assert_eq!(run.output_of("echo first"), "first\n");
    assert!(
        run.log().contains(
            "> Phase complete: BUILD State: FAULT\n> Phase context status code: INTERNAL_ERROR"
        ),
        "{run}"
    );
}

#[test]
fn a_silent_command_is_no_fault() {
    // Longer than the limit.
    let env = TestEnv::new()
        .build_command("sleep 14; echo done")
        .args(&["--engine-timeout", LIMIT]);
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(run.output_of("sleep 14; echo done"), "done\n");
}

#[test]
fn a_container_that_goes_is_missed_by_nobody() {
    // An engine may begin to wait for the end of a container in the moment in which it removes it, and never
    // tell of that end.
    let proxy = Proxy::swallowing(&engine::socket(), "/wait?condition=removed");
    let env = env(&proxy);
    let run = env.run();
    run.assert_succeeded();
    let requests = proxy.requests();
    let is_asked = |part: &str| requests.iter().any(|request| request.contains(part));
    assert!(is_asked("/wait?condition=removed"), "{requests:#?}");
    // It went by itself, and cobuild has seen that.
    assert!(!is_asked("DELETE /containers/"), "{requests:#?}");
    assert_eq!(leftovers(&env), 0);
}
