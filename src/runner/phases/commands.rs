//! Command phases: INSTALL, PRE_BUILD, BUILD and POST_BUILD (contract §1.5, §1.6).

use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use crate::buildspec::Version;
use crate::channel::EventSender;
use crate::engine::Engine;
use crate::event::{Command, CommandEvent, Notice, PhaseEvent};
use crate::phase::{PhaseContext, PhaseType};
use crate::plan::retry::Retries;
use crate::plan::{Revision, Transfer};
use crate::runner::CancelReason;
use crate::runner::container::driver::{Aside, Driver, DriverError};
use crate::runner::container::memory::{CommandEnd, name_reason};
use crate::runner::container::program::Program;
use crate::runner::container::tail::Tail;
use crate::runner::debugger::{Cause, DebugAction};
use crate::runner::ended::Ended;
use crate::runner::interruption::Interruption;
use crate::runner::live::Live;
use crate::runner::phases::command_position::CommandPosition;

/// The worker's function for a command that hands its directory and variables on.
pub(in crate::runner) const RUN: &str = "cobuild_run";

/// The answer of the driver when a command waits at a `codebuild-breakpoint`.
const BREAKPOINT: &str = "breakpoint";

/// The pause between two checks for processes that were asked to end.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Why a phase failed.
#[derive(Debug)]
struct CommandFailure {
    /// The context in the words of the cloud.
    context: PhaseContext,
    out_of_memory: bool,
    printed: Vec<u8>,
}

impl CommandFailure {
    /// Returns the context, with the lack of memory named.
    fn named(mut self) -> PhaseContext {
        if self.out_of_memory {
            name_reason(&mut self.context);
        }
        self.context
    }

    /// The text that decides whether the phase is run again.
    fn text(&self) -> Vec<u8> {
        let message = self.context.message.as_bytes();
        [message, b"\n", &self.printed].concat()
    }
}

