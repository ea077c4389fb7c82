//! What the agent says between the commands, line by line.

use std::fmt::Write as _;

use super::cache;
use crate::event::{
    AgentEvent, ArtifactsEvent, Event, PhaseCommands, RuntimeEvent, SecondarySource, SelectedBy,
    SourceEvent, UnknownKeys,
};
use crate::terminal::Lines;

/// Returns what the agent says of an event; most often one line, or none.
pub(super) fn lines(event: &Event) -> Vec<String> {
    match event {
        Event::Source(event) => source(event),
        Event::Agent(event) => step(event),
        Event::Runtime(event) => vec![runtime(event)],
        Event::Cache(event) => cache::lines(event),
        Event::Artifacts(event) => artifacts(event),
        Event::Build(_)
        | Event::Phase(_)
        | Event::Command(_)
        | Event::Pull(_)
        | Event::Notice(_) => Vec::new(),
    }
}

fn source(event: &SourceEvent) -> Vec<String> {
    match event {
        SourceEvent::Ready {
            directory,
            secondary,
            transfer: _,
        } => {
            let secondary = secondary.iter().map(
                |SecondarySource {
                     identifier,
                     directory,
                 }| format!("CODEBUILD_SRC_DIR_{identifier}={directory}"),
            );
            let primary = format!("CODEBUILD_SRC_DIR={directory}");
            ["Phase is DOWNLOAD_SOURCE".to_owned(), primary]
                .into_iter()
                .chain(secondary)
                .collect()
        }
        SourceEvent::Failed { .. } | SourceEvent::Changed(_) => Vec::new(),
    }
}

fn step(event: &AgentEvent) -> Vec<String> {
    let line = match event {
        AgentEvent::BuildspecLocated { path } => format!("YAML location is {path}"),
        AgentEvent::UnknownKeys { sections } => unknown_keys(sections),
        AgentEvent::ShellSelected { shell } => {
            format!("Selecting shell {shell} as specified in buildspec.")
        }
        AgentEvent::HttpTimeoutRaised { source } => {
            format!("Setting HTTP client timeout to higher timeout for {source}")
        }
        AgentEvent::EnvironmentProcessed { parameter_store } => {
            return environment_processed(*parameter_store);
        }
        AgentEvent::DirectoryEntered { path } => format!("Moving to directory {path}"),
        AgentEvent::Registered { phases } => return registered(phases),
    };
    vec![line]
}

fn environment_processed(parameter_store: bool) -> Vec<String> {
    let mut lines = vec!["Processing environment variables".to_owned()];
    if parameter_store {
        lines.push("Decrypting parameter store environment variables".to_owned());
    }
    lines
}

fn registered(phases: &[PhaseCommands]) -> Vec<String> {
    let counts = phases
        .iter()
        .map(|PhaseCommands { phase, commands }| format!(" {phase}: {commands} commands"));
    [
        "Registering with agent".to_owned(),
        format!("Phases found in YAML: {}", phases.len()),
    ]
    .into_iter()
    .chain(counts)
    .collect()
}

fn unknown_keys(sections: &[UnknownKeys]) -> String {
    let newline = Lines("\n", 0);
    let mut text = "Found possible syntax errors in buildspec: ".to_owned();
    for UnknownKeys { section, keys } in sections {
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

/// The words for a runtime that another one requires are assumed.
fn runtime(event: &RuntimeEvent) -> String {
    match event {
        RuntimeEvent::Unsupported => {
            "Skipping install of runtimes. Runtime version selection is not \
                                      supported by this build image"
                .to_owned()
        }
        RuntimeEvent::NoneSelected => "No runtime version selected in buildspec.".to_owned(),
        RuntimeEvent::Resolved {
            runtime,
            alias,
            version,
        } => format!("Resolved '{runtime}' runtime alias '{alias}' to '{version}'."),
        RuntimeEvent::Selected {
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
        RuntimeEvent::Clash {
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

fn artifacts(event: &ArtifactsEvent) -> Vec<String> {
    match event {
        ArtifactsEvent::Started {
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
        ArtifactsEvent::BaseDirectoryMatched { directory } => vec![
            format!("Expanding file paths for base directory {directory}"),
            "Assembling file list".to_owned(),
        ],
        ArtifactsEvent::PatternExpanded { pattern, matches } => {
            let mut lines = vec![format!("Expanding {pattern}")];
            if *matches == 0 {
                lines.push(format!("Skipping invalid file path {pattern}"));
            }
            lines
        }
        // Without any file the phase's context says so (§1.8).
        ArtifactsEvent::FilesFound { count: 0 } | ArtifactsEvent::Placed { .. } => Vec::new(),
        ArtifactsEvent::FilesFound { count } => vec![format!("Found {count} file(s)")],
    }
}
