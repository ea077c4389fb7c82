//! The run loop over a scripted engine: which phases run, what commands see, how a build is cut
//! short.

mod container;
mod images;
mod properties;
mod retry;
mod transitions;

use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::channel::{Message, channel};
use crate::engine::fake::{FakeEngine, Reaction};
use crate::event::{AgentEvent, CommandEvent, Event, Notice};
use crate::event::{BuildEvent, PhaseEvent};
use crate::ownership::{Key, Owner};
use crate::phase::{PhaseContext, PhaseType, Status};
use crate::plan::{Facts, GitFacts, Inputs, Settings, Source, Transfer, examples, make};
use crate::project::image::Pulling;
use crate::registry_credentials::CredentialFiles;
use crate::secrets::Providers;

struct Ran {
    outcome: Outcome,
    phases: Vec<(PhaseType, Status)>,
    events: Vec<Event>,
    asked: Vec<String>,
}

impl Ran {
    /// What the container was told of the build, in order.
    fn told(&self) -> Vec<&str> {
        self.asked
            .iter()
            .filter_map(|asked| asked.strip_prefix("tell "))
            .collect()
    }

    fn commands(&self) -> Vec<&str> {
        self.asked
            .iter()
            .filter_map(|asked| asked.strip_prefix("run "))
            .collect()
    }

    fn context(&self, wanted: PhaseType) -> Option<&PhaseContext> {
        self.events.iter().find_map(|event| match event {
            Event::Phase(PhaseEvent::Finished { phase, context, .. }) if *phase == wanted => {
                context.as_ref()
            }
            _ => None,
        })
    }
}

fn plan(buildspec: &str, image: &str) -> Plan {
    let facts = Facts {
        build_number: 1,
        region: "us-east-1".into(),
        ..examples::facts()
    };
    let inputs = Inputs {
        settings: Settings {
            transfer: Transfer::Mount,
            ..Settings::new(image)
        },
        source: Source::directory("/nonexistent".into(), GitFacts::default()),
        ..examples::inputs(buildspec)
    };
    make(inputs, &facts)
}

async fn run_plan(plan: &Plan, engine: &FakeEngine, cancels: &[(Duration, CancelReason)]) -> Ran {
    let (canceller, cancellation) = cancellation();
    for (after, reason) in cancels.iter().copied() {
        let canceller = canceller.clone();
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            canceller.cancel(reason);
        });
    }
    let host = Host {
        scratch_root: "/nonexistent".into(),
        state_directory: "/nonexistent".into(),
        cache_root: "/nonexistent".into(),
        owner: Owner::this_process(Key::of_one_run()),
        secrets: Providers::default(),
        registry_credentials: CredentialFiles::new(Vec::new(), Duration::ZERO),
    };
    let (sender, mut receiver) = channel(|| Timestamp::UNIX_EPOCH);
    let gathering = tokio::spawn(async move {
        let mut events = Vec::new();
        while let Some(message) = receiver.recv().await {
            if let Message::Event(event) = message {
                events.push(event.event);
            }
        }
        events
    });
    let outcome = run(plan, engine, &host, &sender, &cancellation, None).await;
    drop(sender);
    let events = gathering.await.unwrap();
    let phases = events
        .iter()
        .filter_map(|event| match event {
            Event::Phase(PhaseEvent::Finished { phase, status, .. }) => Some((*phase, *status)),
            _ => None,
        })
        .collect();
    Ran {
        outcome,
        phases,
        events,
        asked: engine.log(),
    }
}

async fn run_buildspec(buildspec: &str, reactions: &[(&str, Reaction)]) -> Ran {
    let engine = FakeEngine::new(reactions);
    run_plan(&plan(buildspec, "image"), &engine, &[]).await
}

const FOUR: &str = "version: 0.2\nphases:\n  install: {commands: [i1, i2], finally: [if1]}\n  pre_build: {commands: [p]}\n  build: {commands: [b1, b2], finally: [bf1, bf2]}\n  post_build: {commands: [o]}\n";

#[tokio::test]
async fn all_commands_run_in_order_and_the_container_goes() {
    let ran = run_buildspec(FOUR, &[]).await;
    assert_eq!(ran.outcome.status, Status::Succeeded);
    assert_eq!(
        ran.commands(),
        ["i1", "i2", "if1", "p", "b1", "b2", "bf1", "bf2", "o"]
    );
    assert_eq!(ran.asked.last().unwrap(), "removed");
    assert!(!ran.asked.contains(&"kill".to_owned()));
}

