//! What a run says of its container.

use super::*;

fn warnings(ran: &Ran) -> Vec<&str> {
    ran.events
        .iter()
        .filter_map(|event| match event {
            Event::Notice(Notice::Warning { message }) => Some(message.as_str()),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn what_an_engine_ignores_is_told() {
    let engine = FakeEngine::new(&[]).warning("no swap limit support");
    let ran = run_plan(&plan(FOUR, "image"), &engine, &[]).await;
    assert_eq!(ran.outcome.status, Status::Succeeded);
    assert_eq!(warnings(&ran), ["the engine says: no swap limit support"]);
}

#[tokio::test]
async fn a_container_that_dies_for_lack_of_memory_is_told_so() {
    let dying = [("b1", Reaction::Dies)];
    for (engine, told) in [
        (FakeEngine::new(&dying), 0),
        (FakeEngine::new(&dying).out_of_memory(), 1),
    ] {
        let ran = run_plan(&plan(FOUR, "image"), &engine, &[]).await;
        let lacks =
            |event: &&Event| matches!(event, Event::Notice(Notice::OutOfMemory { limit: None }));
        assert_eq!(ran.events.iter().filter(lacks).count(), told);
        let context = ran.context(PhaseType::Build).unwrap();
        assert!(context.message.starts_with("Build container found dead"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_never_answers_is_not_waited_for_for_ever() {
    let mut plan = plan(FOUR, "image");
    plan.privileged = true;
    plan.container.start_dockerd = true;
    let start = tokio::time::Instant::now();
    let ran = run_plan(&plan, &FakeEngine::new(&[]), &[]).await;
    assert_eq!(start.elapsed(), Duration::from_mins(3));
    assert_eq!(ran.outcome.status, Status::Failed);
    assert_eq!(ran.commands(), [""; 0]);
    let context = ran.context(PhaseType::Provisioning).unwrap();
    assert!(
        context
            .message
            .ends_with("the daemon did not answer within 180 s")
    );
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_never_answers_does_not_hold_up_a_stop() {
    let mut plan = plan(FOUR, "image");
    plan.privileged = true;
    plan.container.start_dockerd = true;
    let start = tokio::time::Instant::now();
    let cancels = [(Duration::from_secs(5), CancelReason::Stop)];
    let ran = run_plan(&plan, &FakeEngine::new(&[]), &cancels).await;
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    assert_eq!(ran.outcome.status, Status::Stopped);
}
