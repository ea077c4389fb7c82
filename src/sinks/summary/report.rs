//! The closing summary.

use std::io::{self, Write};

use anstyle::AnsiColor;
use jiff::{SignedDuration, Timestamp};

use super::super::export_file::has_line;
use super::reason::meaning;
use super::{Build, FailedCommand, Phase, cache};
use crate::phase::{PhaseType, Status};
use crate::terminal::{Out, Style};

/// The longest text of a command that is shown, in characters.
const LONGEST_COMMAND: usize = 100;

impl Build {
    /// Writes the summary of a build that ended.
    pub(super) fn report(
        &self,
        out: &mut Out<impl Write>,
        end: Timestamp,
        status: Status,
    ) -> io::Result<()> {
        self.phases(out)?;
        self.slowest(out)?;
        for command in self.failed.iter().filter(|it| !self.came_right(it.phase)) {
            failed_command(out, command)?;
        }
        self.exported(out)?;
        if let Some((restored, saved)) = &self.cache {
            let line = cache::line(restored, saved.as_ref(), status);
            writeln!(out, "  {:<16} {line}", "cache")?;
        }
        let took = self
            .start
            .map_or(SignedDuration::ZERO, |start| end.duration_since(start));
        let style = color_of(status).bold();
        writeln!(out, "{style}{status}{style:#} in {}", seconds(took))?;
        self.failures(out)?;
        // A command's lack of memory was told with it; this one took the container.
        if let Some(out_of_memory) = &self.out_of_memory {
            writeln!(out, "  {out_of_memory}")?;
        }
        self.artifacts(out)?;
        for hint in self.hints.iter().chain(&self.daemon_hint()) {
            let style = Style::color(AnsiColor::Cyan).bold();
            writeln!(out, "{style}hint:{style:#} {hint}")?;
        }
        Ok(())
    }

    /// Whether a phase succeeded in the end, whatever was tried before.
    pub(super) fn came_right(&self, kind: PhaseType) -> bool {
        self.phases
            .iter()
            .any(|phase| phase.kind == kind && matches!(phase.end, Some((_, Status::Succeeded, _))))
    }

    /// The table of phases: those of the agent, and any other that did not succeed.
    fn phases(&self, out: &mut Out<impl Write>) -> io::Result<()> {
        let dim = Style::DIM;
        for kind in PhaseType::ALL {
            let entered = self.phases.iter().find(|phase| phase.kind == kind);
            let quiet = matches!(
                kind,
                PhaseType::Submitted
                    | PhaseType::Queued
                    | PhaseType::Finalizing
                    | PhaseType::Completed
            );
            match entered.and_then(|phase| phase.end.as_ref().map(|end| (phase, end))) {
                Some((_, (_, Status::Succeeded, _))) if quiet => {}
                Some((phase, (end, status, _))) => {
                    let style = color_of(*status);
                    let took = end.duration_since(phase.start);
                    writeln!(
                        out,
                        "  {kind:<16} {style}{status:<9}{style:#} {:>9}",
                        seconds(took)
                    )?;
                }
                None if quiet => {}
                None => writeln!(out, "  {dim}{kind:<16} not run{dim:#}")?,
            }
        }
        Ok(())
    }

    fn slowest(&self, out: &mut Out<impl Write>) -> io::Result<()> {
        for (index, command) in self.slowest.iter().enumerate() {
            let label = if index == 0 { "slowest" } else { "" };
            writeln!(
                out,
                "  {label:<16} {:<9} {:>9}  {}",
                command.phase,
                seconds(command.took),
                shortened(&command.text)
            )?;
        }
        Ok(())
    }

    fn exported(&self, out: &mut Out<impl Write>) -> io::Result<()> {
        for (name, value) in &self.exported {
            if has_line(value) {
                writeln!(out, "  {:<16} {name}={value}", "exported")?;
            } else {
                let lines = value.lines().count();
                writeln!(
                    out,
                    "  {:<16} {name}, {lines} lines; no env file can hold it",
                    "exported"
                )?;
            }
        }
        Ok(())
    }

    fn failures(&self, out: &mut Out<impl Write>) -> io::Result<()> {
        for Phase { kind, end, .. } in &self.phases {
            // A failed command has been shown with all there is to say.
            let is_told = self.failed.iter().any(|command| command.phase == *kind);
            match end {
                None | Some((_, Status::Succeeded, _)) => {}
                Some((_, Status::Failed, _)) if is_told => {}
                Some((_, status, Some(context))) => {
                    let message = context.message.trim_end();
                    writeln!(out, "  {kind} {status}: {message}")?;
                }
                Some((_, status, None)) => writeln!(out, "  {kind} {status}")?,
            }
        }
        Ok(())
    }

    fn artifacts(&self, out: &mut Out<impl Write>) -> io::Result<()> {
        let uploaded = self.phases.iter().any(|phase| {
            phase.kind == PhaseType::UploadArtifacts
                && matches!(phase.end, Some((_, Status::Succeeded, _)))
        });
        if !uploaded || self.files == 0 {
            return Ok(());
        }
        let files = match self.files {
            1 => "1 artifact file".to_owned(),
            count => format!("{count} artifact files"),
        };
        match &self.artifacts {
            Some(directory) => writeln!(out, "  {files} in {}", directory.display()),
            None => writeln!(out, "  {files} not kept; `-a DIR` keeps them"),
        }
    }
}

/// The failing command, what its status means, and what it said last.
fn failed_command(out: &mut Out<impl Write>, command: &FailedCommand) -> io::Result<()> {
    let dim = Style::DIM;
    let bold = Style::BOLD;
    writeln!(
        out,
        "{bold}{} command {} failed{bold:#}: {}",
        command.phase,
        command.number,
        shortened(&command.text)
    )?;
    for line in &command.last_lines {
        write!(out, "  {dim}|{dim:#} ")?;
        out.quoted(line)?;
        writeln!(out)?;
    }
    let known = command.out_of_memory.as_ref().map(ToString::to_string);
    match known.or_else(|| meaning(command.exit_status)) {
        Some(meaning) => writeln!(out, "  exit status {}: {meaning}", command.exit_status),
        None => writeln!(out, "  exit status {}", command.exit_status),
    }
}

/// The first line of a command, and not too much of it.
fn shortened(text: &str) -> String {
    let text = text.trim();
    let line = text.lines().next().unwrap_or_default().trim_end();
    let cut: String = line.chars().take(LONGEST_COMMAND).collect();
    if cut.len() < text.len() {
        format!("{cut} …")
    } else {
        cut
    }
}

fn seconds(duration: SignedDuration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

fn color_of(status: Status) -> Style {
    let color = match status {
        Status::Succeeded => AnsiColor::Green,
        Status::Failed | Status::Fault => AnsiColor::Red,
        Status::TimedOut | Status::Stopped => AnsiColor::Yellow,
    };
    Style::color(color)
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
}
