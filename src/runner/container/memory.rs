//! Reports processes that the kernel killed for lack of memory.

use crate::engine::{Engine, EngineFacts};
use crate::event::Notice;
use crate::phase::PhaseContext;
use crate::resources::Limits;
use crate::runner::live::Live;
use crate::runner::run::Run;

/// What the worker adds to the exit status of a command when the kernel killed one of the build's
/// processes meanwhile.
const MARK: &str = " oom";

/// The end of a command, as the worker reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::runner) struct CommandEnd {
    pub(in crate::runner) status: i32,
    /// Whether it failed and a process was killed for lack of memory while it ran.
    pub(in crate::runner) out_of_memory: bool,
}

impl CommandEnd {
    /// Reads the worker's answer.
    pub(in crate::runner) fn read(answer: &str) -> Self {
        let (status, out_of_memory) = match answer.strip_suffix(MARK) {
            Some(status) => (status, true),
            None => (answer, false),
        };
        Self {
            // The worker answers nothing but numbers.
            status: status.parse().unwrap_or(i32::MAX),
            out_of_memory,
        }
    }
}

/// Adds the reason to the message of a failed command; the cloud's own words are not known, so
/// these are assumed.
pub(in crate::runner) fn name_reason(context: &mut PhaseContext) {
    context.message.push_str(" (killed: out of memory)");
}

impl<E: Engine> Run<'_, E> {
    /// Decides the limits of the build, and warns when they are lower than requested.
    pub(in crate::runner) async fn limits(&self, facts: &EngineFacts) -> Limits {
        let (limits, notes) = self.plan.container.limits_within(facts.machine());
        for message in notes {
            self.warn(message).await;
        }
        limits
    }
}

impl<E: Engine> Live<'_, E> {
    /// Says that the kernel killed a process of the build.
    pub(in crate::runner) async fn tell_out_of_memory(&self) {
        let limit = self.limits.memory.map(|memory| memory.0);
        self.run.events.emit(Notice::OutOfMemory { limit }).await;
    }

    /// Asks the engine whether a container ended for lack of memory, and reports it.
    pub(in crate::runner) async fn ask_why_it_died(&self) {
        let container = self.sandbox.container();
        match self.run.engine.ran_out_of_memory(container).await {
            Ok(true) => self.tell_out_of_memory().await,
            Ok(false) => {}
            Err(error) => tracing::debug!(%error, "no word of why the container ended"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::container::driver::WORKER;
    use crate::runner::container::program::compact;

    /// What the worker counts in a file.
    fn counted(text: Option<&str>) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("events");
        if let Some(text) = text {
            std::fs::write(&path, text).unwrap();
        }
        let program = format!(
            "{}cobuild_killed_file={}\ncobuild_count_killed\necho \"$cobuild_number\"",
            compact(WORKER.lines()),
            path.display(),
        );
        let ran = std::process::Command::new("sh")
            .args(["-c", &program])
            .output();
        String::from_utf8(ran.unwrap().stdout).unwrap()
    }

    #[test]
    fn both_kinds_of_control_groups_are_read() {
        let second = "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n";
        let first = "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n";
        for (text, count) in [(Some(second), "2\n"), (Some(first), "5\n"), (None, "0\n")] {
            assert_eq!(counted(text), count, "{text:?}");
        }
    }

    #[test]
    fn the_worker_says_when_memory_was_lacking() {
        for (answer, status, out_of_memory) in [
            ("0", 0, false),
            ("137 oom", 137, true),
            ("2 oom", 2, true),
            ("what", i32::MAX, false),
        ] {
            let end = CommandEnd {
                status,
                out_of_memory,
            };
            assert_eq!(CommandEnd::read(answer), end);
        }
    }
}