impl<E: Engine> Live<'_, E> {
    /// Runs a phase, with the retries of its `on-failure`.
    pub(in crate::runner) async fn command_phase(
        &mut self,
        phase: PhaseType,
    ) -> Result<Ended, Interruption> {
        self.tell_left_out(phase).await;
        let planned = self.phases.iter().find(|planned| planned.phase == phase);
        let Some(planned) = planned.filter(|planned| planned.running().next().is_some()) else {
            return Ok(Ended::succeeded());
        };
        let user = planned.user.clone();
        let mut retries = Retries::of(&planned.on_failure);
        if let Some(failure) = self.become_user(&user).await? {
            return Ok(Ended::failed(failure));
        }
        self.carried.printed = Tail::new(retries.output_limit());
        let succeeding = self.carried.succeeding;
        while let Some(failure) = self.attempt(phase).await? {
            let retry = retries.after(&failure.text()).filter(|_| !self.is_kept);
            let Some(retry) = retry else {
                return Ok(Ended::failed(failure.named()));
            };
            self.carried.succeeding = succeeding;
            self.run
                .events
                .emit(PhaseEvent::Retried {
                    phase,
                    retry: retry.number,
                    count: retry.count,
                })
                .await;
        }
        Ok(Ended::succeeded())
    }

    /// Says what of a phase does not run.
    async fn tell_left_out(&self, phase: PhaseType) {
        let events = self.run.events;
        if self.run.plan.part.leaves_out(phase) {
            events.emit(PhaseEvent::LeftOut { phase }).await;
        }
        let Some(planned) = self.phases.iter().find(|planned| planned.phase == phase) else {
            return;
        };
        let finally = planned.finally.iter().filter(|_| planned.finally_left_out);
        let lists = [
            (
                false,
                planned
                    .commands
                    .iter()
                    .take(planned.left_out)
                    .collect::<Vec<_>>(),
            ),
            (true, finally.collect()),
        ];
        for (is_finally, list) in lists {
            for (number, text) in (1..).zip(list) {
                let place = CommandPosition {
                    phase,
                    is_finally,
                    number,
                };
                let command = place.command(text);
                events.emit(CommandEvent::LeftOut { command }).await;
            }
        }
    }

    /// Runs `commands` up to the first that fails, then `finally` up to the first that fails
    /// (the latter assumed); the attempt succeeds when all of both do.
    async fn attempt(&mut self, phase: PhaseType) -> Result<Option<CommandFailure>, Interruption> {
        let failure = self.commands(phase, false).await?;
        if self.is_kept {
            return Ok(failure);
        }
        // Whether `finally` sees the failure of its own phase is not known; assumed that it does.
        let failure_of_finally = self.commands(phase, true).await?;
        Ok(failure.or(failure_of_finally))
    }

    /// Runs the following commands as `user`, who gets write access to the source trees; returns
    /// the context of a failure. `HOME` stays `/root`, as public buildspecs show.
    async fn become_user(&mut self, user: &str) -> Result<Option<PhaseContext>, Interruption> {
        if self.carried.user == user {
            return Ok(None);
        }
        let mut words = vec![user];
        let mut program = Program::default();
        // The owners of mounted trees do not change.
        if self.run.plan.transfer != Transfer::Mount && user != "root" {
            for directory in self.run.plan.directories() {
                program.trust(Path::new(directory));
                words.push(directory);
            }
        }
        // What lies in a local cache is the user's as the source is (assumed).
        if user != "root"
            && let Some(caching) = &self.caching
        {
            words.extend(caching.linked());
        }
        program.call("cobuild_as", &words);
        self.send(program.text()).await?;
        let message = match self.answer(&mut Tail::new(0)).await?.as_str() {
            "ready" => {
                user.clone_into(&mut self.carried.user);
                return Ok(None);
            }
            "unknown" => format!("run-as: user {user} does not exist in the build image"),
            _ => format!(
                "run-as: the build image has none of setpriv, chroot and su to become user {user}"
            ),
        };
        Ok(Some(PhaseContext::new("CLIENT_ERROR", message)))
    }

    /// Runs the selected `commands` of a phase, or its `finally`, up to the first failure, and
    /// returns its reason.
    async fn commands(
        &mut self,
        phase: PhaseType,
        is_finally: bool,
    ) -> Result<Option<CommandFailure>, Interruption> {
        let mut place = CommandPosition {
            phase,
            is_finally,
            number: 1 + if is_finally { 0 } else { self.left_out(phase) },
        };
        let mut breaks = self.breaks_at(place);
        while let Some(text) = self.text_of(place) {
            if breaks {
                breaks = false;
                match self.halt(place, &text, Cause::Before).await? {
                    DebugAction::RetryEdited(revision) => {
                        self.revise(*revision);
                        continue;
                    }
                    DebugAction::Skip => {
                        self.tell_skipped(place, &text).await;
                        place.number += 1;
                        breaks = self.breaks_at(place);
                        continue;
                    }
                    DebugAction::Keep => {
                        self.is_kept = true;
                        return Err(Interruption::Cancelled(CancelReason::Stop));
                    }
                    _ => {}
                }
            }
            let status = self.command(&text, place).await?;
            if status != 0 {
                let cause = Cause::Failed {
                    exit_status: status,
                };
                match self.halt(place, &text, cause).await? {
                    DebugAction::Retry => continue,
                    DebugAction::RetryEdited(revision) => {
                        self.revise(*revision);
                        continue;
                    }
                    DebugAction::Skip => self.tell_skipped(place, &text).await,
                    verdict => {
                        self.is_kept = verdict == DebugAction::Keep;
                        self.carried.succeeding = false;
                        return Ok(Some(CommandFailure {
                            context: command_failed(&text, status),
                            out_of_memory: self.carried.out_of_memory,
                            printed: self.carried.printed.take(),
                        }));
                    }
                }
            }
            place.number += 1;
            breaks = self.breaks_at(place);
        }
        Ok(None)
    }

    /// Takes over what a debugger has read anew.
    fn revise(&mut self, revision: Revision) {
        let Revision {
            phases,
            exported,
            artifacts,
            variables,
            too_late: _,
        } = revision;
        self.phases = phases;
        self.exported = exported;
        self.artifacts = artifacts;
        self.carried.edited.extend(variables);
    }

    async fn tell_skipped(&self, place: CommandPosition, text: &str) {
        let command = place.command(text);
        self.run
            .events
            .emit(CommandEvent::Skipped { command })
            .await;
    }

    fn left_out(&self, phase: PhaseType) -> usize {
        let planned = self.phases.iter().find(|planned| planned.phase == phase);
        planned.map_or(0, |planned| planned.left_out)
    }

    fn text_of(&self, place: CommandPosition) -> Option<String> {
        let planned = self
            .phases
            .iter()
            .find(|planned| planned.phase == place.phase)?;
        let list = match place.is_finally {
            true if planned.finally_left_out => return None,
            true => &planned.finally,
            false => &planned.commands,
        };
        list.get(place.number - 1).cloned()
    }

    /// Runs one command and returns its exit status.
    async fn command(&mut self, text: &str, place: CommandPosition) -> Result<i32, Interruption> {
        let function = match self.work.version {
            Version::V0_1 => "cobuild_run_alone",
            Version::V0_2 => RUN,
        };
        self.run_command(function, text, place).await
    }

    /// Runs one command by this function of the worker and returns its exit status.
    pub(in crate::runner) async fn run_command(
        &mut self,
        function: &str,
        text: &str,
        place: CommandPosition,
    ) -> Result<i32, Interruption> {
        if let Some(reason) = self.run.cancellation.reason() {
            return Err(Interruption::Cancelled(reason));
        }
        let started = Started::now(place, text);
        let command = started.command.clone();
        self.run
            .events
            .emit(CommandEvent::Started { command })
            .await;
        if self.run.plan.part.is_mocked(text) {
            self.carried.last_exit = 0;
            self.run.events.emit(CommandEvent::Mocked).await;
            self.run.events.emit(started.finished(0)).await;
            return Ok(0);
        }
        let mut program = Program::default();
        self.carried.update(&mut program);
        program.call(function, &[text]);
        // Sent completely even while the build is cut short: an answer must follow.
        if let Err(interruption) = self.send(program.text()).await {
            self.run.events.emit(started.interrupted()).await;
            return Err(interruption);
        }
        let mut printed = std::mem::take(&mut self.carried.printed);
        printed.take();
        let answer = self.end_of_command(&mut printed, place, text).await;
        self.carried.printed = printed;
        let answer = match answer {
            Ok(answer) => answer,
            Err(interruption) => {
                let end = match interruption {
                    Interruption::Cancelled(_) => started.interrupted(),
                    Interruption::Failed(_) => started.lost(),
                };
                self.run.events.emit(end).await;
                return Err(interruption);
            }
        };
        let CommandEnd {
            status,
            out_of_memory,
        } = CommandEnd::read(&answer);
        self.carried.last_exit = status;
        self.carried.out_of_memory = out_of_memory;
        if out_of_memory {
            self.tell_out_of_memory().await;
        }
        self.run.events.emit(started.finished(status)).await;
        Ok(status)
    }

    /// Waits for the end of the running command.
    async fn end_of_command(
        &mut self,
        printed: &mut Tail,
        place: CommandPosition,
        text: &str,
    ) -> Result<String, Interruption> {
        loop {
            match self.answer(printed).await {
                Ok(answer) if answer == BREAKPOINT => self.at_breakpoint(place, text).await?,
                Err(Interruption::Cancelled(reason)) => {
                    self.cut_short(reason).await?;
                    return Err(Interruption::Cancelled(reason));
                }
                answered => return answered,
            }
        }
    }

    /// Pauses the build while its command waits at a breakpoint.
    async fn at_breakpoint(
        &mut self,
        place: CommandPosition,
        text: &str,
    ) -> Result<(), Interruption> {
        match self.halt(place, text, Cause::Breakpoint).await {
            Ok(DebugAction::Wait) => Ok(()),
            Ok(_) => {
                let cancellation = self.run.cancellation;
                let resumed = cancellation.guard(self.sandbox.driver().resume()).await;
                Ok(resumed.map_err(Interruption::Cancelled)??)
            }
            Err(Interruption::Cancelled(reason)) => {
                self.cut_short(reason).await?;
                Err(Interruption::Cancelled(reason))
            }
            Err(interruption) => Err(interruption),
        }
    }

    /// Asks the running command to end, and waits within the grace period.
    async fn cut_short(&mut self, reason: CancelReason) -> Result<(), Interruption> {
        let (cancellation, events) = (self.run.cancellation, self.run.events);
        let grace = self.run.plan.grace;
        if reason == CancelReason::Stop {
            events.emit(Notice::Stopping { grace }).await;
        }
        let wind_down = wind_down(self.sandbox.driver(), grace, events);
        tokio::select! {
            () = wind_down => {}
            _ = cancellation.reached(CancelReason::Kill) => {}
        }
        Ok(())
    }
}

