//! Pauses builds for debugging (contract §6.4).

use std::future::Future;
use std::pin::Pin;

use crate::engine::{ContainerId, Engine, TerminalSpec};
use crate::phase::PhaseType;
use crate::plan::{Revision, layout};
use crate::runner::container::program::{Program, can_be_unset, quote};
use crate::runner::container::user_bin;
use crate::runner::phases::commands::CommandPosition;
use crate::runner::{CancelReason, Interruption, Live};

/// Where and why a build is paused.
#[derive(Debug, Clone)]
pub struct Halt {
    pub phase: PhaseType,
    pub is_finally: bool,
    /// The command's place in its list, counted from 1.
    pub number: usize,
    /// The command, verbatim.
    pub command: String,
    pub cause: Cause,
    pub container: ContainerId,
    /// What opens a shell in it, with the build's variables and in its directory.
    pub shell: TerminalSpec,
}

/// Why a build is paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    Before,
    Failed { exit_status: i32 },
    Breakpoint,
}

/// The decision of the debugger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DebugAction {
    /// The build continues as if it had not paused: a failed command has failed.
    GoOn,
    /// The command runs, again when it ran already.
    Retry,
    /// The build takes this over from its edited buildspec, and the command in this place of it runs.
    RetryEdited(Box<Revision>),
    /// The command counts as one that succeeded.
    Skip,
    Abort,
    /// The build ends here, and its container stays.
    Keep,
    /// The command waits until `codebuild-resume` is called.
    Wait,
}

/// Decides about paused builds.
pub trait Debugger: Send + Sync {
    /// Whether the build pauses before this command of `commands`, counted from 1.
    fn breaks_at(&self, phase: PhaseType, number: usize) -> bool;

    /// Decides how to continue. All previous output has been shown.
    ///
    /// The future may be dropped when the build is cut short.
    fn decide<'a>(
        &'a mut self,
        halt: &'a Halt,
    ) -> Pin<Box<dyn Future<Output = DebugAction> + Send + 'a>>;
}

/// Opens a shell that begins as the next command would, with the shell of the commands where they
/// have chosen one, else with bash where there is one. What [`profile`] says of its end holds.
pub(super) fn shell_script(image: &[(String, String)], shell: Option<&str>) -> String {
    let names: Vec<&str> = image
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| can_be_unset(name))
        .chain([user_bin::VARIABLE])
        .collect();
    // Variables that the build has unset must not come back from the image.
    let unset = names.join(" ");
    format!(
        "cobuild_terminal=$TERM
unset {unset} TERM
IFS= read -r PWD < {directory}
cd -- \"$PWD\" || cd /
set -a
. {environment}
set +a
export COBUILD_DEBUG_SHELL=1 COBUILD_DEBUG_LEVEL=\"$SHLVL\"
if [ -z \"${{TERM+x}}\" ]; then
    export TERM=\"$cobuild_terminal\" COBUILD_DEBUG_TERM=\"$cobuild_terminal\"
fi
cobuild_shell=$(command -v {shell} || command -v sh)
case ${{cobuild_shell##*/}} in
    bash) set -- --rcfile {profile} ;;
    *) export COBUILD_DEBUG_ENV=\"${{ENV+x}}$ENV\" ENV={profile} ;;
esac
\"$cobuild_shell\" \"$@\" -i
if [ -e {resume} ]; then
    rm -f {resume}
    printf '{RESUMED}'
fi
",
        directory = layout::DIRECTORY_FILE,
        environment = layout::ENVIRONMENT_FILE,
        profile = layout::DEBUG_PROFILE,
        shell = quote(shell.unwrap_or("bash")),
        resume = layout::RESUME_FILE,
    )
}

