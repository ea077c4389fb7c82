//! The transition table of contract §2.2 as data, and what holds for every walk through it.

use std::fmt::Write as _;

use super::*;
use PhaseType::{
    Build, Completed, DownloadSource, Finalizing, Install, PostBuild, PreBuild, Provisioning,
    Submitted, UploadArtifacts,
};

/// One row of the table: what happens in any of `phases`, and what comes of it.
#[derive(Debug)]
pub(crate) struct Transition {
    pub(crate) name: &'static str,
    pub(crate) phases: &'static [PhaseType],
    pub(crate) status: Status,
    pub(crate) on_failure: &'static [OnFailure],
    pub(crate) follow: &'static [PhaseType],
    pub(crate) build: Status,
}

const ANY: &[OnFailure] = &[
    OnFailure::Default,
    OnFailure::Abort,
    OnFailure::Continue,
    RETRY,
];
/// As it stands after the last retry.
const RETRY: OnFailure = OnFailure::Retry {
    count: 0,
    pattern: String::new(),
};
const NOT_CONTINUE: &[OnFailure] = &[OnFailure::Default, OnFailure::Abort, RETRY];
const NOT_ABORT: &[OnFailure] = &[OnFailure::Default, OnFailure::Continue, RETRY];
const ABORT: &[OnFailure] = &[OnFailure::Abort];
const CONTINUE: &[OnFailure] = &[OnFailure::Continue];

/// Makes the table, and of each row a test with its name.
macro_rules! transitions {
    ($(
        $name:ident: $status:ident in [$($phase:ident)*] with $on_failure:ident
            => [$($follow:ident)*] $build:ident;
    )*) => {
        pub(crate) const TRANSITIONS: &[Transition] = &[$(
            Transition {
                name: stringify!($name),
                phases: &[$($phase),*],
                status: Status::$status,
                on_failure: $on_failure,
                follow: &[$($follow),*],
                build: Status::$build,
            },
        )*];

        $(
            #[test]
            fn $name() {
                let name = stringify!($name);
                check(TRANSITIONS.iter().find(|row| row.name == name).unwrap());
            }
        )*
    };
}

transitions! {
    a_failed_provisioning_ends_the_build:
        Failed in [Provisioning] with ANY => [Completed] Failed;
    a_failed_download_source_is_followed_by_finalizing:
        Failed in [DownloadSource] with ANY => [Finalizing Completed] Failed;
    a_failed_install_or_pre_build_is_followed_by_finalizing:
        Failed in [Install PreBuild] with NOT_CONTINUE => [Finalizing Completed] Failed;
    a_failed_install_that_continues_is_followed_by_all_others:
        Failed in [Install] with CONTINUE
            => [PreBuild Build PostBuild UploadArtifacts Finalizing Completed] Failed;
    a_failed_pre_build_that_continues_is_followed_by_all_others:
        Failed in [PreBuild] with CONTINUE
            => [Build PostBuild UploadArtifacts Finalizing Completed] Failed;
    a_failed_build_is_followed_by_post_build_and_upload:
        Failed in [Build] with NOT_ABORT
            => [PostBuild UploadArtifacts Finalizing Completed] Failed;
    a_failed_post_build_is_followed_by_upload:
        Failed in [PostBuild] with NOT_ABORT => [UploadArtifacts Finalizing Completed] Failed;
    a_build_or_post_build_that_aborts_uploads_nothing:
        Failed in [Build PostBuild] with ABORT => [Finalizing Completed] Failed;
    a_failed_upload_is_followed_by_finalizing:
        Failed in [UploadArtifacts] with ANY => [Finalizing Completed] Failed;
    a_failed_finalizing_is_the_end:
        Failed in [Finalizing] with ANY => [Completed] Failed;
    a_timeout_is_the_end_of_a_failed_build:
        TimedOut in [Provisioning DownloadSource Install PreBuild Build PostBuild UploadArtifacts Finalizing]
            with ANY => [Completed] Failed;
    a_stop_is_the_end_of_a_stopped_build:
        Stopped in [Provisioning DownloadSource Install PreBuild Build PostBuild UploadArtifacts Finalizing]
            with ANY => [Completed] Stopped;
    a_fault_is_the_end_of_a_build_in_fault:
        Fault in [Provisioning DownloadSource Install PreBuild Build PostBuild UploadArtifacts Finalizing]
            with ANY => [Completed] Fault;
}

