//! Masks everything that leaves: the one place between what happens and those who show it.

use std::borrow::Cow;
use std::io;

use super::{cache, pull};
use crate::event::{BuildIdentity, Event, RuntimeChoice, Timestamped};
use crate::mask::{MaskStream, Masker};

/// Hands events on without the secrets in them. Until there are any, events are handed on as they
/// are.
#[derive(Debug, Default)]
pub(super) struct Masking {
    secrets: Option<(Masker, MaskStream)>,
}

impl Masking {
    /// Takes the next event and shows what may be seen.
    ///
    /// Output that may be the beginning of a secret waits for what follows it. Any other event ends
    /// the waiting, but for one that comes in the midst of a command's output.
    pub(super) fn pass(
        &mut self,
        mut event: Timestamped,
        mut show: impl FnMut(&Timestamped) -> io::Result<()>,
    ) -> io::Result<()> {
        if let Some((masker, stream)) = &mut self.secrets {
            let time = event.time;
            let waited = match &mut event.event {
                Event::Output { bytes } => {
                    *bytes = stream.push(std::mem::take(bytes));
                    if bytes.is_empty() {
                        return Ok(());
                    }
                    return show(&event);
                }
                Event::Stopping { .. } => return show(&event),
                other => {
                    mask(other, masker);
                    stream.finish()
                }
            };
            if !waited.is_empty() {
                let event = Event::Output { bytes: waited };
                show(&Timestamped { time, event })?;
            }
        }
        if let Event::SecretsResolved { masker } = event.event {
            let stream = masker.stream();
            self.secrets = Some((masker, stream));
            return Ok(());
        }
        show(&event)
    }
}

/// Masks every text of an event but output, which is a stream.
fn mask(event: &mut Event, masker: &Masker) {
    let text = |text: &mut String| masked(text, masker);
    match event {
        Event::BuildStarted(identity) => mask_identity(identity, masker),
        Event::PhaseFinished { context, .. } => {
            if let Some(context) = context {
                text(&mut context.status_code);
                text(&mut context.message);
            }
        }
        Event::SourceFailed { context } => {
            text(&mut context.status_code);
            text(&mut context.message);
        }
        Event::ImagePull(event) => pull::texts(event).into_iter().for_each(text),
        Event::BuildspecLocated { path: it }
        | Event::ShellSelected { shell: it }
        | Event::DirectoryEntered { path: it }
        | Event::CommandStarted { text: it, .. }
        | Event::CommandFinished { text: it, .. }
        | Event::BaseDirectoryMatched { directory: it }
        | Event::PatternExpanded { pattern: it, .. }
        | Event::Warning { message: it }
        | Event::Hint { message: it } => text(it),
        Event::SourceReady {
            directory,
            secondary,
            transfer,
        } => {
            text(directory);
            pairs(secondary, masker);
            for transferred in transfer {
                text(&mut transferred.directory);
                transferred.reason.iter_mut().for_each(text);
            }
        }
        Event::SourceChanged(source) => {
            source.identifier.iter_mut().for_each(text);
            text(&mut source.directory);
            source.problems.iter_mut().for_each(text);
            for change in source.changes.iter_mut().flatten() {
                text(&mut change.path);
            }
        }
        Event::UnknownKeys { sections } => {
            for (section, keys) in sections {
                text(section);
                keys.iter_mut().for_each(text);
            }
        }
        Event::Runtime(choice) => mask_runtime(choice, masker),
        Event::CacheExpanded { paths } => paths.iter_mut().flatten().for_each(text),
        Event::Cache(event) => cache::texts(event).into_iter().for_each(text),
        Event::VariablesExported { variables } => pairs(variables, masker),
        Event::ArtifactsStarted {
            identifier,
            base_directory,
        } => {
            identifier.iter_mut().for_each(text);
            text(base_directory);
        }
        Event::ArtifactsPlaced {
            identifier,
            location,
            override_name: _,
            sums: _,
        } => {
            identifier.iter_mut().for_each(text);
            text(location);
        }
        Event::PhaseStarted { .. }
        | Event::PhaseRetried { .. }
        | Event::HttpTimeoutRaised { .. }
        | Event::EnvironmentProcessed { .. }
        | Event::SecretsResolved { .. }
        | Event::RuntimesUnsupported
        | Event::NoRuntimeSelected
        | Event::AgentRegistered { .. }
        | Event::CommandMocked
        | Event::Output { .. }
        | Event::Stopping { .. }
        | Event::OutOfMemory { .. }
        | Event::CommandInterrupted
        | Event::FilesFound { .. }
        | Event::BuildFinished { .. } => {}
    }
}

