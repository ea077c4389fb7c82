//! The closing summary.

use std::io::{self, Write};
use std::path::Path;

use anstyle::AnsiColor;
use jiff::{SignedDuration, Timestamp};

use super::super::export_file::has_line;
use super::super::size;
use super::super::style::of_status;
use super::super::words::shortened;
use super::commands::{Whole, cut_short, failed, slowest};
use super::{cache, daemon, passed_over, tools};
use crate::event::{ExportedVariable, Problem, Problems};
use crate::phase::{PhaseType, Status};
use crate::record::{CommandRecord, Record};
use crate::terminal::{Out, Style};

/// Draws a problem of a buildspec with colours, for a terminal or for anything else; what is drawn is made of
/// visible texts, and ends with a newline.
pub type Draw = fn(&Problem, bool) -> String;

/// A build that ended.
pub(super) struct Report<'a> {
    pub(super) record: &'a Record,
    pub(super) artifacts: Option<&'a Path>,
    pub(super) draw: Draw,
    /// The log file, and for each command the line in it with which the command begins.
    pub(super) log_file: Option<(&'a Path, &'a [u64])>,
    /// Whether nothing is told but what went wrong.
    pub(super) is_quiet: bool,
    pub(super) end: Timestamp,
    pub(super) status: Status,
}

