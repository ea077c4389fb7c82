//! The shell and the programs of a debugging session in the container (contract §6.4).

use crate::plan::layout;
use crate::runner::container::program::{Program, can_be_unset, quote};
use crate::runner::container::user_bin;

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