fn mask_identity(identity: &mut BuildIdentity, masker: &Masker) {
    let BuildIdentity {
        id,
        arn,
        project_name,
        build_number: _,
        initiator,
        source_type: _,
        source_location,
        source_version,
        resolved_source_version,
        image,
        environment_type: _,
        compute_type: _,
        certificate,
        file_system_locations,
        privileged: _,
        timeout_in_minutes: _,
    } = identity;
    [id, arn, project_name, initiator, source_location, image]
        .into_iter()
        .chain(source_version)
        .chain(resolved_source_version)
        .chain(certificate)
        .chain(file_system_locations.iter_mut().flat_map(|location| {
            [
                &mut location.identifier,
                &mut location.location,
                &mut location.mount_point,
            ]
        }))
        .for_each(|text| masked(text, masker));
}

fn mask_runtime(choice: &mut RuntimeChoice, masker: &Masker) {
    let text = |text: &mut String| masked(text, masker);
    match choice {
        RuntimeChoice::Resolved {
            runtime,
            alias,
            version,
        } => [runtime, alias, version].into_iter().for_each(text),
        RuntimeChoice::Selected {
            runtime,
            version,
            by: _,
        } => [runtime, version].into_iter().for_each(text),
        RuntimeChoice::Clash {
            runtime,
            version,
            other,
            selected,
        } => [runtime, version, other, selected]
            .into_iter()
            .for_each(text),
    }
}

fn pairs(pairs: &mut [(String, String)], masker: &Masker) {
    for (name, value) in pairs {
        masked(name, masker);
        masked(value, masker);
    }
}

