//! What a build does just now, and for how long, for those who show it while nothing else is shown.

use std::time::Duration;

use tokio::time::Instant;

use super::words::{place, shortened};
use crate::event::{
    AgentEvent, BuildEvent, Command, CommandEvent, Event, PhaseCommands, PhaseEvent, PullEvent,
};
use crate::phase::PhaseType;

/// What runs, as far as the events tell.
#[derive(Debug, Default)]
pub(super) struct Activity {
    start: Option<Instant>,
    phases: Vec<PhaseCommands>,
    phase: Option<(PhaseType, Instant)>,
    command: Option<(Command, Instant)>,
    /// The image that is pulled.
    pull: Option<String>,
    last_sign: Option<Instant>,
}

/// What runs at a moment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Running {
    /// The command's place, or the phase: `BUILD command 2 of 5`.
    pub(super) place: String,
    /// What runs there, where that has a name.
    pub(super) text: Option<String>,
    /// For how long it runs.
    pub(super) time: Duration,
    /// For how long the build runs.
    pub(super) total: Duration,
    /// For how long nothing has been heard of it.
    pub(super) silence: Duration,
}

impl Activity {
    /// Takes in an event that comes at `now`. Progress of a pull is no sign: it can be seen elsewhere, or
    /// is wanted nowhere.
    pub(super) fn observe(&mut self, event: &Event, now: Instant) {
        if matches!(event, Event::Pull(PullEvent::Layer { .. })) {
            return;
        }
        self.start.get_or_insert(now);
        self.last_sign = Some(now);
        match event {
            Event::Agent(AgentEvent::Registered { phases }) => self.phases.clone_from(phases),
            Event::Phase(PhaseEvent::Started { phase }) => self.phase = Some((*phase, now)),
            Event::Phase(PhaseEvent::Finished { .. }) => {
                self.phase = None;
                self.command = None;
                self.pull = None;
            }
            Event::Pull(PullEvent::Started { image, .. }) => self.pull = Some(image.clone()),
            Event::Pull(PullEvent::Finished { .. } | PullEvent::Failed) => self.pull = None,
            Event::Command(CommandEvent::Started { command }) => {
                self.command = Some((command.clone(), now));
            }
            Event::Command(
                CommandEvent::Finished { .. }
                | CommandEvent::Interrupted { .. }
                | CommandEvent::Lost { .. },
            ) => self.command = None,
            Event::Build(BuildEvent::Finished { .. }) => self.phase = None,
            _ => {}
        }
    }

    /// Whether an image is pulled.
    pub(super) fn is_pulling(&self) -> bool {
        self.pull.is_some()
    }

    /// Returns when the last event came.
    pub(super) fn last_sign(&self) -> Option<Instant> {
        self.last_sign
    }

    /// Returns what runs, if anything does.
    pub(super) fn running(&self, now: Instant) -> Option<Running> {
        let (phase, phase_start) = self.phase?;
        let since = |start: Instant| now.saturating_duration_since(start);
        let (place, text, start) = if let Some((command, start)) = &self.command {
            let text = shortened(&command.text);
            (self.numbered(command), Some(text), *start)
        } else {
            let pull = self.pull.as_ref().map(|image| format!("pulling {image}"));
            (phase.to_string(), pull, phase_start)
        };
        Some(Running {
            place,
            text,
            time: since(start),
            total: self.start.map_or(Duration::ZERO, since),
            silence: self.last_sign.map_or(Duration::ZERO, since),
        })
    }

    /// The place of a command, with the number of all commands where it is known.
    fn numbered(&self, command: &Command) -> String {
        let place = place(command);
        let mut phases = self.phases.iter();
        let of = phases.find(|of| of.phase == command.phase && !command.is_finally);
        match of {
            Some(PhaseCommands { commands, .. }) if *commands >= command.number => {
                format!("{place} of {commands}")
            }
            _ => place,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::event::Output;

    pub(in crate::sinks) fn registered(commands: usize) -> Event {
        let phase = PhaseType::Build;
        AgentEvent::Registered {
            phases: vec![PhaseCommands { phase, commands }],
        }
        .into()
    }

    pub(in crate::sinks) fn phase_started(phase: PhaseType) -> Event {
        PhaseEvent::Started { phase }.into()
    }

    pub(in crate::sinks) fn command_started(text: &str) -> Event {
        let command = Command {
            phase: PhaseType::Build,
            is_finally: false,
            number: 2,
            text: text.to_owned(),
        };
        CommandEvent::Started { command }.into()
    }

    pub(in crate::sinks) fn printed(bytes: &'static [u8]) -> Event {
        let bytes = bytes.into();
        CommandEvent::Output(Output { bytes }).into()
    }

    #[test]
    fn what_runs_is_a_command_or_else_the_phase() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut activity = Activity::default();
        assert_eq!(activity.running(start), None);
        activity.observe(&phase_started(PhaseType::Provisioning), at(0));
        let running = |activity: &Activity, now| {
            let running = activity.running(at(now)).unwrap();
            (
                running.place,
                running.text,
                running.time.as_secs(),
                running.total.as_secs(),
                running.silence.as_secs(),
            )
        };
        let provisioning = PhaseType::Provisioning.to_string();
        assert_eq!(running(&activity, 2), (provisioning, None, 2, 2, 2));
        activity.observe(&registered(5), at(3));
        activity.observe(&phase_started(PhaseType::Build), at(4));
        activity.observe(&command_started("npm ci\nnpm test"), at(5));
        activity.observe(&printed(b"x"), at(6));
        assert_eq!(
            running(&activity, 9),
            (
                "BUILD command 2 of 5".to_owned(),
                Some("npm ci …".to_owned()),
                4,
                9,
                3
            )
        );
    }
}
