//! What events add up to.

use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::event::{BuildEvent, BuildIdentity, Command, Output};
use crate::phase::PhaseContext;

/// What these events add up to, each at its second.
fn recorded(events: impl IntoIterator<Item = (i64, Event)>) -> Record {
    let mut record = Record::default();
    for (second, event) in events {
        let time = Timestamp::from_second(second).unwrap();
        record.observe(&Timestamped { time, event });
    }
    record
}

fn started() -> Event {
    let build = Box::new(BuildIdentity::example(|| "text".to_owned()));
    BuildEvent::Started { build }.into()
}

fn phase_started(phase: PhaseType) -> Event {
    PhaseEvent::Started { phase }.into()
}

fn phase_finished(phase: PhaseType, status: Status, context: Option<PhaseContext>) -> Event {
    PhaseEvent::Finished {
        phase,
        status,
        context,
    }
    .into()
}

fn command(number: usize) -> Command {
    Command {
        phase: PhaseType::Build,
        is_finally: false,
        number,
        text: format!("c{number}"),
    }
}

fn command_started(number: usize) -> Event {
    let command = command(number);
    CommandEvent::Started { command }.into()
}

fn command_finished(number: usize, exit_status: i32) -> Event {
    CommandEvent::Finished {
        command: command(number),
        exit_status,
        duration: Duration::from_secs(3),
    }
    .into()
}

fn printed(text: &'static str) -> Event {
    let bytes = Bytes::from_static(text.as_bytes());
    CommandEvent::Output(Output { bytes }).into()
}

#[test]
fn a_phase_starts_when_the_one_before_it_ends() {
    let record = recorded([
        (10, started()),
        (11, phase_started(PhaseType::Submitted)),
        (
            12,
            phase_finished(PhaseType::Submitted, Status::Succeeded, None),
        ),
        (13, phase_started(PhaseType::Build)),
        (
            15,
            phase_finished(
                PhaseType::Build,
                Status::Failed,
                Some(PhaseContext::new("CODE", "why")),
            ),
        ),
        (16, phase_started(PhaseType::Completed)),
        (
            17,
            BuildEvent::Finished {
                status: Status::Failed,
            }
            .into(),
        ),
    ]);
    let build = serde_json::to_value(record.build.unwrap()).unwrap();
    assert_eq!(
        build["phases"],
        json!([
            {
                "phaseType": "SUBMITTED", "phaseStatus": "SUCCEEDED",
                "startTime": 10.0, "endTime": 12.0, "durationInSeconds": 2,
            },
            {
                "phaseType": "BUILD", "phaseStatus": "FAILED",
                "startTime": 12.0, "endTime": 15.0, "durationInSeconds": 3,
                "contexts": [{ "statusCode": "CODE", "message": "why" }],
            },
            { "phaseType": "COMPLETED", "startTime": 15.0 },
        ])
    );
    assert_eq!(build["startTime"], 10.0);
    assert_eq!(build["endTime"], 15.0, "when COMPLETED starts");
    assert_eq!(build["buildStatus"], "FAILED");
    assert_eq!(build["buildComplete"], true);
}

#[test]
fn a_build_that_runs_has_no_end() {
    let events = [(10, started()), (11, phase_started(PhaseType::Submitted))];
    let record = recorded(events);
    let build = serde_json::to_value(record.build.unwrap()).unwrap();
    assert_eq!(build["buildStatus"], "IN_PROGRESS");
    assert_eq!(build["buildComplete"], false);
    assert_eq!(build["currentPhase"], "SUBMITTED");
    assert_eq!(build.get("endTime"), None);
    let phase = &build["phases"][0];
    assert_eq!(
        phase,
        &json!({ "phaseType": "SUBMITTED", "startTime": 10.0 })
    );
}

#[test]
fn a_record_is_read_back_as_it_was_written() {
    let placed = |identifier: Option<&str>| ArtifactsEvent::Placed {
        identifier: identifier.map(str::to_owned),
        files: 2,
        size: None,
        location: "/out".to_owned(),
        override_name: true,
        sha256sum: Some("ab".to_owned()),
        md5sum: None,
    };
    let record = recorded([
        (10, started()),
        (11, phase_started(PhaseType::UploadArtifacts)),
        (12, placed(None).into()),
        (12, placed(Some("other")).into()),
        (
            13,
            phase_finished(PhaseType::UploadArtifacts, Status::TimedOut, None),
        ),
        (
            14,
            BuildEvent::Finished {
                status: Status::Stopped,
            }
            .into(),
        ),
    ]);
    let build = record.build.unwrap();
    let text = serde_json::to_string(&build).unwrap();
    assert_eq!(serde_json::from_str::<BuildRecord>(&text).unwrap(), build);
    assert_eq!(build.secondary_artifacts.len(), 1);
    assert_eq!(
        build.phases[0].duration(),
        Some(SignedDuration::from_secs(3))
    );
}

