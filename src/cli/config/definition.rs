//! What the definitions of clap say of flags.

use std::any::TypeId;

use clap::builder::{PossibleValue, Resettable};
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Command};

use crate::settings::layers::{Flag, Flags, Form, Reach, brief, rule};

/// Names of values that may be numbers in a file.
const NUMBERS: &[&str] = &["N", "GPUS"];

/// How much of a value that is wrong is told.
const TOLD_OF_VALUE: usize = 80;

/// The name of values that a file may have in a table.
const PAIR: &str = "NAME=VALUE";

/// Makes a command line one of layers: a flag that is a yes or no takes `=false` too, to turn off what a
/// lower layer has turned on.
pub(crate) fn definition(plain: Command) -> Command {
    of_builds(plain, switch)
}

/// Changes the flags of the commands that describe a build, and leaves the order of all commands.
pub(super) fn of_builds(definition: Command, change: fn(Arg) -> Arg) -> Command {
    definition.mut_subcommands(|command| match command.get_name() {
        "run" | "plan" => command.mut_args(change),
        _ => command,
    })
}

fn switch(arg: Arg) -> Arg {
    if !is_switch(&arg) {
        return arg;
    }
    arg.num_args(0..=1)
        .require_equals(true)
        .default_missing_value("true")
        .value_name("BOOL")
        .hide_possible_values(true)
}

fn is_switch(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set)
        && arg.get_value_parser().type_id() == TypeId::of::<bool>()
}

/// Whether a file and a variable can set a flag.
pub(super) fn is_layered(arg: &Arg) -> bool {
    let rule = arg.get_long().map(rule);
    match rule {
        None => false,
        Some(rule) => !rule.is_some_and(|rule| matches!(rule.reach, Reach::CommandLine)),
    }
}

/// A subcommand by its name.
pub(super) fn subcommand<'a>(command: &'a Command, name: &str) -> Option<&'a Command> {
    command.find_subcommand(name)
}

/// The flags of `cobuild run` that a file and a variable can set.
pub(crate) fn flags(definition: &Command) -> Flags {
    let Some(run) = subcommand(definition, "run") else {
        return Flags::default();
    };
    let layered = run.get_arguments().filter(|arg| is_layered(arg));
    let flags = layered.map(|arg| flag(run, arg)).collect();
    Flags::new(flags)
}

