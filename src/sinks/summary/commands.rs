//! The commands that the summary names: the slowest, those that failed, and one that was cut short.

use std::io::{self, Write};
use std::time::Duration;

use super::super::words::{duration, place, shortened};
use super::reason::meaning;
use crate::phase::Status;
use crate::record::CommandRecord;
use crate::terminal::{Out, Sanitizer, Style};

/// How many of the slowest commands are listed.
const SLOWEST: usize = 3;

/// Commands that take less than this are not worth a line among the slowest.
const SLOW: Duration = Duration::from_secs(1);

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

/// Where the whole output of a command can be read.
#[derive(Debug, Clone)]
pub(super) enum Whole {
    /// In the log that is shown.
    Log,
    /// In a log file as well: its name and the line with which the command begins.
    File(String),
    /// Nothing but it is in the log, so no excerpt is needed.
    Shown,
}

/// Writes a failing command, an excerpt of its output, and what its status means.
pub(super) fn failed(
    out: &mut Out<impl Write>,
    record: &CommandRecord,
    whole: &Whole,
) -> io::Result<()> {
    let bold = Style::BOLD;
    let name = place(&record.command);
    let text = shortened(&record.command.text);
    writeln!(out, "{bold}{name} failed{bold:#}: {text}")?;
    excerpt(out, record, whole)?;
    let Some(exit_status) = record.exit_status() else {
        return Ok(());
    };
    let known = record.out_of_memory.map(|memory| memory.to_string());
    match known.or_else(|| meaning(exit_status)) {
        Some(meaning) => writeln!(out, "  exit status {exit_status}: {meaning}"),
        None => writeln!(out, "  exit status {exit_status}"),
    }
}

/// Writes a command that was cut short; its phase has this status. Who has stopped it has seen its output.
pub(super) fn cut_short(
    out: &mut Out<impl Write>,
    record: &CommandRecord,
    status: Status,
    whole: &Whole,
) -> io::Result<()> {
    let bold = Style::BOLD;
    let name = place(&record.command);
    let text = shortened(&record.command.text);
    let what = match status {
        Status::TimedOut => "timed out",
        Status::Stopped => "was stopped",
        Status::Succeeded | Status::Failed | Status::Fault => "was cut short",
    };
    let after = duration(record.duration.unwrap_or_default());
    writeln!(out, "{bold}{name} {what}{bold:#} after {after}: {text}")?;
    match (status, whole) {
        (Status::Stopped, Whole::Log | Whole::Shown) => Ok(()),
        (Status::Stopped, Whole::File(file)) => writeln!(out, "  output: {file}"),
        _ => excerpt(out, record, whole),
    }
}

/// Writes the lines of a command's output that may say why it failed, and how many lines there are besides.
fn excerpt(out: &mut Out<impl Write>, record: &CommandRecord, whole: &Whole) -> io::Result<()> {
    let place = match whole {
        Whole::Shown => return Ok(()),
        Whole::Log => ", in the log",
        Whole::File(file) => {
            writeln!(out, "  output: {file}")?;
            ""
        }
    };
    let output = &record.output;
    let mut shown = 0;
    for error in &output.errors {
        left_out(out, error.number - 1 - shown, "")?;
        quoted(out, &error.text)?;
        shown = error.number;
    }
    left_out(out, output.before - shown, place)?;
    output.last.iter().try_for_each(|line| quoted(out, line))
}

fn left_out(out: &mut Out<impl Write>, lines: u64, place: &str) -> io::Result<()> {
    let dim = Style::DIM;
    match lines {
        0 => Ok(()),
        1 => writeln!(out, "  {dim}… 1 line more{place}{dim:#}"),
        lines => writeln!(out, "  {dim}… {lines} lines more{place}{dim:#}"),
    }
}

fn quoted(out: &mut Out<impl Write>, line: &[u8]) -> io::Result<()> {
    let dim = Style::DIM;
    write!(out, "  {dim}|{dim:#} ")?;
    out.quoted(&clean(line))?;
    writeln!(out)
}

/// Returns what a failed command printed last, fit for a terminal.
pub(super) fn last_lines(record: &CommandRecord) -> impl Iterator<Item = String> {
    record.output.last.iter().map(|line| clean(line))
}

fn clean(line: &[u8]) -> String {
    let clean = Sanitizer::default().clean(line).into_owned();
    String::from_utf8_lossy(&clean).into_owned()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::event::Command;
    use crate::phase::PhaseType;
    use crate::record::{CommandEnd, ErrorLine, Excerpt};

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
            output: Excerpt {
                errors: vec![ErrorLine {
                    number: 2,
                    text: b"FAIL it".to_vec(),
                }],
                before: 9,
                last: vec![b"\x1b[2Jhello\x9b".to_vec()],
            },
            out_of_memory: None,
        }
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

    fn written(write: impl FnOnce(&mut Out<Vec<u8>>) -> io::Result<()>) -> String {
        let mut out = Out::file(Vec::new());
        write(&mut out).unwrap();
        String::from_utf8(out.into_inner()).unwrap()
    }

    #[test]
    fn what_is_left_out_of_the_output_is_counted() {
        let command = command(3, 75, CommandEnd::Finished { exit_status: 1 });
        let failed = |whole| written(|out| failed(out, &command, &whole));
        assert_eq!(
            failed(Whole::Log),
            "BUILD command 3 failed: \n  … 1 line more\n  | FAIL it\n  … 7 lines more, in the log\n  | ^[[2Jhello<9b>\n  exit status 1\n"
        );
        assert_eq!(
            failed(Whole::File("build.log:7".to_owned())),
            "BUILD command 3 failed: \n  output: build.log:7\n  … 1 line more\n  | FAIL it\n  … 7 lines more\n  | ^[[2Jhello<9b>\n  exit status 1\n"
        );
        assert_eq!(
            failed(Whole::Shown),
            "BUILD command 3 failed: \n  exit status 1\n"
        );
    }

    #[test]
    fn a_command_that_was_cut_short_is_named() {
        let command = command(3, 75, CommandEnd::Interrupted);
        let cut = |status| written(|out| cut_short(out, &command, status, &Whole::Log));
        assert_eq!(
            cut(Status::Stopped),
            "BUILD command 3 was stopped after 1 m 15 s: \n"
        );
        let timed_out = cut(Status::TimedOut);
        assert!(
            timed_out.starts_with("BUILD command 3 timed out after 1 m 15 s: \n  …"),
            "{timed_out}"
        );
        assert!(timed_out.ends_with("| ^[[2Jhello<9b>\n"), "{timed_out}");
    }
}
