//! The command line as its help shows it.

use clap::{Arg, ArgAction, Command};

/// Flags that `plan` takes because `run` does, and that change nothing of a plan.
const WITHOUT_EFFECT: &[&str] = &[
    "secrets",
    "debug",
    "break-at",
    "dry-run",
    "build-json",
    "events",
    "export-file",
    "timestamps",
    "quiet",
    "log-file",
];

/// Where the help of `plan` lists them.
const NO_EFFECT: &str = "Without effect on a plan";

/// The exit statuses of commands that have none of their own.
const USUAL_STATUS: &str = "\
Exit status:
  0  done
  2  the command line, or a file it names, cannot be used
  3  the engine cannot be reached, or cobuild is at fault";

/// Adds to a definition of the command line all that its help says.
pub(super) fn presented(definition: Command) -> Command {
    definition
        .mut_subcommands(|command| match command.get_name() {
            "plan" => command.mut_args(of_plan),
            _ => command,
        })
        .mut_subcommands(told_at_length)
}

fn of_plan(arg: Arg) -> Arg {
    match arg.get_long() {
        Some(name) if WITHOUT_EFFECT.contains(&name) => {
            arg.help_heading(NO_EFFECT).hide_short_help(true)
        }
        Some("format") => arg
            .help("Form of the plan on stdout: text or json")
            .long_help("Form of the plan on stdout: text or json"),
        _ => arg,
    }
}

fn told_at_length(command: Command) -> Command {
    let command = command.mut_args(at_length).mut_subcommands(told_at_length);
    if command.get_after_long_help().is_some() || command.has_subcommands() {
        return command;
    }
    command.after_long_help(USUAL_STATUS)
}

/// Gives each flag its long text: that it may be repeated when it may, and one in the manual page, which has
/// no short text of a flag that the short help hides.
fn at_length(arg: Arg) -> Arg {
    let is_list = matches!(arg.get_action(), ArgAction::Append) && !arg.is_positional();
    if !is_list && !arg.is_hide_short_help_set() {
        return arg;
    }
    let text = arg.get_long_help().or_else(|| arg.get_help());
    let text = text.map(ToString::to_string).unwrap_or_default();
    if is_list {
        let text = text.trim_end_matches('.');
        arg.long_help(format!("{text}. May be repeated."))
    } else {
        arg.long_help(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::heading;
    use crate::cli::presented;

    /// The size of a small terminal.
    const LINES: usize = 40;
    const COLUMNS: usize = 80;

    /// A command and all below it, with the words that name each.
    fn all(command: &Command) -> Vec<(String, Command)> {
        let mut command = command.clone().term_width(COLUMNS);
        command.build();
        let mut found = Vec::new();
        let mut left = vec![(command.get_name().to_owned(), command)];
        while let Some((name, command)) = left.pop() {
            for below in command
                .get_subcommands()
                .filter(|it| it.get_name() != "help")
            {
                let name = format!("{name} {}", below.get_name());
                left.push((name, below.clone().term_width(COLUMNS)));
            }
            found.push((name, command));
        }
        found
    }

    #[test]
    fn the_short_help_of_each_command_fits_a_small_terminal() {
        let commands = all(&presented());
        assert!(commands.len() > 10, "{}", commands.len());
        for (name, mut command) in commands {
            let help = command.render_help().to_string();
            let lines = help.lines().count();
            assert!(lines <= LINES, "`{name} -h` has {lines} lines:\n{help}");
            for line in help.lines() {
                let width = line.chars().count();
                assert!(width <= COLUMNS, "`{name} -h` is {width} wide: {line}");
            }
        }
    }

    #[test]
    fn each_flag_of_run_is_in_a_group_and_in_the_long_help() {
        for name in ["run", "plan"] {
            let commands = all(&presented());
            let wanted = format!("cobuild {name}");
            let (_, mut command) = commands.into_iter().find(|it| it.0 == wanted).unwrap();
            let help = command.render_long_help().to_string();
            for arg in command.get_arguments() {
                let long = arg.get_long().unwrap();
                assert!(arg.get_help_heading().is_some(), "{name} --{long}");
                assert!(help.contains(&format!("--{long}")), "{name} --{long}");
                let text = arg.get_help().unwrap().to_string();
                assert!(text.starts_with(char::is_uppercase), "--{long}: {text}");
            }
        }
    }

    #[test]
    fn the_groups_of_run_come_in_their_order() {
        let commands = all(&presented());
        let (_, mut run) = commands
            .into_iter()
            .find(|it| it.0 == "cobuild run")
            .unwrap();
        let help = run.render_long_help().to_string();
        let places: Vec<Option<usize>> = [
            heading::SOURCE,
            heading::ENVIRONMENT,
            heading::BUILDSPEC,
            heading::CONTAINER,
            heading::CACHE,
            heading::ARTIFACTS,
            heading::DEBUGGING,
            heading::OUTPUT,
            heading::ENGINE,
            heading::CONFIGURATION,
            heading::GLOBAL,
        ]
        .iter()
        .map(|heading| help.find(&format!("\n{heading}:\n")))
        .collect();
        assert!(places.iter().all(Option::is_some), "{places:?}\n{help}");
        assert!(places.is_sorted(), "{places:?}");
    }

    #[test]
    fn flags_that_may_be_repeated_say_so() {
        let commands = all(&presented());
        let (_, run) = commands
            .into_iter()
            .find(|it| it.0 == "cobuild run")
            .unwrap();
        for arg in run.get_arguments() {
            let help = arg
                .get_long_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            let is_list = matches!(arg.get_action(), ArgAction::Append);
            assert_eq!(help.contains("May be repeated."), is_list, "{help}");
        }
    }

    #[test]
    fn what_has_no_effect_on_a_plan_is_known() {
        let run = presented();
        let run = run.find_subcommand("run").unwrap();
        for name in WITHOUT_EFFECT {
            assert!(
                run.get_arguments().any(|it| it.get_long() == Some(*name)),
                "{name}"
            );
        }
    }
}