/// Walks through a row in each of its forms, all other phases ending well.
fn check(row: &Transition) {
    for phase in row.phases {
        for on_failure in row.on_failure {
            let walk = Walk::new(|entered| {
                let status = if entered == *phase {
                    row.status
                } else {
                    Status::Succeeded
                };
                (status, on_failure.clone())
            });
            let (before, after) = walk.around(*phase);
            let expected: Vec<PhaseType> = PhaseType::ALL
                .into_iter()
                .take_while(|other| other != phase)
                .collect();
            assert_eq!(before, expected, "{phase} {on_failure:?}");
            assert_eq!(after, row.follow, "{phase} {on_failure:?}");
            assert_eq!(walk.build_status(), row.build, "{phase} {on_failure:?}");
        }
    }
}

#[test]
fn without_failures_all_phases_are_entered_and_the_build_succeeds() {
    for on_failure in ANY {
        let walk = Walk::new(|_| (Status::Succeeded, on_failure.clone()));
        let entered: Vec<PhaseType> = walk.steps.iter().map(|step| step.phase).collect();
        assert_eq!(entered, PhaseType::ALL);
        assert_eq!(walk.build_status(), Status::Succeeded);
    }
}

#[test]
fn the_build_ends_as_its_worst_phase() {
    use Status::{Failed, Fault, Stopped, Succeeded, TimedOut};
    for (phases, build) in [
        (&[][..], Succeeded),
        (&[Succeeded, Succeeded], Succeeded),
        (&[Succeeded, Failed, Succeeded], Failed),
        (&[Succeeded, TimedOut], Failed),
        (&[Failed, Stopped], Stopped),
        (&[Failed, Fault], Fault),
    ] {
        assert_eq!(build_status(phases.iter().copied()), build, "{phases:?}");
    }
}

/// A phase of a walk, and how it ended.
#[derive(Debug, Clone)]
struct Step {
    phase: PhaseType,
    status: Status,
    on_failure: OnFailure,
}

/// A way through the machine from its beginning.
#[derive(Debug, Clone, Default)]
struct Walk {
    steps: Vec<Step>,
}

impl Walk {
    /// Walks to the end; `ends` says how a phase ends and what its `on-failure` is.
    fn new(ends: impl Fn(PhaseType) -> (Status, OnFailure)) -> Self {
        let mut walk = Self::default();
        let mut next_phase = Some(Submitted);
        while let Some(phase) = next_phase {
            let (status, on_failure) = ends(phase);
            next_phase = next(phase, status, &on_failure);
            walk.steps.push(Step {
                phase,
                status,
                on_failure,
            });
        }
        walk
    }

    fn step(&self, phase: PhaseType) -> Option<&Step> {
        self.steps.iter().find(|step| step.phase == phase)
    }

    /// The phases before and after one.
    fn around(&self, phase: PhaseType) -> (Vec<PhaseType>, Vec<PhaseType>) {
        let mut phases = self.steps.iter().map(|step| step.phase);
        let before = phases.by_ref().take_while(|other| *other != phase);
        (before.collect(), phases.collect())
    }

    /// COMPLETED has no status of its own.
    fn build_status(&self) -> Status {
        let phases = self.steps.iter().filter(|step| step.phase != Completed);
        build_status(phases.map(|step| step.status))
    }
}

impl std::fmt::Display for Walk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words = self.steps.iter().fold(String::new(), |mut words, step| {
            let _ = write!(
                words,
                " {} {} {:?},",
                step.phase, step.status, step.on_failure
            );
            words
        });
        f.write_str(&words)
    }
}

