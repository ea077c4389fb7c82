//! Events as JSON, one a line.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Sink, cache, pull};
use crate::event::{Event, RuntimeChoice, SelectedBy, Timestamped, Transferred};
use crate::phase::PhaseType;
use crate::terminal::Out;

/// The longest piece of output that waits for its newline.
const LONGEST_LINE: usize = 64 * 1024;

/// Writes every event as one JSON object with its `time` and its name as `event`.
///
/// Output comes one event a line, in `text`, newline included: joined, the texts are the output.
pub struct JsonLines<W: Write> {
    out: Out<W>,
    partial: Vec<u8>,
}

impl<W: Write> std::fmt::Debug for JsonLines<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JsonLines").finish_non_exhaustive()
    }
}

impl<W: Write> JsonLines<W> {
    /// Makes a sink that writes to `out`.
    pub fn new(out: Out<W>) -> Self {
        Self {
            out,
            partial: Vec::new(),
        }
    }

    fn write(&mut self, event: &Timestamped, name: &str, mut fields: Value) -> io::Result<()> {
        if let Value::Object(fields) = &mut fields {
            fields.insert("time".to_owned(), json!(event.time.to_string()));
            fields.insert("event".to_owned(), json!(name));
        }
        let mut text = serde_json::to_string(&fields)?;
        text.push('\n');
        self.out.json(&text)
    }

    fn output(&mut self, event: &Timestamped, bytes: &[u8]) -> io::Result<()> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.end_line(event)?;
            } else if self.partial.len() >= LONGEST_LINE {
                let begun = self.partial.split_off(whole_characters(&self.partial));
                self.end_line(event)?;
                self.partial = begun;
            }
        }
        Ok(())
    }

    fn end_line(&mut self, event: &Timestamped) -> io::Result<()> {
        if self.partial.is_empty() {
            return Ok(());
        }
        let line = std::mem::take(&mut self.partial);
        let text = String::from_utf8_lossy(&line);
        self.write(event, "output", json!({ "text": text }))?;
        self.partial = line;
        self.partial.clear();
        Ok(())
    }
}