/// A command that has started.
struct Started {
    command: Command,
    at: Instant,
}

impl Started {
    fn now(place: CommandPosition, text: &str) -> Self {
        Self {
            command: place.command(text),
            at: Instant::now(),
        }
    }

    fn finished(self, exit_status: i32) -> CommandEvent {
        CommandEvent::Finished {
            duration: self.at.elapsed(),
            command: self.command,
            exit_status,
        }
    }

    fn interrupted(self) -> CommandEvent {
        CommandEvent::Interrupted {
            duration: self.at.elapsed(),
            command: self.command,
        }
    }

    fn lost(self) -> CommandEvent {
        CommandEvent::Lost {
            duration: self.at.elapsed(),
            command: self.command,
        }
    }
}

/// Returns the context of a phase whose command failed (contract §2.5).
pub(in crate::runner) fn command_failed(text: &str, status: i32) -> PhaseContext {
    PhaseContext::new(
        "COMMAND_EXECUTION_ERROR",
        format!("Error while executing command: {text}. Reason: exit status {status}"),
    )
}

/// Asks the running command to end, and shows its output until all its processes have ended, for at
/// most `grace`.
async fn wind_down(driver: &mut Driver, grace: Duration, events: &EventSender) {
    let ending = async {
        let mut printed = Tail::new(0);
        let mut aside = Aside::logged(events, &mut printed);
        driver.signal("TERM").await?;
        // A stopped process would not get the signal otherwise.
        driver.signal("CONT").await?;
        driver.answer(&mut aside).await?;
        // The shell of the command has ended; its child processes may still clean up.
        loop {
            driver.ask_for_commands_left().await?;
            let count = driver.answer(&mut aside).await?;
            if !driver.are_commands_left(&count) {
                return Ok::<_, DriverError>(());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    match tokio::time::timeout(grace, ending).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "the command did not end by itself"),
        Err(_) => tracing::debug!("the command did not end in time"),
    }
}
