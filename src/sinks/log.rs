//! The log that CodeBuild would have written, to the byte (contract §4.2 to §4.5).

mod agent;
mod cache;

use std::io::{self, Write};

use anstyle::AnsiColor;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Sink;
use crate::event::{BuildEvent, CommandEvent, Event, Notice, PhaseEvent, SourceEvent, Timestamped};
use crate::phase::{PhaseContext, PhaseType, Status};
use crate::terminal::{Lines, Out, Style};

/// The status code of a context that quotes a command.
const COMMAND_FAILED: &str = "COMMAND_EXECUTION_ERROR";

/// Writes the log.
pub struct Log<W: Write> {
    out: Out<W>,
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
    /// Makes a log that goes to `out`.
    pub fn new(out: Out<W>) -> Self {
        Self {
            out,
            open_line: false,
            agent_is_silent: false,
        }
    }

    fn line(&mut self, time: Timestamp, text: &str) -> io::Result<()> {
        self.styled_line(time, text, Style::PLAIN)
    }

    fn styled_line(&mut self, time: Timestamp, text: &str, style: Style) -> io::Result<()> {
        // A background process may have written since the last command.
        if std::mem::take(&mut self.open_line) {
            writeln!(self.out)?;
        }
        let time = time.to_zoned(TimeZone::UTC);
        let time = time.strftime("%Y/%m/%d %H:%M:%S.%6f");
        let dim = Style::DIM;
        writeln!(
            self.out,
            "{dim}[Container] {time}{dim:#} {style}{text}{style:#}"
        )
    }

    fn phase_started(&mut self, time: Timestamp, phase: PhaseType) -> io::Result<()> {
        match phase {
            PhaseType::DownloadSource => {
                self.line(time, "Running on CodeBuild On-demand")?;
                self.line(time, "Waiting for agent ping")?;
                self.line(time, "Waiting for DOWNLOAD_SOURCE")
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
        let color = match status {
            Status::Succeeded => AnsiColor::Green,
            Status::Failed | Status::Fault => AnsiColor::Red,
            Status::TimedOut | Status::Stopped => AnsiColor::Yellow,
        };
        let style = Style::color(color);
        self.styled_line(
            time,
            &format!("Phase complete: {phase} State: {status}"),
            style,
        )?;
        let Some(PhaseContext {
            status_code,
            message,
        }) = context
        else {
            return Ok(());
        };
        let text = format!(
            "Phase context status code: {status_code} Message: {}",
            context_message(status_code, message)
        );
        let style = if status == Status::Succeeded {
            Style::PLAIN
        } else {
            style
        };
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
                let text = Lines(&command.text, 0);
                self.line(time, &format!("Running command {text}"))
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
                    Lines(&command.text, 0)
                );
                self.styled_line(time, &text, style)
            }
        }
    }

    /// Ends a command's output with one newline, whether it ended with one or not (assumed): that
    /// gives an empty line after most output, and begins the agent's next line on a line of its own.
    fn end_output(&mut self) -> io::Result<()> {
        self.open_line = false;
        writeln!(self.out)
    }

    fn output(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.open_line = !bytes.ends_with(b"\n");
        self.out.output(bytes)
    }
}

impl<W: Write + Send> Sink for Log<W> {
    fn event(&mut self, event: &Timestamped) -> io::Result<()> {
        let time = event.time;
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
            event => agent::lines(event)
                .iter()
                .try_for_each(|text| self.line(time, text)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The message of a context, which has several lines when it quotes a command.
fn context_message(status_code: &str, message: &str) -> String {
    if status_code == COMMAND_FAILED {
        Lines(message, 0).to_string()
    } else {
        message.to_owned()
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
