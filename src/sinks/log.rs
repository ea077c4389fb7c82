//! The log that CodeBuild would have written, to the byte (contract §4.2 to §4.5), or the same lines with
//! shorter times for people.

mod agent;
mod cache;
mod timestamps;

use std::io::{self, Write};

use anstyle::AnsiColor;
use jiff::Timestamp;

use super::Sink;
use super::style::of_status;
use crate::event::{
    AgentEvent, ArtifactsEvent, BuildEvent, CommandEvent, Event, Notice, PhaseEvent, RuntimeEvent,
    SourceEvent, Timestamped,
};
use crate::phase::{PhaseContext, PhaseType, Status};
use crate::terminal::{Lines, Out, Style};
pub use timestamps::Timestamps;

/// The status code of a context that quotes a command.
const COMMAND_FAILED: &str = "COMMAND_EXECUTION_ERROR";

/// Writes the log.
pub struct Log<W: Write> {
    out: Out<W>,
    timestamps: Timestamps,
    /// When the build began; its first event says so.
    start: Option<Timestamp>,
    /// Whether output has left its last line open.
    open_line: bool,
    /// Whether the agent never began, and so does not tell how the phase ended (assumed).
    agent_is_silent: bool,
}

impl<W: Write> std::fmt::Debug for Log<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").finish_non_exhaustive()
    }
}

impl<W: Write> Log<W> {
    /// Makes a log that goes to `out`, with full timestamps.
    pub fn new(out: Out<W>) -> Self {
        Self {
            out,
            timestamps: Timestamps::Full,
            start: None,
            open_line: false,
            agent_is_silent: false,
        }
    }

    /// The same log with other timestamps.
    #[must_use]
    pub fn timestamps(self, timestamps: Timestamps) -> Self {
        Self { timestamps, ..self }
    }

    /// Where the log goes.
    pub(super) fn out(&self) -> &Out<W> {
        &self.out
    }

    /// Whether output has left its last line open.
    pub(super) fn has_open_line(&self) -> bool {
        self.open_line
    }

