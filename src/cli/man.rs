//! `cobuild man`: prints manual pages.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::{Args, ColorChoice, Command};
use clap_mangen::Man;

use super::failure::Failure;
use super::output::{stdout, written};
use super::tips;
use crate::exit::ExitStatus;
use crate::settings::writable_directory;

/// Print a manual page, or write all of them into a directory.
///
/// `cobuild man | man -l -` shows the page of cobuild, `cobuild man run | man -l -` that of `cobuild run`.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Command to describe, such as `run` or `cache list` [default: cobuild itself].
    #[arg(value_name = "COMMAND", conflicts_with = "directory")]
    command: Vec<String>,

    /// Write the pages of all commands into a directory, such as ~/.local/share/man/man1.
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

/// Prints the page, or writes all pages.
pub(super) fn run(
    args: &ManArgs,
    presented: Command,
    color: ColorChoice,
) -> Result<ExitStatus, Failure> {
    let definition = named(presented);
    if let Some(directory) = &args.directory {
        let directory = writable_directory(directory)
            .with_context(|| format!("cannot write into `{}`", directory.display()))
            .map_err(Failure::usage)?;
        for command in all(&definition) {
            let page = page(command.clone());
            let written = page.generate_to(&directory);
            written
                .with_context(|| format!("cannot write `{}`", page.get_filename()))
                .map_err(Failure::no_verdict)?;
        }
        return Ok(ExitStatus::Succeeded);
    }
    let mut text = Vec::new();
    let rendered = page(find(&definition, &args.command)?).render(&mut text);
    rendered.map_err(Failure::no_verdict)?;
    let mut out = stdout(color);
    let text = String::from_utf8_lossy(&text);
    written(out.drawn(&text).and_then(|()| out.flush()))?;
    Ok(ExitStatus::Succeeded)
}

fn page(command: Command) -> Man {
    let source = concat!("cobuild ", env!("CARGO_PKG_VERSION"));
    Man::new(command).source(source).manual("Manual of cobuild")
}

/// Gives each command its full name.
fn named(presented: Command) -> Command {
    let mut definition = presented.disable_help_subcommand(true);
    definition.build();
    definition
}

fn all(command: &Command) -> Vec<&Command> {
    let below = command.get_subcommands().filter(|it| !it.is_hide_set());
    std::iter::once(command)
        .chain(below.flat_map(all))
        .collect()
}

fn find(definition: &Command, words: &[String]) -> Result<Command, Failure> {
    let mut command = definition;
    for word in words {
        let Some(below) = command.find_subcommand(word) else {
            let error = anyhow!("`{}` has no command `{word}`", name(command));
            let names = command.get_subcommands().map(Command::get_name);
            let failure = Failure::usage(error);
            return Err(match tips::nearest(word, names) {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint("`cobuild --help` lists the commands"),
            });
        };
        command = below;
    }
    Ok(command.clone())
}

fn name(command: &Command) -> &str {
    command.get_bin_name().unwrap_or_else(|| command.get_name())
}