#[test]
fn times_are_kept_to_the_millisecond() {
    let time = EpochTime(Timestamp::from_millisecond(1_764_529_899_123).unwrap());
    let stored = serde_json::to_value(time).unwrap();
    assert_eq!(stored, json!(1_764_529_899.123));
    assert_eq!(serde_json::from_value::<EpochTime>(stored).unwrap(), time);
    let no_time = serde_json::from_value::<EpochTime>(Value::from(1e300));
    assert!(no_time.is_err());
}

#[test]
fn a_command_has_its_start_its_end_and_its_last_lines() {
    let record = recorded([
        (0, started()),
        (1, phase_started(PhaseType::Build)),
        (2, command_started(1)),
        (3, CommandEvent::Mocked.into()),
        (3, command_finished(1, 0)),
        (4, command_started(2)),
        (5, printed("one\ntw")),
        (5, printed("o\n")),
        (6, Notice::OutOfMemory { limit: Some(7) }.into()),
        (7, command_finished(2, 137)),
        (8, command_started(3)),
        (
            9,
            CommandEvent::Interrupted {
                command: command(3),
                duration: Duration::from_secs(1),
            }
            .into(),
        ),
        (10, phase_finished(PhaseType::Build, Status::Stopped, None)),
    ]);
    let ends: Vec<_> = record.commands.iter().map(|record| record.end).collect();
    let finished = |exit_status| Some(CommandEnd::Finished { exit_status });
    assert_eq!(
        ends,
        [finished(0), finished(137), Some(CommandEnd::Interrupted)]
    );
    assert!(record.commands[0].is_mocked && !record.commands[1].is_mocked);
    let failed: Vec<_> = record.unmended_commands().collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].command, command(2));
    assert_eq!(failed[0].start.as_second(), 4);
    assert_eq!(failed[0].duration, Some(Duration::from_secs(3)));
    assert_eq!(failed[0].output.last, [b"one", b"two"]);
    assert_eq!(
        failed[0].out_of_memory,
        Some(OutOfMemory { limit: Some(7) })
    );
    assert_eq!(record.out_of_memory, None, "the command has taken it");
}

#[test]
fn a_failure_is_none_any_more_when_its_phase_runs_again_or_succeeds() {
    let retried = PhaseEvent::Retried {
        phase: PhaseType::Build,
        retry: 1,
        count: 3,
    };
    let events = [
        (0, started()),
        (1, phase_started(PhaseType::Build)),
        (2, command_started(1)),
        (3, command_finished(1, 1)),
        (4, retried.into()),
        (5, command_started(1)),
        (6, command_finished(1, 2)),
    ];
    let record = recorded(events.clone());
    let statuses: Vec<_> = record
        .failed_commands()
        .map(CommandRecord::exit_status)
        .collect();
    assert_eq!(statuses, [Some(2)]);
    let succeeded = phase_finished(PhaseType::Build, Status::Succeeded, None);
    let record = recorded(events.into_iter().chain([(7, succeeded)]));
    assert_eq!(record.unmended_commands().count(), 0);
    assert_eq!(record.failed_commands().count(), 1);
}

#[test]
fn a_phase_that_is_left_out_is_no_phase_of_the_build() {
    let phase = PhaseType::PreBuild;
    let record = recorded([
        (10, started()),
        (11, phase_started(PhaseType::Install)),
        (
            12,
            phase_finished(PhaseType::Install, Status::Succeeded, None),
        ),
        (13, phase_started(phase)),
        (14, PhaseEvent::LeftOut { phase }.into()),
        (15, phase_finished(phase, Status::Succeeded, None)),
        (16, phase_started(PhaseType::Build)),
        (
            17,
            phase_finished(PhaseType::Build, Status::Succeeded, None),
        ),
    ]);
    let phases: Vec<(PhaseType, Option<i64>)> = record
        .phases()
        .iter()
        .map(|phase| (phase.phase_type, phase.duration_in_seconds))
        .collect();
    assert_eq!(
        phases,
        [(PhaseType::Install, Some(2)), (PhaseType::Build, Some(5))]
    );
    assert_eq!(record.left_out, [phase]);
    assert!(!record.has_succeeded(phase));
}
