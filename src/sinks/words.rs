//! Commands and durations as people read them.

use std::time::Duration;

use crate::event::Command;

/// The longest text of a command that is shown, in characters.
const LONGEST_COMMAND: usize = 100;

/// The first line of a command, and not too much of it.
pub(super) fn shortened(text: &str) -> String {
    let text = text.trim();
    let line = text.lines().next().unwrap_or_default().trim_end();
    let cut: String = line.chars().take(LONGEST_COMMAND).collect();
    if cut.len() < text.len() {
        format!("{cut} …")
    } else {
        cut
    }
}

/// The place of a command: `BUILD command 2`, or `BUILD finally command 1`.
pub(super) fn place(command: &Command) -> String {
    let list = if command.is_finally { "finally " } else { "" };
    format!("{} {list}command {}", command.phase, command.number)
}

/// A duration in whole seconds, of which short ones have tenths: `0.4 s`, `42 s`, `2 m`, `1 h 5 m`.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes, rest) {
        (0, 0, 0..10) => format!("{:.1} s", duration.as_secs_f64()),
        (0, 0, rest) => format!("{rest} s"),
        (0, minutes, 0) => format!("{minutes} m"),
        (0, minutes, rest) => format!("{minutes} m {rest} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_by_its_beginning() {
        assert_eq!(shortened("make\n"), "make");
        assert_eq!(shortened("make\nmake test\n"), "make …");
        assert_eq!(
            shortened(&"x".repeat(200)).chars().count(),
            LONGEST_COMMAND + 2
        );
    }

    #[test]
    fn durations_have_two_units_at_the_most() {
        for (milliseconds, text) in [
            (0, "0.0 s"),
            (440, "0.4 s"),
            (42_900, "42 s"),
            (120_000, "2 m"),
            (125_000, "2 m 5 s"),
            (3_600_000, "1 h"),
            (3_900_000, "1 h 5 m"),
        ] {
            assert_eq!(duration(Duration::from_millis(milliseconds)), text);
        }
    }
}