    /// A text of several lines as part of a line.
    fn lines<'text>(&self, text: &'text str) -> Lines<'text> {
        Lines(text, self.timestamps.indent())
    }

    fn line(&mut self, time: Timestamp, text: &str) -> io::Result<()> {
        self.styled_line(time, text, Style::PLAIN)
    }

    fn styled_line(&mut self, time: Timestamp, text: &str, style: Style) -> io::Result<()> {
        // A background process may have written since the last command.
        if std::mem::take(&mut self.open_line) {
            writeln!(self.out)?;
        }
        let start = self.start.unwrap_or(time);
        let (prefix, gap) = self.timestamps.prefix(start, time);
        let dim = Style::DIM;
        writeln!(self.out, "{dim}{prefix}{dim:#}{gap}{style}{text}{style:#}")
    }

    fn phase_started(&mut self, time: Timestamp, phase: PhaseType) -> io::Result<()> {
        match phase {
            PhaseType::DownloadSource => {
                for text in [
                    "Running on CodeBuild On-demand",
                    "Waiting for agent ping",
                    "Waiting for DOWNLOAD_SOURCE",
                ] {
                    self.styled_line(time, text, Style::DIM)?;
                }
                Ok(())
            }
            PhaseType::Install | PhaseType::PreBuild | PhaseType::Build | PhaseType::PostBuild => {
                let style = Style::BOLD;
                self.styled_line(time, &format!("Entering phase {phase}"), style)
            }
            PhaseType::Submitted
            | PhaseType::Queued
            | PhaseType::Provisioning
            | PhaseType::UploadArtifacts
            | PhaseType::Finalizing
            | PhaseType::Completed => Ok(()),
        }
    }

    fn phase_finished(
        &mut self,
        time: Timestamp,
        phase: PhaseType,
        status: Status,
        context: Option<&PhaseContext>,
    ) -> io::Result<()> {
        match phase {
            PhaseType::Submitted | PhaseType::Queued | PhaseType::Completed => return Ok(()),
            PhaseType::DownloadSource if self.agent_is_silent => return Ok(()),
            // The cloud logs nothing of these two; why a build never began is told all the same.
            PhaseType::Provisioning | PhaseType::Finalizing if status != Status::Failed => {
                return Ok(());
            }
            PhaseType::Provisioning
            | PhaseType::Finalizing
            | PhaseType::DownloadSource
            | PhaseType::Install
            | PhaseType::PreBuild
            | PhaseType::Build
            | PhaseType::PostBuild
            | PhaseType::UploadArtifacts => {}
        }
        let style = of_status(status).bold();
        let text = format!("Phase complete: {phase} State: {style}{status}{style:#}");
        self.line(time, &text)?;
        let Some(PhaseContext {
            status_code,
            message,
        }) = context
        else {
            return Ok(());
        };
        let message = if status_code == COMMAND_FAILED {
            // It quotes a command, which may have several lines.
            self.lines(message).to_string()
        } else {
            message.to_owned()
        };
        let style = match status {
            Status::Succeeded => Style::DIM,
            Status::Failed | Status::Fault | Status::TimedOut | Status::Stopped => {
                of_status(status)
            }
        };
        let text = format!("Phase context status code: {status_code} Message: {message}");
        self.styled_line(time, &text, style)
    }

    fn phase(&mut self, time: Timestamp, event: &PhaseEvent) -> io::Result<()> {
        match event {
            PhaseEvent::Started { phase } => self.phase_started(time, *phase),
            PhaseEvent::Finished {
                phase,
                status,
                context,
            } => self.phase_finished(time, *phase, *status, context.as_ref()),
            // The agent knows of no parts of builds.
            PhaseEvent::LeftOut { .. } => Ok(()),
            // What the agent says of a retry is not known (§10): these words are assumed.
            PhaseEvent::Retried {
                phase,
                retry,
                count,
            } => self.line(
                time,
                &format!("Retrying phase {phase} (retry {retry} of {count})"),
            ),
        }
    }

    fn command(&mut self, time: Timestamp, event: &CommandEvent) -> io::Result<()> {
        match event {
            CommandEvent::Started { command } => {
                let (dim, bold) = (Style::DIM, Style::BOLD);
                let text = self.lines(&command.text);
                let text = format!("{dim}Running command{dim:#} {bold}{text}{bold:#}");
                self.line(time, &text)
            }
            CommandEvent::Mocked => self.line(time, "Mocked: the command did not run"),
            CommandEvent::Output(output) => self.output(&output.bytes),
            CommandEvent::Interrupted { .. } => self.end_output(),
            CommandEvent::Lost { .. }
            | CommandEvent::LeftOut { .. }
            | CommandEvent::Skipped { .. } => Ok(()),
            CommandEvent::Finished {
                command,
                exit_status,
                duration: _,
            } => {
                self.end_output()?;
                if *exit_status == 0 {
                    return Ok(());
                }
                let style = Style::color(AnsiColor::Red);
                let text = format!(
                    "Command did not exit successfully {} exit status {exit_status}",
                    self.lines(&command.text)
                );
                self.styled_line(time, &text, style)
            }
        }
    }

    /// Ends a command's output with one newline, whether it ended with one or not (assumed): that
    /// gives an empty line after most output, and begins the agent's next line on a line of its own.
    /// Short timestamps are for people, who see where output ends without an empty line.
    fn end_output(&mut self) -> io::Result<()> {
        let is_open = std::mem::take(&mut self.open_line);
        if is_open || self.timestamps != Timestamps::Short {
            writeln!(self.out)?;
        }
        Ok(())
    }

    fn output(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(last) = bytes.last() {
            self.open_line = *last != b'\n';
        }
        self.out.output(bytes)
    }
}