/// What the shell of a session reads first, in the place of what an image has for interactive shells: so its
/// variables are the build's own, and at its end they and its directory are handed on as those of a command
/// are. Bash writes them as any shell reads them.
pub(super) fn profile() -> String {
    format!(
        "case ${{COBUILD_DEBUG_ENV-none}} in
    none) ;;
    x*) ENV=${{COBUILD_DEBUG_ENV#x}} ;;
    *) unset ENV ;;
esac
cobuild_leave() {{
    if [ -n \"${{COBUILD_DEBUG_TERM+x}}\" ] && [ \"$TERM\" = \"$COBUILD_DEBUG_TERM\" ]; then unset TERM; fi
    if [ -n \"$COBUILD_DEBUG_LEVEL\" ]; then SHLVL=$COBUILD_DEBUG_LEVEL; else unset SHLVL; fi
    unset COBUILD_DEBUG_SHELL COBUILD_DEBUG_TERM COBUILD_DEBUG_LEVEL COBUILD_DEBUG_ENV
    if [ -n \"$BASH_VERSION\" ]; then
        set -o posix
        export -n BASHOPTS BASH_VERSINFO EUID PPID SHELLOPTS UID POSIXLY_CORRECT
    fi
    cobuild_state=$(export -p) && printf '%s\\n' \"$cobuild_state\" >| {environment}
    pwd >| {directory}
}}
trap cobuild_leave EXIT
trap exit HUP
",
        environment = layout::ENVIRONMENT_FILE,
        directory = layout::DIRECTORY_FILE,
    )
}

/// The output of a shell at its end when `codebuild-resume` was called in it, for `printf`.
const RESUMED: &str = "\\036resume\\036";

/// The same bytes as they arrive.
pub const RESUMED_MARK: &[u8] = b"\x1eresume\x1e";

/// Prepares the programs of a debugging session, and returns them by name; without a session they
/// do nothing and succeed.
pub(super) fn prepare_commands(
    program: &mut Program,
    session: Option<&str>,
) -> [(&'static str, String); 2] {
    let (pause, resume) = match session {
        None => {
            let nothing = "#!/bin/sh\nexit 0\n".to_owned();
            (nothing.clone(), nothing)
        }
        Some(token) => {
            program.call("mkdir", &["-p", layout::DEBUG_DIRECTORY]);
            program.call("chmod", &["777", layout::DEBUG_DIRECTORY]);
            (pause_script(token), resume_script())
        }
    };
    [
        ("codebuild-breakpoint", pause),
        ("codebuild-resume", resume),
    ]
}

/// Says in the container's own output that the command waits, wherever the command's output goes, and
/// waits until its file is gone.
fn pause_script(token: &str) -> String {
    format!(
        "#!/bin/sh
file={}/breakpoint.$$
: > \"$file\" || exit
{{ printf '\\036{token} breakpoint\\036' > /proc/1/fd/1; }} 2> /dev/null || printf '\\036{token} breakpoint\\036'
while [ -e \"$file\" ]; do
    sleep 0.1 2> /dev/null || sleep 1
done
",
        layout::DEBUG_DIRECTORY
    )
}

/// Lets the build go on, and ends the shell of the session that it is called in; a command of the build
/// that calls it is no such shell.
fn resume_script() -> String {
    format!(
        "#!/bin/sh
rm -f {directory}/breakpoint.*
[ -n \"$COBUILD_DEBUG_SHELL\" ] || exit 0
: > {resume}
kill -s HUP \"$PPID\"
",
        resume = layout::RESUME_FILE,
        directory = layout::DEBUG_DIRECTORY
    )
}

impl<E: Engine> Live<'_, E> {
    /// Pauses the build when it has a debugger, and returns the decision.
    pub(super) async fn halt(
        &mut self,
        place: CommandPosition,
        command: &str,
        cause: Cause,
    ) -> Result<DebugAction, Interruption> {
        let Some(debugger) = &mut self.debugger else {
            return Ok(DebugAction::GoOn);
        };
        let sandbox = &self.sandbox;
        let halt = Halt {
            phase: place.phase,
            is_finally: place.is_finally,
            number: place.number,
            command: command.to_owned(),
            cause,
            container: sandbox.container().clone(),
            shell: TerminalSpec {
                command: vec!["sh".to_owned(), layout::DEBUG_SHELL.to_owned()],
                // An image need not have a name for it.
                user: match self.carried.user() {
                    "root" => "0".to_owned(),
                    user => user.to_owned(),
                },
                environment: Vec::new(),
            },
        };
        self.run.events.shown().await;
        let verdict = self.run.cancellation.guard(debugger.decide(&halt)).await;
        match verdict.map_err(Interruption::Cancelled)? {
            DebugAction::Abort => Err(Interruption::Cancelled(CancelReason::Stop)),
            verdict => Ok(verdict),
        }
    }

    /// Whether the build pauses before a command of `commands`.
    pub(super) fn breaks_at(&self, place: CommandPosition) -> bool {
        !place.is_finally
            && self
                .debugger
                .as_ref()
                .is_some_and(|debugger| debugger.breaks_at(place.phase, place.number))
    }
}
