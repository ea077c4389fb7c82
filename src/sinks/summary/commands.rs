//! The commands that the summary names: the slowest, and those that failed.

use std::io::{self, Write};
use std::time::Duration;

use super::reason::meaning;
use crate::record::CommandRecord;
use crate::terminal::{Out, Sanitizer, Style};

/// How many of the slowest commands are listed.
const SLOWEST: usize = 3;

/// Commands that take less than this are not worth a line among the slowest.
const SLOW: Duration = Duration::from_secs(1);

/// The longest text of a command that is shown, in characters.
const LONGEST_COMMAND: usize = 100;

/// Returns the commands that took longest and ended by themselves, the slowest first.
pub(super) fn slowest(commands: &[CommandRecord]) -> Vec<(&CommandRecord, Duration)> {
    let ended = commands
        .iter()
        .filter(|command| command.exit_status().is_some());
    let mut slowest: Vec<_> = ended
        .filter_map(|command| Some((command, command.duration?)))
        .filter(|(_, duration)| *duration >= SLOW)
        .collect();
    slowest.sort_by_key(|(_, duration)| std::cmp::Reverse(*duration));
    slowest.truncate(SLOWEST);
    slowest
}

/// Writes a failing command, what it said last, and what its status means.
pub(super) fn failed(out: &mut Out<impl Write>, record: &CommandRecord) -> io::Result<()> {
    let dim = Style::DIM;
    let bold = Style::BOLD;
    let command = &record.command;
    writeln!(
        out,
        "{bold}{} command {} failed{bold:#}: {}",
        command.phase,
        command.number,
        shortened(&command.text)
    )?;
    for line in last_lines(record) {
        write!(out, "  {dim}|{dim:#} ")?;
        out.quoted(&line)?;
        writeln!(out)?;
    }
    let Some(exit_status) = record.exit_status() else {
        return Ok(());
    };
    let known = record.out_of_memory.map(|memory| memory.to_string());
    match known.or_else(|| meaning(exit_status)) {
        Some(meaning) => writeln!(out, "  exit status {exit_status}: {meaning}"),
        None => writeln!(out, "  exit status {exit_status}"),
    }
}

/// Returns what a failed command printed last, fit for a terminal.
pub(super) fn last_lines(record: &CommandRecord) -> impl Iterator<Item = String> {
    record.last_lines.iter().map(|line| {
        let clean = Sanitizer::default().clean(line).into_owned();
        String::from_utf8_lossy(&clean).into_owned()
    })
}

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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::event::Command;
    use crate::phase::PhaseType;
    use crate::record::CommandEnd;

    fn command(number: usize, seconds: u64, end: CommandEnd) -> CommandRecord {
        CommandRecord {
            command: Command {
                phase: PhaseType::Build,
                is_finally: false,
                number,
                text: String::new(),
            },
            start: Timestamp::UNIX_EPOCH,
            end: Some(end),
            duration: Some(Duration::from_secs(seconds)),
            is_mocked: false,
            is_retried: false,
            last_lines: vec![b"\x1b[2Jhello\x9b".to_vec()],
            out_of_memory: None,
        }
    }

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
    fn the_slowest_that_ended_by_themselves_come_first() {
        let finished = CommandEnd::Finished { exit_status: 1 };
        let commands = [
            command(1, 0, finished),
            command(2, 2, finished),
            command(3, 9, CommandEnd::Interrupted),
            command(4, 3, finished),
            command(5, 2, finished),
            command(6, 2, finished),
        ];
        let numbers: Vec<usize> = slowest(&commands)
            .iter()
            .map(|(command, _)| command.command.number)
            .collect();
        assert_eq!(numbers, [4, 2, 5]);
    }

    #[test]
    fn the_last_lines_do_nothing_to_a_terminal() {
        let command = command(1, 1, CommandEnd::Finished { exit_status: 1 });
        let lines: Vec<String> = last_lines(&command).collect();
        assert_eq!(lines, ["^[[2Jhello<9b>"]);
    }
}
