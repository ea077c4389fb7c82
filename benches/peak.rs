//! The memory of a running process.

use std::fs;

/// The highest that the resident memory of a process ever was, in kilobytes, as the kernel counts it;
/// `None` once it has ended.
pub(crate) fn peak_memory(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let kilobytes = text
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next())?;
    kilobytes.parse().ok()
}