fn masked(text: &mut String, masker: &Masker) {
    if let Cow::Owned(masked) = masker.mask(text) {
        *text = masked;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use jiff::Timestamp;

    use super::*;
    use crate::event::{
        CacheEvent, CacheFound, CacheRestored, Change, ChangeKind, LayerProgress, PullEvent,
        SourceChanges, Transferred, Way,
    };
    use crate::phase::{PhaseContext, PhaseType, Status};

    fn passed(events: Vec<Event>) -> Vec<Event> {
        let mut masking = Masking::default();
        let mut shown = Vec::new();
        for event in events {
            let time = Timestamp::UNIX_EPOCH;
            masking
                .pass(Timestamped { time, event }, |event| {
                    shown.push(event.event.clone());
                    Ok(())
                })
                .unwrap();
        }
        shown
    }

    fn resolved() -> Event {
        Event::SecretsResolved {
            masker: Masker::new(["hunter2"]),
        }
    }

    fn output(text: &str) -> Event {
        Event::Output {
            bytes: Bytes::copy_from_slice(text.as_bytes()),
        }
    }

    /// Names of events, and output as text.
    fn told(events: &[Event]) -> Vec<String> {
        events
            .iter()
            .map(|event| match event {
                Event::Output { bytes } => String::from_utf8_lossy(bytes).into_owned(),
                other => format!("{other:?}")
                    .split([' ', '('])
                    .next()
                    .unwrap()
                    .to_owned(),
            })
            .collect()
    }

    #[test]
    fn output_that_waits_is_shown_before_what_ends_it() {
        let grace = Duration::from_secs(1);
        let shown = passed(vec![
            output("hunter2 "),
            resolved(),
            output("a hun"),
            Event::Stopping { grace },
            output("ter2 hu"),
            Event::CommandInterrupted,
            output("nter2"),
        ]);
        assert_eq!(
            told(&shown),
            [
                "hunter2 ",
                "a ",
                "Stopping",
                "*** ",
                "hu",
                "CommandInterrupted",
                "nter2"
            ]
        );
    }

    #[test]
    fn an_event_that_is_nothing_but_the_beginning_of_a_secret_is_not_shown() {
        let shown = passed(vec![resolved(), output("hun"), output("ter2")]);
        assert_eq!(told(&shown), ["***"]);
    }

    fn cache_events(it: fn() -> String) -> Vec<Event> {
        vec![
            Event::Cache(CacheEvent::EntrySkipped { path: it() }),
            Event::Cache(CacheEvent::DirectoryMade { path: it() }),
            Event::Cache(CacheEvent::Linked {
                path: it(),
                target: it(),
            }),
            Event::Cache(CacheEvent::NotDirectory { path: it() }),
            Event::Cache(CacheEvent::Restored(CacheRestored {
                key: Some(it()),
                found: CacheFound::Fallback { key: it() },
                size: 0,
            })),
        ]
    }

    fn pull_events(it: fn() -> String) -> [Event; 4] {
        [
            PullEvent::Started {
                image: it(),
                platform: Some(it()),
            },
            PullEvent::Layer {
                layer: it(),
                progress: LayerProgress::Waiting,
            },
            PullEvent::Again { reason: it() },
            PullEvent::Finished {
                image: it(),
                size: 0,
            },
        ]
        .map(Event::ImagePull)
    }

    fn identity(it: fn() -> String) -> BuildIdentity {
        BuildIdentity {
            id: it(),
            arn: it(),
            project_name: it(),
            build_number: 1,
            initiator: it(),
            source_type: "S3",
            source_location: it(),
            source_version: Some(it()),
            resolved_source_version: Some(it()),
            image: it(),
            environment_type: "LINUX_CONTAINER",
            compute_type: None,
            certificate: Some(it()),
            file_system_locations: vec![crate::event::FileSystemLocation {
                kind: "EFS",
                identifier: it(),
                location: it(),
                mount_point: it(),
            }],
            privileged: false,
            timeout_in_minutes: 60,
        }
    }

    #[test]
    fn no_text_of_any_event_is_left_out() {
        let it: fn() -> String = || "a hunter2 b".to_owned();
        let list = || vec![(it(), it())];
        let events = vec![
            Event::BuildStarted(Box::new(identity(it))),
            Event::PhaseFinished {
                phase: PhaseType::Build,
                status: Status::Failed,
                context: Some(PhaseContext::new("hunter2", it())),
            },
            Event::SourceFailed {
                context: PhaseContext::new("hunter2", it()),
            },
            Event::SourceReady {
                directory: it(),
                secondary: list(),
                transfer: vec![Transferred {
                    directory: it(),
                    way: Way::Tar,
                    reason: Some(it()),
                }],
            },
            Event::BuildspecLocated { path: it() },
            Event::UnknownKeys {
                sections: vec![(it(), vec![it(), it()])],
            },
            Event::ShellSelected { shell: it() },
            Event::Runtime(RuntimeChoice::Resolved {
                runtime: it(),
                alias: it(),
                version: it(),
            }),
            Event::Runtime(RuntimeChoice::Clash {
                runtime: it(),
                version: it(),
                other: it(),
                selected: it(),
            }),
            Event::DirectoryEntered { path: it() },
            Event::CacheExpanded {
                paths: Some(vec![it(), it()]),
            },
            Event::CommandStarted {
                text: it(),
                number: 1,
            },
            Event::CommandFinished {
                text: it(),
                exit_status: 1,
            },
            Event::VariablesExported { variables: list() },
            Event::ArtifactsStarted {
                identifier: Some(it()),
                base_directory: it(),
            },
            Event::BaseDirectoryMatched { directory: it() },
            Event::PatternExpanded {
                pattern: it(),
                matches: 1,
            },
            Event::SourceChanged(SourceChanges {
                identifier: Some(it()),
                directory: it(),
                changes: Some(vec![Change {
                    kind: ChangeKind::Added,
                    path: it(),
                }]),
                problems: vec![it()],
            }),
            Event::Warning { message: it() },
            Event::Hint { message: it() },
        ];
        let events = events.into_iter().chain(cache_events(it));
        let events = events.chain(pull_events(it));
        let events: Vec<Event> = std::iter::once(resolved()).chain(events).collect();
        let count = events.len() - 1;
        let shown = passed(events);
        assert_eq!(shown.len(), count);
        for event in shown {
            let text = format!("{event:?}");
            assert!(!text.contains("hunter2"), "{text}");
            assert!(text.contains("***"), "{text}");
        }
    }
}
