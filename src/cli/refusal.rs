//! What to do when an engine refuses the container that was asked for.

use crate::engine::{EngineError, Operation};

/// What engines say of what they cannot give, all of these words, and what to do then; the first that
/// fits counts.
const HINTS: [(&[&str], &str); 9] = [
    (
        &["could not select device driver"],
        "the engine has no GPUs: it takes the NVIDIA container toolkit on its host",
    ),
    (
        &["gathering device information"],
        "`--device` names a path of the engine's host",
    ),
    (&["error mounting"], ELSEWHERE),
    (&["bind source path does not exist"], ELSEWHERE),
    (
        &["OOM"],
        "the container needs more memory to start: raise `--memory`",
    ),
    (&["cgroup"], NO_LIMITS),
    (&["CPU"], NO_LIMITS),
    (
        &["rlimit"],
        "the engine may not raise that limit: lower `--ulimit`",
    ),
    (
        &["network", "not found"],
        "`docker network ls` lists the networks there are",
    ),
];

const ELSEWHERE: &str = "`--volume` and `--file-system` name directories of the engine's host";

const NO_LIMITS: &str = "an engine that cannot limit containers, as rootless ones often cannot, takes no `--compute-type`, `--cpus` and `--memory`";

/// Returns what to do about an engine's refusal, where that is known.
pub(super) fn hint(error: &EngineError) -> Option<&'static str> {
    let about_container = matches!(
        error.operation,
        Operation::CreateContainer | Operation::StartContainer
    );
    let reason = error.reason();
    let known = HINTS
        .iter()
        .find(|(words, _)| words.iter().all(|word| reason.contains(word)));
    known.filter(|_| about_container).map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(operation: Operation, reason: &'static str) -> EngineError {
        EngineError {
            operation,
            status: Some(500),
            source: reason.into(),
        }
    }

    #[test]
    fn a_refusal_is_met_with_what_to_do() {
        for (reason, words) in [
            (
                "could not select device driver \"\" with capabilities: [[gpu]]",
                "GPUs",
            ),
            (
                "error gathering device information while adding custom device",
                "--device",
            ),
            ("network nowhere not found", "network ls"),
            (
                "NanoCPUs can not be set, as your kernel does not support CPU cfs period/quota or the cgroup is not mounted",
                "--cpus",
            ),
            (
                "container init was OOM-killed (memory limit too low?)",
                "--memory",
            ),
        ] {
            let told = hint(&error(Operation::StartContainer, reason));
            assert!(told.unwrap().contains(words), "{reason}: {told:?}");
        }
        assert_eq!(
            hint(&error(Operation::StartContainer, "no space left")),
            None
        );
        assert_eq!(hint(&error(Operation::Upload, "network")), None);
    }
}
