//! Commands that do not end when they are asked to: how long they have, and that nothing outlives it.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{DEAF, Traces, leftovers, phase};
use crate::engine;
use crate::env::TestEnv;

/// How long commands have to end in these tests.
const GRACE: Duration = Duration::from_secs(1);

/// How long builds have that time out: enough to reach their command.
const TIMEOUT: Duration = Duration::from_secs(12);

/// What a container may take to start or to go, on top of what is measured.
const SLACK: Duration = Duration::from_secs(6);

/// How a build is cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    Interrupt,
    Timeout,
}

/// Commands that say `running` and then are hard to end.
fn stubborn() -> [(&'static str, String); 3] {
    let deaf = "trap \"\" TERM INT HUP; while :; do sleep 0.1; done";
    [
        (
            "deaf, with a daemon in a session of its own and one that was forked twice",
            format!("setsid sh -c '{deaf}' & (setsid sh -c '({deaf}) &' &); {DEAF}"),
        ),
        (
            "stopped",
            "echo running; kill -STOP $$; echo never".to_owned(),
        ),
        (
            "stopped with its group, to which cobuild's own shells belong",
            "echo running; kill -STOP 0; echo never".to_owned(),
        ),
    ]
}

/// Cuts a build with this command short and returns how long it then took to end.
fn cut_short(command: &str, cut: Cut) -> Duration {
    let timeout = match cut {
        Cut::Interrupt => Duration::from_mins(10),
        Cut::Timeout => TIMEOUT,
    };
    let env = TestEnv::new().build_command(command).args(&[
        "--grace",
        &format!("{}s", GRACE.as_secs()),
        "--timeout",
        &format!("{}s", timeout.as_secs()),
        "--source-transfer",
        "copy-on-write",
        "--build-json",
        "build.json",
    ]);
    let mut start = Instant::now();
    let running = env.start();
    running.wait_for_line("running");
    let traces = Traces::of(&running);
    if cut == Cut::Interrupt {
        start = Instant::now();
        running.signal(Signal::INT);
    }
    let run = running.finish();
    let took = start.elapsed();
    let (code, build_status, phase_status) = match cut {
        Cut::Interrupt => (130, "STOPPED", "STOPPED"),
        Cut::Timeout => (1, "FAILED", "TIMED_OUT"),
    };
    run.assert_code(code);
    let build = env.json("build.json");
    assert_eq!(build["buildStatus"], build_status, "{run}");
    let cut_phase = phase(&build, "BUILD").unwrap();
    assert_eq!(cut_phase["phaseStatus"], phase_status, "{run}");
    assert_eq!(phase(&build, "POST_BUILD"), None, "{run}");
    assert!(!run.stdout.contains("\nnever\n"), "{run}");
    assert!(traces.are_gone(), "{run}");
    assert_eq!(leftovers(&env), 0);
    took
}

/// Cuts each of the stubborn commands short, all at the same time.
fn cut_all_short(cut: Cut, limit: Duration) {
    thread::scope(|scope| {
        for (what, command) in stubborn() {
            scope.spawn(move || {
                let took = cut_short(&command, cut);
                assert!(took < limit, "{what}: {took:?}");
            });
        }
    });
}

#[test]
fn an_interrupt_ends_all_that_will_not_end_after_the_grace_period() {
    cut_all_short(Cut::Interrupt, GRACE + SLACK);
}

#[test]
fn a_timeout_ends_all_that_will_not_end_after_the_grace_period() {
    cut_all_short(Cut::Timeout, TIMEOUT + GRACE + SLACK);
}

#[test]
fn a_stop_works_in_every_shell_and_says_nothing_of_its_own() {
    for image in [engine::busybox_image(), engine::bash_image()] {
        let env = TestEnv::new()
            .image(image)
            .build_command("trap 'echo heard; exit' TERM; echo running; while :; do :; done");
        let running = env.start();
        running.wait_for_line("running");
        running.signal(Signal::INT);
        let run = running.finish();
        run.assert_code(130);
        assert!(
            run.log()
                .contains("\nrunning\nheard\n\n> Phase complete: BUILD State: STOPPED\n"),
            "{run}"
        );
    }
}

#[test]
fn a_command_that_stopped_itself_wakes_up_to_hear_of_the_stop() {
    let env = TestEnv::new()
        .build_command("trap 'echo heard; exit' TERM; echo running; kill -STOP $$; echo never")
        .args(&["--grace", "30s"]);
    let running = env.start();
    running.wait_for_line("running");
    let start = Instant::now();
    running.signal(Signal::INT);
    let run = running.finish();
    assert!(start.elapsed() < Duration::from_secs(20), "{run}");
    run.assert_code(130);
    assert!(run.stdout.contains("\nheard\n"), "{run}");
    assert!(!run.stdout.contains("\nnever\n"), "{run}");
}

#[test]
fn a_grace_period_of_nothing_ends_commands_at_once() {
    let env = TestEnv::new().build_command(DEAF).args(&["--grace", "0s"]);
    let running = env.start();
    running.wait_for_line("running");
    let start = Instant::now();
    running.signal(Signal::TERM);
    let run = running.finish();
    assert!(start.elapsed() < SLACK, "{run}");
    run.assert_code(143);
    assert!(run.stderr.contains("has 0 s to end"), "{run}");
}

#[test]
fn a_command_has_all_of_the_grace_period() {
    let command =
        "trap 'sleep 2; echo cleaned up; exit' TERM; echo running; while :; do sleep 0.1; done";
    let env = TestEnv::new()
        .build_command(command)
        .args(&["--grace", "30s"]);
    let running = env.start();
    running.wait_for_line("running");
    running.signal(Signal::INT);
    let run = running.finish();
    run.assert_code(130);
    assert!(run.stdout.contains("\ncleaned up\n"), "{run}");
    assert!(run.stderr.contains("has 30 s to end"), "{run}");
}