#[tokio::test]
async fn a_failed_build_goes_on_to_post_build_and_says_so() {
    let ran = run_buildspec(FOUR, &[("b1", Reaction::Ends("oops\n", 3))]).await;
    assert_eq!(ran.outcome.status, Status::Failed);
    assert_eq!(ran.commands()[4..], ["b1", "bf1", "bf2", "o"]);
    assert_eq!(
        ran.context(PhaseType::Build).unwrap(),
        &PhaseContext::new(
            "COMMAND_EXECUTION_ERROR",
            "Error while executing command: b1. Reason: exit status 3"
        )
    );
    assert_eq!(
        ran.told(),
        [
            "export CODEBUILD_BUILD_SUCCEEDING='0'\nexport CODEBUILD_LAST_EXIT='3'",
            "export CODEBUILD_BUILD_SUCCEEDING='0'\nexport CODEBUILD_LAST_EXIT='0'"
        ]
    );
    assert!(
        ran.phases
            .contains(&(PhaseType::PostBuild, Status::Succeeded))
    );
    assert!(
        ran.phases
            .contains(&(PhaseType::UploadArtifacts, Status::Succeeded))
    );
}

#[tokio::test]
async fn nothing_follows_a_failed_install_but_its_finally() {
    let ran = run_buildspec(FOUR, &[("i1", Reaction::Ends("", 1))]).await;
    assert_eq!(ran.commands(), ["i1", "if1"]);
    let last = ran.phases[ran.phases.len() - 2..].to_vec();
    assert_eq!(
        last,
        [
            (PhaseType::Install, Status::Failed),
            (PhaseType::Finalizing, Status::Succeeded)
        ]
    );
}

#[tokio::test]
async fn a_failing_finally_fails_its_phase() {
    let ran = run_buildspec(FOUR, &[("bf1", Reaction::Ends("", 1))]).await;
    assert_eq!(ran.commands()[4..], ["b1", "b2", "bf1", "o"]);
    assert!(ran.phases.contains(&(PhaseType::Build, Status::Failed)));
}

