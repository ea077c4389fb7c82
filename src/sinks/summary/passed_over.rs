//! The commands that did not run as the buildspec has them: left out, skipped, mocked.

use std::io::{self, Write};

use super::super::words::shortened;
use crate::event::Command;
use crate::record::{PassedOverBy, Record};
use crate::terminal::Out;

/// Writes a line for each command that was skipped or mocked, and for those of a phase that were left out.
pub(super) fn write(out: &mut Out<impl Write>, record: &Record) -> io::Result<()> {
    let skipped = skipped(record).map(|command| ("skipped", command));
    let mocked = mocked(record).map(|command| ("mocked", command));
    for (label, command) in skipped.chain(mocked) {
        let list = if command.is_finally { "finally " } else { "" };
        writeln!(
            out,
            "  {label:<16} {} {list}command {}: {}",
            command.phase,
            command.number,
            shortened(&command.text)
        )?;
    }
    let mut left_out = left_out(record).peekable();
    while let Some(first) = left_out.next() {
        let is_next =
            |next: &&Command| next.phase == first.phase && next.is_finally == first.is_finally;
        let mut last = first;
        while let Some(next) = left_out.next_if(is_next) {
            last = next;
        }
        let finally = if first.is_finally { "finally " } else { "" };
        let numbers = if first.number == last.number {
            format!("command {}", first.number)
        } else {
            format!("commands {} to {}", first.number, last.number)
        };
        writeln!(
            out,
            "  {:<16} {} {finally}{numbers}",
            "left out", first.phase
        )?;
    }
    Ok(())
}

/// Counts them in a few words, such as `1 command skipped, 2 left out`; nothing where all ran.
pub(super) fn count(record: &Record) -> Option<String> {
    let counts = [
        (skipped(record).count(), "skipped"),
        (mocked(record).count(), "mocked"),
        (left_out(record).count(), "left out"),
    ];
    let mut counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let (first, what) = counts.next()?;
    let commands = if first == 1 { "command" } else { "commands" };
    let first = format!("{first} {commands} {what}");
    let others = counts.map(|(count, what)| format!(", {count} {what}"));
    Some(first + &others.collect::<String>())
}

fn skipped(record: &Record) -> impl Iterator<Item = &Command> {
    passed_over(record, PassedOverBy::Debugger)
}

fn left_out(record: &Record) -> impl Iterator<Item = &Command> {
    passed_over(record, PassedOverBy::Part)
}

fn passed_over(record: &Record, by: PassedOverBy) -> impl Iterator<Item = &Command> {
    let passed_over = record.passed_over.iter();
    passed_over
        .filter(move |it| it.by == by)
        .map(|it| &it.command)
}

fn mocked(record: &Record) -> impl Iterator<Item = &Command> {
    let commands = record.commands.iter();
    commands.filter(|it| it.is_mocked).map(|it| &it.command)
}