impl<W: Write + Send> Sink for JsonLines<W> {
    fn event(&mut self, event: &Timestamped) -> io::Result<()> {
        if let Event::Output { bytes } = &event.event {
            return self.output(event, bytes);
        }
        self.end_line(event)?;
        let (name, fields) = match &event.event {
            Event::Output { .. } | Event::SecretsResolved { .. } => return Ok(()),
            Event::BuildStarted(identity) => ("build-started", json!({ "build": identity })),
            Event::PhaseStarted { phase } => ("phase-started", json!({ "phase": phase })),
            Event::PhaseFinished {
                phase,
                status,
                context,
            } => (
                "phase-finished",
                json!({ "phase": phase, "status": status, "context": context }),
            ),
            Event::PhaseRetried {
                phase,
                retry,
                count,
            } => retried(*phase, *retry, *count),
            Event::ImagePull(event) => pull::json(event),
            Event::VariablesExported { variables } => {
                ("variables-exported", json!({ "variables": map(variables) }))
            }
            Event::SourceFailed { context } => ("source-failed", json!({ "context": context })),
            Event::SourceReady {
                directory,
                secondary,
                transfer,
            } => source_ready(directory, secondary, transfer),
            Event::BuildspecLocated { path } => ("buildspec-located", json!({ "path": path })),
            Event::UnknownKeys { sections } => {
                ("unknown-keys", json!({ "sections": map(sections) }))
            }
            Event::ShellSelected { shell } => ("shell-selected", json!({ "shell": shell })),
            Event::HttpTimeoutRaised { source } => {
                ("http-timeout-raised", json!({ "source": source }))
            }
            Event::EnvironmentProcessed { parameter_store } => (
                "environment-processed",
                json!({ "parameterStore": parameter_store }),
            ),
            Event::RuntimesUnsupported => ("runtimes-unsupported", json!({})),
            Event::NoRuntimeSelected => ("no-runtime-selected", json!({})),
            Event::Runtime(choice) => runtime(choice),
            Event::DirectoryEntered { path } => ("directory-entered", json!({ "path": path })),
            Event::CacheExpanded { paths } => ("cache-expanded", json!({ "paths": paths })),
            Event::Cache(event) => cache::json(event),
            Event::AgentRegistered { phases } => ("agent-registered", registered(phases)),
            Event::CommandStarted { text, number } => (
                "command-started",
                json!({ "command": text, "number": number }),
            ),
            Event::CommandMocked => ("command-mocked", json!({})),
            Event::CommandFinished { text, exit_status } => (
                "command-finished",
                json!({ "command": text, "exitStatus": exit_status }),
            ),
            Event::Stopping { grace } => {
                ("stopping", json!({ "graceSeconds": grace.as_secs_f64() }))
            }
            Event::OutOfMemory { limit } => ("out-of-memory", json!({ "limit": limit })),
            Event::CommandInterrupted => ("command-interrupted", json!({})),
            Event::ArtifactsStarted {
                identifier,
                base_directory,
            } => (
                "artifacts-started",
                json!({ "identifier": identifier, "baseDirectory": base_directory }),
            ),
            Event::BaseDirectoryMatched { directory } => {
                ("base-directory-matched", json!({ "directory": directory }))
            }
            Event::PatternExpanded { pattern, matches } => (
                "pattern-expanded",
                json!({ "pattern": pattern, "matches": matches }),
            ),
            Event::FilesFound { count } => ("files-found", json!({ "count": count })),
            Event::ArtifactsPlaced {
                identifier,
                location,
                sums,
                ..
            } => (
                "artifacts-placed",
                placed(identifier.as_deref(), location, sums.as_ref()),
            ),
            Event::SourceChanged(changes) => ("source-changed", json!(changes)),
            Event::Warning { message } => ("warning", json!({ "message": message })),
            Event::Hint { message } => ("hint", json!({ "message": message })),
            Event::BuildFinished { status } => ("build-finished", json!({ "status": status })),
        };
        self.write(event, name, fields)?;
        match event.event {
            // Others speak of these elsewhere; what was written before must be seen before.
            Event::Warning { .. } | Event::BuildFinished { .. } => self.out.flush(),
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn retried(phase: PhaseType, retry: u8, count: u8) -> (&'static str, Value) {
    (
        "phase-retried",
        json!({ "phase": phase, "retry": retry, "count": count }),
    )
}

fn registered(phases: &[(PhaseType, usize)]) -> Value {
    json!({
        "phases": phases
            .iter()
            .map(|(phase, commands)| json!({ "phase": phase, "commands": commands }))
            .collect::<Vec<_>>()
    })
}

fn placed(identifier: Option<&str>, location: &str, sums: Option<&(String, String)>) -> Value {
    json!({
        "identifier": identifier,
        "location": location,
        "sha256sum": sums.map(|(sha256, _)| sha256),
        "md5sum": sums.map(|(_, md5)| md5),
    })
}

fn source_ready(
    directory: &str,
    secondary: &[(String, String)],
    transfer: &[Transferred],
) -> (&'static str, Value) {
    let fields = json!({
        "directory": directory,
        "secondary": map(secondary),
        "transfer": transfer,
    });
    ("source-ready", fields)
}

fn runtime(choice: &RuntimeChoice) -> (&'static str, Value) {
    match choice {
        RuntimeChoice::Resolved {
            runtime,
            alias,
            version,
        } => (
            "runtime-resolved",
            json!({ "runtime": runtime, "alias": alias, "version": version }),
        ),
        RuntimeChoice::Selected {
            runtime,
            version,
            by,
        } => {
            let by = match by {
                SelectedBy::Buildspec => "buildspec",
                SelectedBy::Dependency => "dependency",
            };
            (
                "runtime-selected",
                json!({ "runtime": runtime, "version": version, "by": by }),
            )
        }
        RuntimeChoice::Clash {
            runtime,
            version,
            other,
            selected,
        } => (
            "runtime-clash",
            json!({
                "runtime": runtime,
                "version": version,
                "other": other,
                "selected": selected,
            }),
        ),
    }
}

/// The length of what does not end in the middle of a character.
fn whole_characters(bytes: &[u8]) -> usize {
    let longest_begun = 3.min(bytes.len());
    (1..=longest_begun)
        .map(|back| bytes.len() - back)
        .find(|start| bytes[*start] >= 0xc0)
        .filter(|start| std::str::from_utf8(&bytes[*start..]).is_err())
        .unwrap_or(bytes.len())
}

fn map<T: serde::Serialize>(pairs: &[(String, T)]) -> Value {
    pairs
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn output_comes_line_by_line_however_it_is_cut() {
        let text = "one\ntwo é\nthree";
        for cut in 0..text.len() {
            let mut bytes = Vec::new();
            let mut sink = JsonLines::new(Out::file(&mut bytes));
            let chunks = [&text.as_bytes()[..cut], &text.as_bytes()[cut..]];
            let events = chunks
                .map(|chunk| Event::Output {
                    bytes: bytes::Bytes::copy_from_slice(chunk),
                })
                .into_iter()
                .chain([Event::CommandInterrupted]);
            for event in events {
                let time = Timestamp::UNIX_EPOCH;
                sink.event(&Timestamped { time, event }).unwrap();
            }
            sink.flush().unwrap();
            drop(sink);
            let lines: Vec<Value> = String::from_utf8(bytes)
                .unwrap()
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect();
            let texts: Vec<_> = lines
                .iter()
                .filter_map(|line| line["text"].as_str())
                .collect();
            assert_eq!(texts, ["one\n", "two é\n", "three"], "cut at {cut}");
            assert_eq!(lines[3]["event"], "command-interrupted");
        }
    }
}