/// Calls `check` with every walk there is: in each phase every status, with every `on-failure`.
fn every_walk(check: &mut impl FnMut(&Walk)) {
    fn go_on(walk: &mut Walk, phase: PhaseType, check: &mut impl FnMut(&Walk)) {
        // A machine that turns in a circle would never end this.
        assert!(walk.steps.len() <= PhaseType::ALL.len(), "{walk}");
        let statuses = [
            Status::Succeeded,
            Status::Failed,
            Status::TimedOut,
            Status::Stopped,
            Status::Fault,
        ];
        let statuses = if phase == Completed {
            &statuses[..1]
        } else {
            &statuses
        };
        // Elsewhere there is no such word; the rows above show that it would not count.
        let on_failures = if PhaseType::COMMAND_PHASES.contains(&phase) {
            ANY
        } else {
            &ANY[..1]
        };
        for status in statuses {
            for on_failure in on_failures {
                walk.steps.push(Step {
                    phase,
                    status: *status,
                    on_failure: on_failure.clone(),
                });
                match next(phase, *status, on_failure) {
                    Some(following) => go_on(walk, following, check),
                    None => check(walk),
                }
                walk.steps.pop();
            }
        }
    }
    go_on(&mut Walk::default(), Submitted, check);
}

/// Whether a phase was cut short, so that nothing can follow.
fn is_cut_short(status: Status) -> bool {
    match status {
        Status::TimedOut | Status::Stopped | Status::Fault => true,
        Status::Succeeded | Status::Failed => false,
    }
}

#[test]
fn every_walk_goes_forward_and_ends_with_one_completed() {
    let mut count = 0;
    every_walk(&mut |walk| {
        count += 1;
        let entered: Vec<PhaseType> = walk.steps.iter().map(|step| step.phase).collect();
        assert!(entered.is_sorted_by(|one, next| one < next), "{walk}");
        assert_eq!(entered.last(), Some(&Completed), "{walk}");
    });
    assert!(count > 5_000, "{count} walks are not all");
}

#[test]
fn nothing_but_completed_follows_what_was_cut_short() {
    every_walk(&mut |walk| {
        let cut = walk.steps.iter().position(|step| is_cut_short(step.status));
        if let Some(cut) = cut {
            assert_eq!(walk.steps.len(), cut + 2, "{walk}");
        }
    });
}

#[test]
fn post_build_is_entered_exactly_when_build_was_unless_that_aborts_or_is_cut_short() {
    every_walk(&mut |walk| {
        let expected = walk.step(Build).is_some_and(|build| {
            let aborts = build.status == Status::Failed && build.on_failure == OnFailure::Abort;
            !aborts && !is_cut_short(build.status)
        });
        assert_eq!(walk.step(PostBuild).is_some(), expected, "{walk}");
    });
}

#[test]
fn upload_is_entered_exactly_when_build_was_unless_a_phase_since_aborts_or_is_cut_short() {
    every_walk(&mut |walk| {
        let ends_it = |phase: PhaseType| {
            walk.step(phase).is_some_and(|step| {
                let aborts = step.status == Status::Failed && step.on_failure == OnFailure::Abort;
                aborts || is_cut_short(step.status)
            })
        };
        let expected = walk.step(Build).is_some() && !ends_it(Build) && !ends_it(PostBuild);
        assert_eq!(walk.step(UploadArtifacts).is_some(), expected, "{walk}");
    });
}

#[test]
fn finalizing_is_entered_unless_the_build_was_cut_short_or_has_no_container() {
    every_walk(&mut |walk| {
        let has_container = walk
            .step(DownloadSource)
            .is_some_and(|step| !is_cut_short(step.status));
        let before = walk.steps.iter().filter(|step| step.phase < Finalizing);
        let cut_short = before.into_iter().any(|step| is_cut_short(step.status));
        assert_eq!(
            walk.step(Finalizing).is_some(),
            has_container && !cut_short,
            "{walk}"
        );
    });
}

#[test]
fn a_build_succeeds_exactly_when_all_its_phases_do() {
    every_walk(&mut |walk| {
        let all = walk
            .steps
            .iter()
            .all(|step| step.status == Status::Succeeded);
        let succeeds = walk.build_status() == Status::Succeeded;
        assert_eq!(succeeds, all, "{walk}");
        assert!(!succeeds || walk.steps.len() == PhaseType::ALL.len());
        assert_ne!(walk.build_status(), Status::TimedOut, "{walk}");
    });
}
