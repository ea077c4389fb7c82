//! Phases that run again: `on-failure: RETRY`.

use super::*;

/// INSTALL with two commands and a `finally`, and whatever `on-failure` says; then BUILD.
fn spec(on_failure: &str) -> String {
    format!(
        "version: 0.2\nphases:\n  install:\n    on-failure: {on_failure:?}\n    commands: [i1, i2]\n    finally: [f]\n  build: {{commands: [b]}}\n"
    )
}

async fn run_with(on_failure: &str, reactions: &[(&str, Reaction)]) -> Ran {
    run_buildspec(&spec(on_failure), reactions).await
}

fn fails_then_succeeds(failures: usize) -> Reaction {
    let mut turns = vec![("oops: timed out\n", 1); failures];
    turns.push(("fine\n", 0));
    Reaction::EndsInTurn(turns)
}

/// The numbers of the retries of INSTALL, and how many there could be.
fn retries(ran: &Ran) -> Vec<(u8, u8)> {
    ran.events
        .iter()
        .filter_map(|event| match event {
            Event::Phase(PhaseEvent::Retried {
                phase,
                retry,
                count,
            }) => {
                assert_eq!(*phase, PhaseType::Install);
                Some((*retry, *count))
            }
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn the_whole_phase_runs_again_until_it_succeeds() {
    let ran = run_with("RETRY", &[("i2", fails_then_succeeds(2))]).await;
    assert_eq!(ran.outcome.status, Status::Succeeded);
    let attempt = ["i1", "i2", "f"];
    assert_eq!(
        ran.commands(),
        [&attempt[..], &attempt, &attempt, &["b"]].concat()
    );
    assert_eq!(retries(&ran), [(1, 3), (2, 3)]);
    assert_eq!(
        ran.context(PhaseType::Install),
        Some(&PhaseContext::default())
    );
    let entries = ran
        .phases
        .iter()
        .filter(|(phase, _)| *phase == PhaseType::Install);
    assert_eq!(entries.count(), 1, "one entry for all attempts");
}

#[tokio::test]
async fn a_phase_that_goes_on_failing_fails_after_its_last_retry() {
    for (on_failure, count) in [
        ("RETRY", 3),
        ("retry-0", 0),
        ("Retry-2", 2),
        ("RETRY-7-.", 7),
    ] {
        let ran = run_with(on_failure, &[("i1", Reaction::Ends("", 4))]).await;
        assert_eq!(ran.outcome.status, Status::Failed);
        assert_eq!(ran.commands(), ["i1", "f"].repeat(count + 1));
        assert_eq!(retries(&ran).len(), count);
        assert_eq!(
            ran.context(PhaseType::Install).unwrap().message,
            "Error while executing command: i1. Reason: exit status 4"
        );
        // As without any `on-failure`: nothing follows a failed INSTALL.
        assert_eq!(ran.phases.last().unwrap().0, PhaseType::Finalizing);
    }
}

#[tokio::test]
async fn a_failing_finally_is_a_reason_to_try_again() {
    let ran = run_with("RETRY", &[("f", fails_then_succeeds(1))]).await;
    assert_eq!(ran.outcome.status, Status::Succeeded);
    assert_eq!(ran.commands(), ["i1", "i2", "f", "i1", "i2", "f", "b"]);
}

#[tokio::test]
async fn only_a_failure_that_matches_is_tried_again() {
    for (pattern, tries) in [
        ("timed out", 4),
        ("oops.*out", 4),
        ("exit status 1", 4),
        ("executing command: i2", 4),
        ("refused", 1),
        ("exit status 2", 1),
        // What another command printed does not count, nor what `finally` prints afterwards.
        ("hello", 1),
        ("bye", 1),
        ("a(b", 1),
    ] {
        let ran = run_with(
            &format!("RETRY-{pattern}"),
            &[
                ("i1", Reaction::Ends("hello\n", 0)),
                ("i2", Reaction::Ends("oops: timed out\n", 1)),
                ("f", Reaction::Ends("bye\n", 0)),
            ],
        )
        .await;
        let starts = ran.commands().iter().filter(|it| **it == "i1").count();
        assert_eq!(starts, tries, "{pattern}");
    }
}

#[tokio::test]
async fn the_failure_of_each_attempt_is_looked_at_anew() {
    let turns = vec![("timed out\n", 1), ("broken\n", 1), ("timed out\n", 1)];
    let ran = run_with("RETRY-timed out", &[("i1", Reaction::EndsInTurn(turns))]).await;
    assert_eq!(retries(&ran), [(1, 3)]);
}

#[tokio::test]
async fn a_retry_begins_with_the_build_as_good_as_before() {
    let ran = run_with("RETRY", &[("i1", fails_then_succeeds(1))]).await;
    let told = |succeeding, status| {
        format!(
            "export CODEBUILD_BUILD_SUCCEEDING='{succeeding}'\nexport CODEBUILD_LAST_EXIT='{status}'"
        )
    };
    // `finally`, then the second attempt, whose first command follows one that succeeded.
    assert_eq!(ran.told(), [told(0, 1), told(1, 0)]);

    let continued = "version: 0.2\nphases:\n  install: {on-failure: CONTINUE, commands: [i]}\n  build: {on-failure: RETRY, commands: [b, c]}\n";
    let ran = run_buildspec(
        continued,
        &[
            ("i", Reaction::Ends("", 1)),
            ("c", Reaction::EndsInTurn(vec![("", 2), ("", 0)])),
        ],
    )
    .await;
    assert_eq!(ran.told().last(), Some(&told(0, 0).as_str()));
    assert!(!ran.told().contains(&told(1, 2).as_str()));
    assert_eq!(ran.outcome.status, Status::Failed, "INSTALL failed");
}

#[tokio::test]
async fn a_command_without_an_end_is_cut_short_in_its_retry_as_well() {
    tokio::time::pause();
    for reason in [CancelReason::Timeout, CancelReason::Stop] {
        let reactions = [("i1", fails_then_succeeds(1)), ("i2", Reaction::Hangs)];
        let engine = FakeEngine::new(&reactions);
        let cancels = [(Duration::from_secs(5), reason)];
        let ran = run_plan(&plan(&spec("RETRY"), "image"), &engine, &cancels).await;
        assert_eq!(ran.commands(), ["i1", "f", "i1", "i2"]);
        let status = match reason {
            CancelReason::Timeout => Status::TimedOut,
            _ => Status::Stopped,
        };
        assert_eq!(ran.phases.last().unwrap(), &(PhaseType::Install, status));
        assert_eq!(retries(&ran), [(1, 3)], "and not again");
    }
}

#[tokio::test]
async fn a_container_that_dies_is_no_failure_to_try_again() {
    let ran = run_with("RETRY", &[("i2", Reaction::Dies)]).await;
    assert_eq!(ran.commands(), ["i1", "i2"]);
    assert_eq!(retries(&ran), []);
}

#[tokio::test]
async fn a_pattern_that_is_none_is_told_before_the_first_command() {
    let ran = run_with("RETRY-2-a(b", &[]).await;
    let warning = ran.events.iter().position(|event| {
        matches!(event, Event::Notice(Notice::Warning { message }) if message.starts_with("`on-failure` of INSTALL: `a(b` is not a valid regular expression (unclosed group)"))
    });
    let first = ran
        .events
        .iter()
        .position(|event| matches!(event, Event::Command(CommandEvent::Started { .. })));
    assert!(warning.unwrap() < first.unwrap());
    let quiet = run_with("RETRY-2-a(b)", &[]).await;
    assert!(
        !quiet
            .events
            .iter()
            .any(|event| matches!(event, Event::Notice(Notice::Warning { .. })))
    );
}