impl<W: Write + Send> Sink for Log<W> {
    fn event(&mut self, event: &Timestamped) -> io::Result<()> {
        let time = event.time;
        self.start.get_or_insert(time);
        if !matches!(event.event, Event::Command(CommandEvent::Output(_))) {
            self.out.end_output()?;
        }
        match &event.event {
            Event::Command(command) => self.command(time, command),
            Event::Phase(phase) => self.phase(time, phase),
            Event::Source(SourceEvent::Failed { context }) => {
                self.agent_is_silent = true;
                // The one line of the log that is not the agent's (§2.5).
                let PhaseContext {
                    status_code,
                    message,
                } = context;
                writeln!(self.out, "{status_code}: {message}")
            }
            // Others speak of these elsewhere; what was logged before must be seen before.
            Event::Pull(_)
            | Event::Notice(
                Notice::Stopping { .. }
                | Notice::Warning { .. }
                | Notice::Hint { .. }
                | Notice::Caveat { .. }
                | Notice::BuildspecProblems(_),
            )
            | Event::Build(BuildEvent::VariablesExported { .. } | BuildEvent::Finished { .. }) => {
                self.out.flush()
            }
            event => {
                let style = style_of(event);
                agent::lines(event)
                    .iter()
                    .try_for_each(|text| self.styled_line(time, text, style))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// How what the agent says between the commands looks: most of it is the same in every build.
fn style_of(event: &Event) -> Style {
    match event {
        Event::Agent(AgentEvent::UnknownKeys { .. })
        | Event::Runtime(RuntimeEvent::Clash { .. })
        | Event::Artifacts(ArtifactsEvent::PatternExpanded { matches: 0, .. }) => Style::PLAIN,
        _ => Style::DIM,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::{AgentEvent, Command, Output, UnknownKeys};

    fn command(text: &str) -> Command {
        Command {
            phase: PhaseType::Build,
            is_finally: false,
            number: 1,
            text: text.to_owned(),
        }
    }

    fn printed(bytes: &'static [u8]) -> Event {
        let bytes = bytes.into();
        CommandEvent::Output(Output { bytes }).into()
    }

    fn written(events: &[Event]) -> String {
        written_to(Out::file, events)
    }

    fn written_to(way: impl Fn(Vec<u8>) -> Out<Vec<u8>>, events: &[Event]) -> String {
        let mut log = Log::new(way(Vec::new()));
        for event in events {
            let time = Timestamp::from_microsecond(1_700_000_000_000_042).unwrap();
            log.event(&Timestamped {
                time,
                event: event.clone(),
            })
            .unwrap();
        }
        log.flush().unwrap();
        String::from_utf8(log.out.into_inner()).unwrap()
    }

    /// The agent's lines without their dates.
    fn undated(text: &str) -> String {
        text.replace("[Container] 2023/11/14 22:13:20.000042 ", "> ")
    }

    #[test]
    fn lines_are_dated_in_utc_to_the_microsecond() {
        let text = written(&[AgentEvent::DirectoryEntered { path: "/x".into() }.into()]);
        assert_eq!(
            text,
            "[Container] 2023/11/14 22:13:20.000042 Moving to directory /x\n"
        );
    }

    #[test]
    fn a_failing_block_breaks_its_line_before_the_tail() {
        let block = "if true; then\n  false\nfi\n";
        let text = written(&[
            CommandEvent::Started {
                command: command(block),
            }
            .into(),
            printed(b"out\n"),
            CommandEvent::Finished {
                command: command(block),
                exit_status: 1,
                duration: Duration::ZERO,
            }
            .into(),
        ]);
        assert_eq!(
            undated(&text),
            "> Running command if true; then\n  false\nfi\n\nout\n\n> Command did not exit successfully if true; then\n  false\nfi\n exit status 1\n"
        );
    }

    #[test]
    fn an_empty_context_has_two_blanks_and_one_at_the_end() {
        let text = written(&[PhaseEvent::Finished {
            phase: PhaseType::Install,
            status: Status::Succeeded,
            context: Some(PhaseContext::default()),
        }
        .into()]);
        assert_eq!(
            undated(&text),
            "> Phase complete: INSTALL State: SUCCEEDED\n> Phase context status code:  Message: \n"
        );
    }

    #[test]
    fn unknown_keys_are_indented_with_tabs() {
        let text = written(&[AgentEvent::UnknownKeys {
            sections: vec![UnknownKeys {
                section: "BUILD".into(),
                keys: vec!["comands".into(), "foo".into()],
            }],
        }
        .into()]);
        assert_eq!(
            undated(&text),
            "> Found possible syntax errors in buildspec: \nIn the section BUILD\n\tThe following keys cannot be identified:\n\t\tcomands\n\t\tfoo\n"
        );
    }

    #[test]
    fn output_passes_unchanged_unless_a_terminal_reads_it() {
        let output = [printed(b"\x1b]0;title\x07\x1b[31mred")];
        assert_eq!(written(&output), "\x1b]0;title\x07\x1b[31mred");
        let screen = |bytes| Out::screen(bytes, false);
        assert_eq!(written_to(screen, &output), "^[]0;title^G\x1b[31mred");
    }

    #[test]
    fn output_hides_nothing_that_the_agent_says_behind_it() {
        let events = [
            printed(b"\x1b[8mhidden \xc3"),
            AgentEvent::DirectoryEntered {
                path: "/x\x1b[8m".into(),
            }
            .into(),
        ];
        let screen = |bytes| Out::screen(bytes, false);
        assert_eq!(
            undated(&written_to(screen, &events)),
            "\x1b[8mhidden <c3>\x1b[0m\n> Moving to directory /x^[[8m\n"
        );
    }
}