impl Report<'_> {
    /// Writes the summary.
    pub(super) fn write(&self, out: &mut Out<impl Write>) -> io::Result<()> {
        if !self.is_quiet {
            self.phases(out)?;
            self.slowest(out)?;
            passed_over::write(out, self.record)?;
        }
        self.commands(out)?;
        if !self.is_quiet {
            self.exported(out)?;
            self.cache(out)?;
        }
        self.status(out)?;
        self.failures(out)?;
        // A command's lack of memory was told with it; this one took the container.
        if let Some(out_of_memory) = &self.record.out_of_memory {
            writeln!(out, "  {out_of_memory}")?;
        }
        if !self.is_quiet {
            self.artifacts(out)?;
        }
        self.problems(out)?;
        for caveat in &self.record.caveats {
            let style = Style::color(AnsiColor::Yellow).bold();
            writeln!(out, "{style}warning:{style:#} {caveat}")?;
        }
        let tools = tools::hints(self.record);
        let daemon = daemon::hint(self.record);
        for hint in self.record.hints.iter().chain(&daemon).chain(&tools) {
            let style = Style::color(AnsiColor::Cyan).bold();
            writeln!(out, "{style}hint:{style:#} {hint}")?;
        }
        Ok(())
    }

    /// What `cobuild check` finds.
    fn problems(&self, out: &mut Out<impl Write>) -> io::Result<()> {
        let Problems { problems, more } = &self.record.problems;
        for problem in problems {
            let drawn = (self.draw)(problem, out.is_terminal());
            out.drawn(&drawn)?;
        }
        match more {
            0 => Ok(()),
            1 => writeln!(out, "`cobuild check` shows 1 more problem of the buildspec"),
            more => writeln!(
                out,
                "`cobuild check` shows {more} more problems of the buildspec"
            ),
        }
    }

    /// The table of phases: those of the agent, and any other that did not succeed.
    fn phases(&self, out: &mut Out<impl Write>) -> io::Result<()> {
        let dim = Style::DIM;
        for kind in PhaseType::ALL {
            let mut entered = self.record.phases().iter();
            let entered = entered.find(|phase| phase.phase_type == kind);
            let quiet = matches!(
                kind,
                PhaseType::Submitted
                    | PhaseType::Queued
                    | PhaseType::Finalizing
                    | PhaseType::Completed
            );
            match entered.and_then(|phase| Some((phase.phase_status?, phase.duration()?))) {
                Some((Status::Succeeded, _)) if quiet => {}
                Some((status, took)) => {
                    let style = of_status(status);
                    writeln!(
                        out,
                        "  {kind:<16} {style}{status:<9}{style:#} {:>9}",
                        seconds(took.as_secs_f64())
                    )?;
                }
                None if quiet => {}
                None if self.record.left_out.contains(&kind) => {
                    writeln!(out, "  {dim}{kind:<16} left out{dim:#}")?;
                }
                None => writeln!(out, "  {dim}{kind:<16} not run{dim:#}")?,
            }
        }
        Ok(())
    }

    fn slowest(&self, out: &mut Out<impl Write>) -> io::Result<()> {
        for (index, (record, took)) in slowest(&self.record.commands).into_iter().enumerate() {
            let label = if index == 0 { "slowest" } else { "" };
            writeln!(
                out,
                "  {label:<16} {:<9} {:>9}  {}",
                record.command.phase,
                seconds(took.as_secs_f64()),
                shortened(&record.command.text)
            )?;
        }
        Ok(())
    }

    /// The commands that failed, and the one that was cut short.
    fn commands(&self, out: &mut Out<impl Write>) -> io::Result<()> {
        for command in self.record.unmended_commands() {
            failed(out, command, &self.whole_output(command))?;
        }
        for command in self.record.interrupted_commands() {
            let phases = self.record.phases().iter();
            let mut of_command = phases
                .rev()
                .filter(|it| it.phase_type == command.command.phase);
            let status = of_command.find_map(|phase| phase.phase_status);
            let status = status.unwrap_or(self.status);
            cut_short(out, command, status, &self.whole_output(command))?;
        }
        Ok(())
    }

    /// Where the whole output of a command can be read.
    fn whole_output(&self, command: &CommandRecord) -> Whole {
        let mut commands = self.record.commands.iter();
        let index = commands.position(|it| std::ptr::eq(it, command));
        match self.log_file {
            _ if self.is_quiet => Whole::Shown,
            Some((path, lines)) => {
                let line = index.and_then(|index| lines.get(index));
                let line = line.map_or_else(String::new, |line| format!(":{line}"));
                Whole::File(format!("{}{line}", path.display()))
            }
            None => Whole::Log,
        }
    }

    fn cache(&self, out: &mut Out<impl Write>) -> io::Result<()> {
        let Some(cache) = &self.record.cache else {
            return Ok(());
        };
        let line = cache::line(&cache.restored, cache.saved.as_ref(), self.status);
        writeln!(out, "  {:<16} {line}", "cache")
    }

    fn exported(&self, out: &mut Out<impl Write>) -> io::Result<()> {
        let Some(build) = &self.record.build else {
            return Ok(());
        };
        for ExportedVariable { name, value } in &build.exported_environment_variables {
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

    fn status(&self, out: &mut Out<impl Write>) -> io::Result<()> {
        let took = self
            .record
            .build
            .as_ref()
            .map_or(SignedDuration::ZERO, |build| {
                self.end.duration_since(build.start_time.0)
            });
        let style = of_status(self.status).bold();
        let status = self.status;
        let passed_over = passed_over::count(self.record);
        let passed_over = passed_over.map(|count| format!("; {count}"));
        writeln!(
            out,
            "{style}{status}{style:#} in {}{}",
            seconds(took.as_secs_f64()),
            passed_over.unwrap_or_default()
        )
    }

    fn failures(&self, out: &mut Out<impl Write>) -> io::Result<()> {
        for phase in self.record.phases() {
            let kind = phase.phase_type;
            // A failed command has been shown with all there is to say.
            let is_told = self
                .record
                .failed_commands()
                .any(|command| command.command.phase == kind);
            match (phase.phase_status, phase.context()) {
                (None | Some(Status::Succeeded), _) => {}
                (Some(Status::Failed), _) if is_told => {}
                (Some(status), Some(context)) => {
                    let message = context.message.trim_end();
                    writeln!(out, "  {kind} {status}: {message}")?;
                }
                (Some(status), None) => writeln!(out, "  {kind} {status}")?,
            }
        }
        Ok(())
    }

    fn artifacts(&self, out: &mut Out<impl Write>) -> io::Result<()> {
        let count = self.record.artifact_files;
        if !self.record.has_succeeded(PhaseType::UploadArtifacts) || count == 0 {
            return Ok(());
        }
        let files = match count {
            1 => "1 artifact file".to_owned(),
            count => format!("{count} artifact files"),
        };
        if !self.record.zips.is_empty() {
            return self.record.zips.iter().try_for_each(|zip| {
                let files = if zip.files == 1 { "file" } else { "files" };
                let (count, size) = (zip.files, size(zip.size));
                writeln!(out, "  {}: {count} {files}, {size}", zip.location)
            });
        }
        match self.artifacts {
            Some(directory) => writeln!(out, "  {files} in {}", directory.display()),
            None => writeln!(out, "  {files} not kept; `-a DIR` keeps them"),
        }
    }
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.1} s")
}
