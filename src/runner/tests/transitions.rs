//! The transition table of contract §2.2, driven through the whole run loop.

use super::*;
use crate::buildspec::OnFailure;
use crate::plan::phases::tests::{TRANSITIONS, Transition};

/// A buildspec whose phase `failing` has this `on-failure`; each of the four has one command, its
/// own name.
fn spec(failing: PhaseType, on_failure: &OnFailure) -> String {
    let word = match on_failure {
        OnFailure::Default => "",
        OnFailure::Abort => ", on-failure: ABORT",
        OnFailure::Continue => ", on-failure: CONTINUE",
        OnFailure::Retry { .. } => ", on-failure: RETRY-0",
    };
    let phases: Vec<String> = PhaseType::COMMAND_PHASES
        .into_iter()
        .map(|phase| {
            let key = phase.as_str().to_lowercase();
            let word = if phase == failing { word } else { "" };
            format!("{key}: {{commands: [{phase}]{word}}}")
        })
        .collect();
    let rest = match failing {
        // There is no phase of this name.
        PhaseType::DownloadSource => ", artifacts: {}}",
        // An identifier that would lead out of its directory.
        PhaseType::UploadArtifacts => "}\nartifacts: {secondary-artifacts: {../x: {files: [y]}}}",
        _ => "}",
    };
    format!("version: 0.2\nphases: {{{}{rest}\n", phases.join(", "))
}

/// Makes `phase` end as the row wants it; `None` for what cannot be brought about from outside.
async fn act_out(row: &Transition, phase: PhaseType, on_failure: &OnFailure) -> Option<Ran> {
    let has_command = PhaseType::COMMAND_PHASES.contains(&phase);
    let (reaction, cancel) = match (has_command, row.status) {
        (true, Status::Failed) => (Some(Reaction::Ends("", 1)), None),
        (true, Status::TimedOut) => (Some(Reaction::Hangs), Some(CancelReason::Timeout)),
        (true, Status::Stopped) => (Some(Reaction::Hangs), Some(CancelReason::Stop)),
        (true, Status::Fault) => (Some(Reaction::Breaks), None),
        (false, Status::Failed) if phase != PhaseType::Finalizing => (None, None),
        (false, Status::Fault) if phase == PhaseType::Provisioning => (None, None),
        _ => return None,
    };
    let reactions: Vec<_> = reaction
        .into_iter()
        .map(|reaction| (phase.as_str(), reaction))
        .collect();
    let mut engine = FakeEngine::new(&reactions);
    let mut image = "image";
    if phase == PhaseType::Provisioning {
        match row.status {
            Status::Fault => engine = engine.refusing(&["unable to apply caps"]),
            _ => image = "absent",
        }
    }
    let cancels: Vec<_> = cancel
        .into_iter()
        .map(|reason| (Duration::from_secs(5), reason))
        .collect();
    Some(run_plan(&plan(&spec(phase, on_failure), image), &engine, &cancels).await)
}

#[tokio::test(start_paused = true)]
async fn builds_go_the_ways_of_the_table() {
    let mut acted_out = 0;
    for row in TRANSITIONS {
        for phase in row.phases {
            for on_failure in row.on_failure {
                let Some(ran) = act_out(row, *phase, on_failure).await else {
                    continue;
                };
                acted_out += 1;
                let case = format!("{}: {phase} {on_failure:?}", row.name);
                let before: Vec<_> = PhaseType::ALL
                    .into_iter()
                    .take_while(|other| other != phase)
                    .map(|other| (other, Status::Succeeded))
                    .collect();
                let (done, after) = ran.phases.split_at(before.len());
                assert_eq!(done, before, "{case}");
                assert_eq!(after[0], (*phase, row.status), "{case}");
                let follow: Vec<PhaseType> = after[1..].iter().map(|(phase, _)| *phase).collect();
                let (completed, entered) = row.follow.split_last().unwrap();
                assert_eq!(*completed, PhaseType::Completed, "{case}");
                assert_eq!(follow, entered, "{case}");
                assert_eq!(ran.outcome.status, row.build, "{case}");
            }
        }
    }
    assert!(acted_out >= 60, "{acted_out}");
}
