//! `cobuild completions`: prints what a shell needs to complete command lines of cobuild.
//!
//! In bash, zsh and fish cobuild itself says what can come next, since images, caches, contexts and profiles
//! are known to it alone: a small script of our own asks it (`cobuild complete-words`). The scripts that
//! clap_complete's own dynamic engine writes put names unquoted on the command line, where a file called
//! `$(…)` would be run; ours leave quoting to the shell. Elvish and PowerShell get clap_complete's scripts,
//! which know flags and their words.

mod answer;
mod asking;
mod quoting;
mod values;

use clap::{Args, ColorChoice, Command};
use clap_complete::Shell;

pub(super) use answer::{WordsArgs, answer};

use super::failure::Failure;
use super::output::{stdout, written};
use crate::exit::ExitStatus;

/// Print a script that completes command lines of cobuild in a shell.
///
/// Load it where the shell starts:
///
///   bash        eval "$(cobuild completions bash)"                    in ~/.bashrc
///   zsh         eval "$(cobuild completions zsh)"                     in ~/.zshrc, after compinit
///   fish        cobuild completions fish | source                     in ~/.config/fish/config.fish
///   elvish      eval (cobuild completions elvish | slurp)             in ~/.config/elvish/rc.elv
///   powershell  cobuild completions powershell | Out-String | Invoke-Expression     in $PROFILE
///
/// bash, zsh and fish also complete images, phases, caches, contexts and profiles.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    about = "Print a script that completes command lines of cobuild in a shell"
)]
pub(super) struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

/// Prints the script.
pub(super) fn run(
    args: &CompletionsArgs,
    presented: &Command,
    color: ColorChoice,
) -> Result<ExitStatus, Failure> {
    let script = match args.shell {
        Shell::Bash => include_str!("completions/cobuild.bash").to_owned(),
        Shell::Zsh => include_str!("completions/cobuild.zsh").to_owned(),
        Shell::Fish => include_str!("completions/cobuild.fish").to_owned(),
        other => generated(other, presented),
    };
    let mut out = stdout(color);
    written(out.drawn(&script).and_then(|()| out.flush()))?;
    Ok(ExitStatus::Succeeded)
}

fn generated(shell: Shell, presented: &Command) -> String {
    let mut script = Vec::new();
    let commands = presented.get_subcommands().filter(|it| !it.is_hide_set());
    // They list hidden commands as well.
    let mut shown = Command::new("cobuild")
        .disable_help_flag(true)
        .args(presented.get_arguments())
        .subcommands(commands);
    clap_complete::generate(shell, &mut shown, "cobuild", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
