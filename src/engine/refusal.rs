//! Recognizes what an engine refuses by the texts of engines and of the runtimes below them.

use super::{EngineError, Operation};

/// A part of a container that the engine refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// An init process: the engine has no program for it.
    Init,
    CopyOnWrite,
    /// A shell: the image has none.
    Shell,
    Processor,
}

impl EngineError {
    /// Returns what the engine refused when it could not create or start a container; `None` for
    /// any other error.
    pub fn refusal(&self) -> Option<Refusal> {
        // Podman makes ready what it attaches to, and says there what Docker says at the start.
        let is_about_container = matches!(
            self.operation,
            Operation::CreateContainer | Operation::Attach | Operation::StartContainer
        );
        let reason = self.reason().to_lowercase();
        let has = |text: &str| reason.contains(text);
        if !is_about_container {
            None
        } else if has(FOREIGN) {
            Some(Refusal::Processor)
        } else if (has("\"sh\"") || has("`sh`")) && (has("not found") || has("no such file")) {
            Some(Refusal::Shell)
        } else if has("init") && (has("not found") || has("could not find")) {
            Some(Refusal::Init)
        } else if has("mount") || has("overlay") {
            Some(Refusal::CopyOnWrite)
        } else {
            None
        }
    }
}

/// The kernel's text for a program for another processor.
const FOREIGN: &str = "exec format error";

/// Whether the output of a container says that its programs are for another processor.
pub fn says_other_processor(output: &str) -> bool {
    output.to_lowercase().contains(FOREIGN)
}

/// Whether the output of a container, printed by its init process, says that the image has no
/// shell.
pub fn says_no_shell(output: &str) -> bool {
    let output = output.to_lowercase();
    let of_tini = output.contains("exec sh failed");
    let of_catatonit = output.contains("failed to exec pid1");
    (of_tini || of_catatonit) && output.contains("no such file")
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
    fn the_words_of_engines_are_understood() {
        use Operation::{Attach, CreateContainer, StartContainer};
        for (operation, reason, refusal) in [
            // Docker.
            (
                StartContainer,
                "failed to mount local volume: mount overlay:/v/_data, data: lowerdir=/l: invalid argument",
                Refusal::CopyOnWrite,
            ),
            (
                StartContainer,
                "exec: \"docker-init\": executable file not found in $PATH",
                Refusal::Init,
            ),
            (
                StartContainer,
                "runc create failed: unable to start container process: exec: \"sh\": executable file not found in $PATH: unknown",
                Refusal::Shell,
            ),
            // Podman with runc, then with crun, then a later Podman.
            (
                Attach,
                "preparing container 67f1 for attach: runc: runc create failed: unable to start container process: exec: \"sh\": executable file not found in $PATH: OCI runtime attempted to invoke a command that was not found",
                Refusal::Shell,
            ),
            (
                StartContainer,
                "crun: executable file `sh` not found in $PATH: No such file or directory: OCI runtime attempted to invoke a command that was not found",
                Refusal::Shell,
            ),
            (
                Attach,
                "preparing container 7030 for attach: mounting overlay failed \"/a\": chmod /u: operation not permitted",
                Refusal::CopyOnWrite,
            ),
            (
                CreateContainer,
                "container create: container-init binary not found on the host: stat /usr/libexec/podman/catatonit: no such file or directory",
                Refusal::Init,
            ),
            (
                CreateContainer,
                "lookup init binary: could not find \"catatonit\" in one of [/usr/libexec/podman]",
                Refusal::Init,
            ),
        ] {
            assert_eq!(
                error(operation, reason).refusal(),
                Some(refusal),
                "{reason}"
            );
        }
    }

    #[test]
    fn other_errors_are_no_refusals() {
        let lost = error(Operation::Attach, "connection reset by peer");
        assert_eq!(lost.refusal(), None);
        let mount = error(Operation::Download("/a".to_owned()), "mount: not found");
        assert_eq!(mount.refusal(), None);
        let name = error(Operation::StartContainer, "no such container: sh");
        assert_eq!(name.refusal(), None);
    }

    #[test]
    fn an_init_process_says_that_there_is_no_shell() {
        assert!(says_no_shell(
            "[FATAL tini (7)] exec sh failed: No such file or directory"
        ));
        assert!(says_no_shell(
            "ERROR (catatonit:2): failed to exec pid1: No such file or directory"
        ));
        assert!(!says_no_shell("sh: 1: foo: No such file or directory"));
    }
}