fn flag(run: &Command, arg: &Arg) -> Flag {
    let help = arg.get_long_help().or_else(|| arg.get_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    let excluded = run
        .get_arguments()
        .filter(|other| excludes(run, arg, other) || excludes(run, other, arg));
    Flag {
        name: long(arg),
        form: form(arg),
        words: words(arg),
        default: default(&help),
        excludes: excluded.map(long).collect(),
        help,
    }
}

fn excludes(run: &Command, one: &Arg, other: &Arg) -> bool {
    let conflicts = run.get_arg_conflicts_with(one);
    conflicts.iter().any(|it| it.get_id() == other.get_id())
}

pub(super) fn long(arg: &Arg) -> String {
    arg.get_long().unwrap_or_default().to_owned()
}

fn form(arg: &Arg) -> Form {
    let names = arg.get_value_names().unwrap_or_default();
    let is_named = |known: &[&str]| names.iter().any(|name| known.contains(&name.as_str()));
    match arg.get_action() {
        ArgAction::Append if is_named(&[PAIR]) => Form::Pairs,
        ArgAction::Append => Form::List,
        _ if is_switch(arg) => Form::Switch,
        _ if is_named(NUMBERS) => Form::Number,
        _ => Form::Text,
    }
}

/// The words that a flag takes, where it takes them as they are written alone.
fn words(arg: &Arg) -> Vec<String> {
    if is_switch(arg) || arg.is_ignore_case_set() {
        return Vec::new();
    }
    let values = arg.get_possible_values();
    let names = values.iter().flat_map(PossibleValue::get_name_and_aliases);
    names.map(str::to_owned).collect()
}

/// The default that a help tells of.
fn default(help: &str) -> Option<String> {
    let (_, rest) = help.split_once("[default: ")?;
    let (default, _) = rest.split_once(']')?;
    Some(default.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Checks a value as its flag does; says what is wrong with it.
pub(super) fn check_value(definition: &Command, flag: &Flag, value: &str) -> Result<(), String> {
    let known = subcommand(definition, "run")
        .and_then(|run| run.get_arguments().find(|arg| long(arg) == flag.name));
    let Some(arg) = known.cloned() else {
        return Err("nobody knows it".to_owned());
    };
    let arg = arg
        .conflicts_with(Resettable::Reset)
        .requires(Resettable::Reset);
    let command = Command::new("cobuild").no_binary_name(true).arg(arg);
    match command.try_get_matches_from([format!("--{}={value}", flag.name)]) {
        Ok(_) => Ok(()),
        Err(error) => Err(problem(&error, value)),
    }
}

/// What is wrong with a value, without the words around it.
fn problem(error: &clap::Error, value: &str) -> String {
    if let Some(source) = std::error::Error::source(error) {
        return source.to_string();
    }
    let value = brief(value, TOLD_OF_VALUE);
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(known)) if !known.is_empty() => {
            let alike = match error.get(ContextKind::SuggestedValue) {
                Some(ContextValue::String(alike)) => format!("; did you mean `{alike}`?"),
                _ => String::new(),
            };
            format!("`{value}` is none of {}{alike}", known.join(", "))
        }
        _ if value.is_empty() => "it must not be empty".to_owned(),
        _ => format!("`{value}` cannot be used"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::duration::parse_duration;
    use crate::cli::definition;
    use crate::plan::{Settings, SourceOwner, Transfer};
    use crate::settings::layers::{RULES, variable};

    fn arguments(definition: &Command, name: &str) -> Vec<Arg> {
        let mut definition = definition.clone();
        definition.build();
        let command = subcommand(&definition, name).unwrap();
        command.get_arguments().cloned().collect()
    }

    #[test]
    fn each_flag_of_a_build_has_a_rule() {
        let definition = definition();
        let known = arguments(&definition, "run");
        assert!(known.len() > 50, "{}", known.len());
        let unruled: Vec<String> = ["run", "plan"]
            .iter()
            .flat_map(|name| arguments(&definition, name))
            .map(|arg| long(&arg))
            .filter(|name| rule(name).is_none())
            .collect();
        assert!(
            unruled.is_empty(),
            "src/settings/layers/reach.rs says nothing of {unruled:?}"
        );
        for rule in RULES {
            let is_known = known.iter().any(|arg| long(arg) == rule.name);
            assert!(is_known, "there is no flag `{}`", rule.name);
        }
    }

    #[test]
    fn what_plan_takes_run_takes_in_the_same_form() {
        let definition = definition();
        let run = arguments(&definition, "run");
        for arg in arguments(&definition, "plan") {
            if is_layered(&arg) {
                let other = run.iter().find(|it| long(it) == long(&arg)).unwrap();
                assert_eq!(form(other), form(&arg), "{}", long(&arg));
            }
        }
    }

    #[test]
    fn plan_takes_every_flag_of_run() {
        let definition = definition();
        let names = |command: &str| -> Vec<String> {
            arguments(&definition, command).iter().map(long).collect()
        };
        assert_eq!(names("plan"), names("run"));
    }

    #[test]
    fn nothing_that_a_layer_sets_has_a_default_of_clap() {
        for arg in arguments(&definition(), "run") {
            if is_layered(&arg) {
                assert!(arg.get_default_values().is_empty(), "{}", long(&arg));
                assert!(!arg.is_required_set(), "{}", long(&arg));
            }
        }
    }

    #[test]
    fn the_help_tells_the_defaults() {
        let flags = flags(&definition());
        let told = |name: &str| flags.get(name).unwrap().default.clone().unwrap();
        let defaults = Settings::new("image");
        for (name, default) in [("timeout", defaults.timeout), ("grace", defaults.grace)] {
            assert_eq!(parse_duration(&told(name)), Ok(default), "{name}");
        }
        for (name, default) in [
            ("pull", format!("{:?}", defaults.pulling.policy)),
            ("cache", format!("{:?}", defaults.cache.kind)),
            ("packaging", format!("{:?}", defaults.storage.packaging)),
            (
                "artifact-namespace",
                format!("{:?}", defaults.storage.namespace),
            ),
        ] {
            assert_eq!(told(name), default.to_lowercase(), "{name}");
        }
        assert_eq!(told("source-transfer"), "auto");
        assert_eq!(defaults.transfer, Transfer::Automatic);
        assert_eq!(told("source-owner"), "root");
        assert_eq!(defaults.source_owner, SourceOwner::Root);
    }

    #[test]
    fn the_variables_of_flags_mean_nothing_else() {
        for name in flags(&definition()).names() {
            let variable = variable(name);
            for other in crate::settings::layers::OTHERS {
                assert!(!variable.starts_with(other), "{variable}");
            }
        }
    }

    #[test]
    fn values_are_checked_by_their_flags() {
        let definition = definition();
        let flags = flags(&definition);
        let check = |name: &str, value: &str| {
            check_value(&definition, flags.get(name).unwrap(), value).err()
        };
        for (name, value) in [
            ("image", "a"),
            ("pull", "never"),
            ("cache", "LOCAL"),
            ("cache-mode", "custom,source"),
            ("compute-type", "build_general1_small"),
            ("pids-limit", "-1"),
            ("privileged", "false"),
            ("mount", "true"),
            ("git-clone-depth", "3"),
            ("env", "A"),
            ("exclude", "-x"),
        ] {
            assert_eq!(check(name, value), None, "{name} = {value}");
        }
        for (name, value, problem) in [
            (
                "timeout",
                "30",
                "write it with units, such as 90s, 30m or 1h30m",
            ),
            ("timeout", "0s", "the timeout must be longer than 0 s"),
            (
                "pull",
                "nevr",
                "`nevr` is none of always, missing, never; did you mean `never`?",
            ),
            ("artifacts", "", "it must not be empty"),
            (
                "git-clone-depth",
                "-1",
                "write a number of commits, such as 1",
            ),
        ] {
            assert_eq!(
                check(name, value).as_deref(),
                Some(problem),
                "{name} = {value}"
            );
        }
        for (name, value) in [
            ("cpus", "many"),
            ("mock", "("),
            ("env", "1A=b"),
            ("from", "x"),
        ] {
            assert!(check(name, value).is_some(), "{name} = {value}");
        }
    }
}
