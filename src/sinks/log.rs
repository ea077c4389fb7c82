//! The log that CodeBuild would have written, to the byte (contract §4.2 to §4.5).

use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::AnsiColor;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Sink, cache};
use crate::event::{Event, RuntimeChoice, SelectedBy, Timestamped};
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
        if !matches!(event.event, Event::Output { .. }) {
            self.out.end_output()?;
        }
        match &event.event {
            Event::PhaseStarted { phase } => self.phase_started(time, *phase),
            Event::PhaseFinished {
                phase,
                status,
                context,
            } => self.phase_finished(time, *phase, *status, context.as_ref()),
            Event::SourceFailed { context } => {
                self.agent_is_silent = true;
                // The one line of the log that is not the agent's (§2.5).
                let PhaseContext {
                    status_code,
                    message,
                } = context;
                writeln!(self.out, "{status_code}: {message}")
            }
            Event::Output { bytes } => self.output(bytes),
            Event::CommandInterrupted => self.end_output(),
            Event::CommandFinished { text, exit_status } => {
                self.end_output()?;
                if *exit_status == 0 {
                    return Ok(());
                }
                let style = Style::color(AnsiColor::Red);
                let text = format!(
                    "Command did not exit successfully {} exit status {exit_status}",
                    Lines(text, 0)
                );
                self.styled_line(time, &text, style)
            }
            // Others speak of these elsewhere; what was logged before must be seen before.
            Event::ImagePull(_)
            | Event::Stopping { .. }
            | Event::Warning { .. }
            | Event::Hint { .. }
            | Event::VariablesExported { .. }
            | Event::BuildFinished { .. } => self.out.flush(),
            event => agent_lines(event)
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

/// What the agent says of an event, line by line.
fn agent_lines(event: &Event) -> Vec<String> {
    match event {
        Event::SourceReady {
            directory,
            secondary,
            transfer: _,
        } => ["Phase is DOWNLOAD_SOURCE".to_owned(), format!("CODEBUILD_SRC_DIR={directory}")]
            .into_iter()
            .chain(
                secondary
                    .iter()
                    .map(|(identifier, directory)| format!("CODEBUILD_SRC_DIR_{identifier}={directory}")),
            )
            .collect(),
        Event::BuildspecLocated { path } => vec![format!("YAML location is {path}")],
        Event::UnknownKeys { sections } => vec![unknown_keys(sections)],
        Event::ShellSelected { shell } => {
            vec![format!("Selecting shell {shell} as specified in buildspec.")]
        }
        Event::HttpTimeoutRaised { source } => vec![format!(
            "Setting HTTP client timeout to higher timeout for {source}"
        )],
        Event::EnvironmentProcessed { parameter_store } => {
            let mut lines = vec!["Processing environment variables".to_owned()];
            if *parameter_store {
                lines.push("Decrypting parameter store environment variables".to_owned());
            }
            lines
        }
        Event::RuntimesUnsupported => vec![
            "Skipping install of runtimes. Runtime version selection is not supported by this build image"
                .to_owned(),
        ],
        Event::NoRuntimeSelected => vec!["No runtime version selected in buildspec.".to_owned()],
        Event::Runtime(choice) => vec![runtime(choice)],
        Event::DirectoryEntered { path } => vec![format!("Moving to directory {path}")],
        Event::CacheExpanded { paths } => cache::expanded(paths.as_deref()),
        Event::Cache(event) => cache::lines(event),
        Event::AgentRegistered { phases } => [
            "Registering with agent".to_owned(),
            format!("Phases found in YAML: {}", phases.len()),
        ]
        .into_iter()
        .chain(
            phases
                .iter()
                .map(|(phase, commands)| format!(" {phase}: {commands} commands")),
        )
        .collect(),
        Event::CommandMocked => vec!["Mocked: the command did not run".to_owned()],
        Event::CommandStarted { text, .. } => vec![format!("Running command {}", Lines(text, 0))],
        // What the agent says of a retry is not known (§10): these words are assumed.
        Event::PhaseRetried {
            phase,
            retry,
            count,
        } => vec![format!("Retrying phase {phase} (retry {retry} of {count})")],
        Event::ArtifactsStarted {
            identifier,
            base_directory,
        } => identifier
            .iter()
            .map(|identifier| format!("Preparing to copy secondary artifacts {identifier}"))
            .chain([
                format!("Expanding base directory path: {base_directory}"),
                "Assembling file list".to_owned(),
                format!("Expanding {base_directory}"),
            ])
            .collect(),
        Event::BaseDirectoryMatched { directory } => vec![
            format!("Expanding file paths for base directory {directory}"),
            "Assembling file list".to_owned(),
        ],
        Event::PatternExpanded { pattern, matches } => {
            let mut lines = vec![format!("Expanding {pattern}")];
            if *matches == 0 {
                lines.push(format!("Skipping invalid file path {pattern}"));
            }
            lines
        }
        // Without any file the phase's context says so (§1.8).
        Event::FilesFound { count: 0 } => Vec::new(),
        Event::FilesFound { count } => vec![format!("Found {count} file(s)")],
        Event::BuildStarted(_)
        | Event::ArtifactsPlaced { .. }
        | Event::PhaseStarted { .. }
        | Event::PhaseFinished { .. }
        | Event::SecretsResolved { .. }
        | Event::SourceFailed { .. }
        | Event::ImagePull(_)
        | Event::Stopping { .. }
        | Event::Output { .. }
        | Event::CommandFinished { .. }
        | Event::CommandInterrupted
        | Event::OutOfMemory { .. }
        | Event::SourceChanged(_)
        | Event::Warning { .. }
        | Event::Hint { .. }
        | Event::VariablesExported { .. }
        | Event::BuildFinished { .. } => Vec::new(),
    }
}

/// The words for a runtime that another one requires are assumed.
fn runtime(choice: &RuntimeChoice) -> String {
    match choice {
        RuntimeChoice::Resolved {
            runtime,
            alias,
            version,
        } => format!("Resolved '{runtime}' runtime alias '{alias}' to '{version}'."),
        RuntimeChoice::Selected {
            runtime,
            version,
            by,
        } => {
            let reason = match by {
                SelectedBy::Buildspec => "manual selections",
                SelectedBy::Dependency => "runtime dependencies",
            };
            format!("Selecting '{runtime}' runtime version '{version}' based on {reason}...")
        }
        RuntimeChoice::Clash {
            runtime,
            version,
            other,
            selected,
        } => format!(
            "Runtime '{runtime}' version '{version}' has a dependency on runtime '{other}', but \
             '{other}' version '{selected}' has already been manually selected. Not attempting to \
             override."
        ),
    }
}

fn unknown_keys(sections: &[(String, Vec<String>)]) -> String {
    let newline = Lines("\n", 0);
    let mut text = "Found possible syntax errors in buildspec: ".to_owned();
    for (section, keys) in sections {
        // The keys are somebody's texts: their newlines are no new lines.
        // Writing to a `String` does not fail.
        let _ = write!(
            text,
            "{newline}In the section {section}{newline}\tThe following keys cannot be identified:"
        );
        for key in keys {
            let _ = write!(text, "{newline}\t\t{key}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let text = written(&[Event::DirectoryEntered { path: "/x".into() }]);
        assert_eq!(
            text,
            "[Container] 2023/11/14 22:13:20.000042 Moving to directory /x\n"
        );
    }

    #[test]
    fn a_failing_block_breaks_its_line_before_the_tail() {
        let block = "if true; then\n  false\nfi\n";
        let text = written(&[
            Event::CommandStarted {
                text: block.into(),
                number: 1,
            },
            Event::Output {
                bytes: "out\n".into(),
            },
            Event::CommandFinished {
                text: block.into(),
                exit_status: 1,
            },
        ]);
        assert_eq!(
            undated(&text),
            "> Running command if true; then\n  false\nfi\n\nout\n\n> Command did not exit successfully if true; then\n  false\nfi\n exit status 1\n"
        );
    }

    #[test]
    fn an_empty_context_has_two_blanks_and_one_at_the_end() {
        let text = written(&[Event::PhaseFinished {
            phase: PhaseType::Install,
            status: Status::Succeeded,
            context: Some(PhaseContext::default()),
        }]);
        assert_eq!(
            undated(&text),
            "> Phase complete: INSTALL State: SUCCEEDED\n> Phase context status code:  Message: \n"
        );
    }

    #[test]
    fn unknown_keys_are_indented_with_tabs() {
        let text = written(&[Event::UnknownKeys {
            sections: vec![("BUILD".into(), vec!["comands".into(), "foo".into()])],
        }]);
        assert_eq!(
            undated(&text),
            "> Found possible syntax errors in buildspec: \nIn the section BUILD\n\tThe following keys cannot be identified:\n\t\tcomands\n\t\tfoo\n"
        );
    }

    #[test]
    fn output_passes_unchanged_unless_a_terminal_reads_it() {
        let output = [Event::Output {
            bytes: "\x1b]0;title\x07\x1b[31mred".into(),
        }];
        assert_eq!(written(&output), "\x1b]0;title\x07\x1b[31mred");
        let screen = |bytes| Out::screen(bytes, false);
        assert_eq!(written_to(screen, &output), "^[]0;title^G\x1b[31mred");
    }

    #[test]
    fn output_hides_nothing_that_the_agent_says_behind_it() {
        let events = [
            Event::Output {
                bytes: b"\x1b[8mhidden \xc3".as_slice().into(),
            },
            Event::DirectoryEntered {
                path: "/x\x1b[8m".into(),
            },
        ];
        let screen = |bytes| Out::screen(bytes, false);
        assert_eq!(
            undated(&written_to(screen, &events)),
            "\x1b[8mhidden <c3>\x1b[0m\n> Moving to directory /x^[[8m\n"
        );
    }
}
