//! The processes of this machine.

use std::fs;

use rustix::process::{Pid, test_kill_process};

/// Whether a process of that number exists, as far as known.
pub(super) fn runs(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        return false;
    };
    test_kill_process(pid) != Err(rustix::io::Errno::SRCH)
}

/// The properties of a process.
pub(super) struct Process {
    /// When it began, in ticks since the boot.
    pub(super) started: String,
    /// Whether it has ended, and only its parent has not yet asked how.
    pub(super) is_zombie: bool,
}

impl Process {
    pub(super) fn look(pid: u32) -> Option<Self> {
        let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
        let text = String::from_utf8_lossy(&text);
        // The name before may hold anything, parentheses and blanks too.
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        Some(Self {
            // The third and the twenty-second of `proc(5)`.
            is_zombie: matches!(*fields.first()?, "Z" | "X"),
            started: (*fields.get(19)?).to_owned(),
        })
    }
}
