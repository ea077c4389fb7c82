//! The phase machine (contract §2.2): which phase follows, and how the build ends.

use crate::buildspec::OnFailure;
use crate::phase::{PhaseType, Status};

/// Returns the phase that follows `phase`, which ended with `status`; `None` after the last.
///
/// `on_failure` comes from the buildspec and applies to the command phases only.
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
            // The phase after a failed PROVISIONING is assumed.
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
pub(crate) mod tests;
