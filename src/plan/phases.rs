//! The phase machine (contract §2.2): which phase follows, and how the build ends.

use crate::buildspec::OnFailure;
use crate::phase::{PhaseType, Status};

/// Returns the phase that follows `phase`, which ended with `status`; `None` after the last.
///
/// `on_failure` is the buildspec's word on that phase and counts for the command phases only.
pub fn next(phase: PhaseType, status: Status, on_failure: &OnFailure) -> Option<PhaseType> {
    use PhaseType::{
        Build, Completed, DownloadSource, Finalizing, Install, PostBuild, PreBuild, Provisioning,
        Queued, Submitted, UploadArtifacts,
    };
    if phase == Completed {
        return None;
    }
    Some(match status {
        // No later phase, FINALIZING included, is entered.
        Status::TimedOut | Status::Stopped | Status::Fault => Completed,
        Status::Succeeded => match phase {
            Submitted => Queued,
            Queued => Provisioning,
            Provisioning => DownloadSource,
            DownloadSource => Install,
            Install => PreBuild,
            PreBuild => Build,
            Build => PostBuild,
            PostBuild => UploadArtifacts,
            UploadArtifacts => Finalizing,
            Finalizing | Completed => Completed,
        },
        Status::Failed => match (phase, on_failure) {
            // What follows a failed PROVISIONING is assumed.
            (Submitted | Queued | Provisioning | Finalizing | Completed, _) => Completed,
            (DownloadSource | UploadArtifacts, _) => Finalizing,
            (Install, OnFailure::Continue) => PreBuild,
            (PreBuild, OnFailure::Continue) => Build,
            (Install | PreBuild, _) | (Build | PostBuild, OnFailure::Abort) => Finalizing,
            (Build, _) => PostBuild,
            (PostBuild, _) => UploadArtifacts,
        },
    })
}

/// Returns the status of a build whose phases ended so (contract §2.3).
pub fn build_status(phases: impl IntoIterator<Item = Status>) -> Status {
    phases
        .into_iter()
        .fold(Status::Succeeded, |build, phase| match (build, phase) {
            (Status::Stopped, _) | (_, Status::Stopped) => Status::Stopped,
            (Status::Fault, _) | (_, Status::Fault) => Status::Fault,
            // A phase that ran out of time makes a failed build (§2.4).
            (Status::Failed | Status::TimedOut, _) | (_, Status::Failed | Status::TimedOut) => {
                Status::Failed
            }
            (Status::Succeeded, Status::Succeeded) => Status::Succeeded,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use PhaseType::{
        Build, Completed, DownloadSource, Finalizing, Install, PostBuild, PreBuild, Provisioning,
        Submitted, UploadArtifacts,
    };

    /// The phases entered when `failing` ends with `status` and all others succeed.
    fn walk(failing: PhaseType, status: Status, on_failure: &OnFailure) -> Vec<PhaseType> {
        let mut entered = vec![Submitted];
        loop {
            let phase = *entered.last().unwrap();
            let ended = if phase == failing {
                status
            } else {
                Status::Succeeded
            };
            match next(phase, ended, on_failure) {
                Some(following) => entered.push(following),
                None => return entered,
            }
        }
    }

    #[test]
    fn all_fine_enters_all_phases_in_order() {
        assert_eq!(
            walk(Completed, Status::Succeeded, &OnFailure::Default),
            PhaseType::ALL
        );
    }

    #[test]
    fn each_row_of_the_transition_table() {
        let default = OnFailure::Default;
        let rows = [
            (Provisioning, &default, vec![Completed]),
            (DownloadSource, &default, vec![Finalizing, Completed]),
            (Install, &default, vec![Finalizing, Completed]),
            (PreBuild, &default, vec![Finalizing, Completed]),
            (
                Build,
                &default,
                vec![PostBuild, UploadArtifacts, Finalizing, Completed],
            ),
            (
                PostBuild,
                &default,
                vec![UploadArtifacts, Finalizing, Completed],
            ),
            (UploadArtifacts, &default, vec![Finalizing, Completed]),
            (Build, &OnFailure::Abort, vec![Finalizing, Completed]),
            (PostBuild, &OnFailure::Abort, vec![Finalizing, Completed]),
            (
                Install,
                &OnFailure::Continue,
                vec![
                    PreBuild,
                    Build,
                    PostBuild,
                    UploadArtifacts,
                    Finalizing,
                    Completed,
                ],
            ),
            (
                PreBuild,
                &OnFailure::Continue,
                vec![Build, PostBuild, UploadArtifacts, Finalizing, Completed],
            ),
            (
                Build,
                &OnFailure::Continue,
                vec![PostBuild, UploadArtifacts, Finalizing, Completed],
            ),
        ];
        for (failing, on_failure, follow) in rows {
            let entered = walk(failing, Status::Failed, on_failure);
            let place = entered.iter().position(|phase| *phase == failing).unwrap();
            assert_eq!(entered[place + 1..], follow, "{failing} {on_failure:?}");
        }
    }

    #[test]
    fn a_stop_or_a_timeout_ends_at_once() {
        for status in [Status::Stopped, Status::TimedOut, Status::Fault] {
            for phase in PhaseType::ALL
                .into_iter()
                .filter(|phase| *phase != Completed)
            {
                assert_eq!(next(phase, status, &OnFailure::Continue), Some(Completed));
            }
        }
    }

    #[test]
    fn the_build_ends_as_its_worst_phase() {
        use Status::{Failed, Stopped, Succeeded, TimedOut};
        assert_eq!(build_status([Succeeded, Succeeded]), Succeeded);
        assert_eq!(build_status([Succeeded, Failed, Succeeded]), Failed);
        assert_eq!(build_status([Succeeded, TimedOut]), Failed);
        assert_eq!(build_status([Failed, Stopped]), Stopped);
    }
}