#[tokio::test]
async fn the_first_failure_of_a_phase_is_its_reason() {
    let failing = [
        ("b2", Reaction::Ends("", 3)),
        ("bf1", Reaction::Ends("", 4)),
    ];
    let ran = run_buildspec(FOUR, &failing).await;
    let context = ran.context(PhaseType::Build).unwrap();
    assert!(context.message.contains(": b2. Reason: exit status 3"));
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_phase_and_the_build() {
    for (reaction, waits) in [(Reaction::Hangs, 5), (Reaction::Ignores, 15)] {
        let engine = FakeEngine::new(&[("p", reaction)]);
        let start = tokio::time::Instant::now();
        let cancels = [(Duration::from_secs(5), CancelReason::Stop)];
        let ran = run_plan(&plan(FOUR, "image"), &engine, &cancels).await;
        assert_eq!(start.elapsed(), Duration::from_secs(waits));
        assert_eq!(ran.outcome.status, Status::Stopped);
        assert_eq!(
            ran.phases.last().unwrap(),
            &(PhaseType::PreBuild, Status::Stopped)
        );
        assert_eq!(ran.context(PhaseType::PreBuild), None);
        assert_eq!(ran.commands(), ["i1", "i2", "if1", "p"]);
        assert!(ran.asked.contains(&"signal TERM".to_owned()));
        assert_eq!(ran.asked[ran.asked.len() - 2..], ["kill", "removed"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_signal_does_not_wait() {
    let engine = FakeEngine::new(&[("p", Reaction::Ignores)]);
    let start = tokio::time::Instant::now();
    let cancels = [
        (Duration::from_secs(5), CancelReason::Stop),
        (Duration::from_secs(6), CancelReason::Kill),
    ];
    let ran = run_plan(&plan(FOUR, "image"), &engine, &cancels).await;
    assert_eq!(start.elapsed(), Duration::from_secs(6));
    assert_eq!(ran.outcome.status, Status::Stopped);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_is_a_failed_build_whose_phase_timed_out() {
    let engine = FakeEngine::new(&[("b1", Reaction::Hangs)]);
    let cancels = [(Duration::from_mins(1), CancelReason::Timeout)];
    let ran = run_plan(&plan(FOUR, "image"), &engine, &cancels).await;
    assert_eq!(ran.outcome.status, Status::Failed);
    assert_eq!(
        ran.phases.last().unwrap(),
        &(PhaseType::Build, Status::TimedOut)
    );
    assert_eq!(
        ran.context(PhaseType::Build).unwrap(),
        &PhaseContext::new("BUILD_TIMED_OUT", "Build has timed out. ")
    );
}

#[tokio::test]
async fn a_container_that_dies_ends_the_build() {
    let ran = run_buildspec(FOUR, &[("b1", Reaction::Dies)]).await;
    assert_eq!(ran.outcome.status, Status::Failed);
    assert_eq!(
        ran.phases.last().unwrap(),
        &(PhaseType::Build, Status::Failed)
    );
    let context = ran.context(PhaseType::Build).unwrap();
    assert!(context.message.starts_with("Build container found dead"));
    assert_eq!(ran.asked.last().unwrap(), "removed");
}

#[tokio::test]
async fn an_image_that_cannot_be_pulled_fails_provisioning() {
    let engine = FakeEngine::new(&[]);
    let ran = run_plan(&plan(FOUR, "absent"), &engine, &[]).await;
    assert_eq!(ran.outcome.status, Status::Failed);
    assert_eq!(
        ran.phases.last().unwrap(),
        &(PhaseType::Provisioning, Status::Failed)
    );
    let context = ran.context(PhaseType::Provisioning).unwrap();
    assert_eq!(context.status_code, "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE");
    assert!(context.message.ends_with("no such image"));
    assert!(ran.asked.is_empty(), "no container is created");
}

#[tokio::test]
async fn an_image_without_shell_fails_the_build() {
    let engine = FakeEngine::new(&[]).refusing(&[r#"exec: "sh": executable file not found"#]);
    let ran = run_plan(&plan(FOUR, "image"), &engine, &[]).await;
    assert_eq!(ran.outcome.status, Status::Failed);
    assert_eq!(ran.asked, ["create init=true", "kill"]);
}

#[tokio::test]
async fn an_engine_without_init_is_asked_without() {
    let reason = r#"exec: "docker-init": executable file not found in $PATH"#;
    let engine = FakeEngine::new(&[]).refusing(&[reason]);
    let ran = run_plan(&plan(FOUR, "image"), &engine, &[]).await;
    assert_eq!(ran.outcome.status, Status::Succeeded);
    assert_eq!(
        ran.asked[..3],
        ["create init=true", "kill", "create init=false"]
    );
}

#[tokio::test]
async fn any_other_refusal_is_a_fault() {
    let engine = FakeEngine::new(&[]).refusing(&["unable to apply caps"]);
    let ran = run_plan(&plan(FOUR, "image"), &engine, &[]).await;
    assert_eq!(ran.outcome.status, Status::Fault);
    let fault = ran.outcome.fault.unwrap();
    assert_eq!(fault.to_string(), "cannot start the build container");
}

#[tokio::test]
async fn a_refused_buildspec_needs_no_container() {
    let ran = run_buildspec("version: 0.2\nphases: {artifacts: {}}\n", &[]).await;
    assert_eq!(ran.outcome.status, Status::Failed);
    assert!(ran.asked.is_empty());
    assert_eq!(
        ran.phases[3..],
        [
            (PhaseType::DownloadSource, Status::Failed),
            (PhaseType::Finalizing, Status::Succeeded)
        ]
    );
}

const RUNTIMES: &str = "runtimes: {java: {versions: {8: {commands: [j1, j2]}, default: {commands: [jd1, jd2]}}}, go: {versions: {1: {commands: [g]}}}}";

const WITH_RUNTIMES: &str =
    "version: 0.2\nphases:\n  install: {runtime-versions: {java: 8, go: 1.x}, commands: [i]}\n";

#[tokio::test]
async fn runtimes_are_installed_before_the_first_phase_of_commands() {
    let engine = FakeEngine::new(&[]).with_runtimes(RUNTIMES);
    let ran = run_plan(&plan(WITH_RUNTIMES, "image"), &engine, &[]).await;
    assert_eq!(ran.outcome.status, Status::Succeeded);
    assert_eq!(ran.commands(), ["j1", "j2", "g", "i"]);
    let before = |event: fn(&Event) -> bool| ran.events.iter().position(event).unwrap();
    let selected = before(|event| matches!(event, Event::Runtime(_)));
    let command = before(|event| matches!(event, Event::Command(CommandEvent::Started { .. })));
    let entered =
        before(|event| matches!(event, Event::Agent(AgentEvent::DirectoryEntered { .. })));
    assert!(selected < command && command < entered);
}

#[tokio::test]
async fn a_runtime_that_fails_costs_the_build_in_its_source_phase() {
    let engine = FakeEngine::new(&[("j1", Reaction::Ends("no\n", 4))]).with_runtimes(RUNTIMES);
    let ran = run_plan(&plan(WITH_RUNTIMES, "image"), &engine, &[]).await;
    assert_eq!(ran.outcome.status, Status::Failed);
    assert_eq!(ran.commands(), ["j1"]);
    assert_eq!(
        ran.phases[3..],
        [
            (PhaseType::DownloadSource, Status::Failed),
            (PhaseType::Finalizing, Status::Succeeded)
        ]
    );
    assert_eq!(
        ran.context(PhaseType::DownloadSource).unwrap(),
        &PhaseContext::new(
            "COMMAND_EXECUTION_ERROR",
            "Error while executing command: j1. Reason: exit status 4"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_runtime_that_hangs_is_cut_short() {
    for (reason, status) in [
        (CancelReason::Stop, Status::Stopped),
        (CancelReason::Timeout, Status::TimedOut),
    ] {
        let engine = FakeEngine::new(&[("j2", Reaction::Hangs)]).with_runtimes(RUNTIMES);
        let cancels = [(Duration::from_secs(5), reason)];
        let ran = run_plan(&plan(WITH_RUNTIMES, "image"), &engine, &cancels).await;
        assert_eq!(
            ran.phases.last().unwrap(),
            &(PhaseType::DownloadSource, status)
        );
        assert_eq!(ran.commands(), ["j1", "j2"]);
        assert!(ran.asked.contains(&"signal TERM".to_owned()));
    }
}
