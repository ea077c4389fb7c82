//! What to do about a command line that clap does not know: which flag or command is meant.
//!
//! A tip that misleads is worse than none: a name is suggested when it is near, or when people know it by
//! another word.

mod numbers;
mod words;

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};

/// How long a word may be that is compared with others.
const LONGEST: usize = 64;

/// Replaces clap's suggestions by better ones, or by none.
pub(super) fn advise(error: &mut Error, arguments: &[OsString], definition: &Command) {
    let (kind, is_command) = match error.kind() {
        ErrorKind::UnknownArgument => (ContextKind::InvalidArg, false),
        ErrorKind::InvalidSubcommand => (ContextKind::InvalidSubcommand, true),
        ErrorKind::InvalidValue => return advise_value(error),
        _ => return,
    };
    let Some(ContextValue::String(word)) = error.get(kind).cloned() else {
        return;
    };
    let mut definition = definition.clone();
    definition.build();
    let called = Called::before(&word, arguments, &definition);
    if let Some(joined) = numbers::joined(arguments, called.command)
        && let Err(of_value) = definition.clone().try_get_matches_from_mut(joined)
        && numbers::is_of_value(&of_value)
    {
        *error = of_value;
        return;
    }
    let tips = if is_command {
        called.about_command(&word)
    } else {
        called.about_argument(&word)
    };
    for kind in [
        ContextKind::Suggested,
        ContextKind::SuggestedArg,
        ContextKind::SuggestedSubcommand,
    ] {
        error.remove(kind);
    }
    // Clap's names the flag that it takes for the meant one.
    let usage = called.command.clone().render_usage();
    error.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
    if !tips.is_empty() {
        let tips = tips.into_iter().map(StyledStr::from).collect();
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
}

/// Leaves clap's suggestion of a word only where that is near.
fn advise_value(error: &mut Error) {
    let suggested =
        [ContextKind::InvalidValue, ContextKind::SuggestedValue].map(|it| error.get(it));
    let [
        Some(ContextValue::String(word)),
        Some(ContextValue::String(meant)),
    ] = suggested
    else {
        return;
    };
    if nearest(word, [meant.as_str()]).is_none() {
        error.remove(ContextKind::SuggestedValue);
    }
}

/// A command line that cannot be read, as far as it can.
struct Called<'a> {
    arguments: Vec<String>,
    definition: &'a Command,
    /// The command that is called: the innermost.
    command: &'a Command,
}

impl<'a> Called<'a> {
    /// What is called where a word stands that is not known.
    fn before(word: &str, arguments: &[OsString], definition: &'a Command) -> Self {
        let arguments: Vec<String> = arguments
            .iter()
            .skip(1)
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect();
        let mut command = definition;
        for argument in arguments.iter().take_while(|it| !it.starts_with(word)) {
            if let Some(below) = command.find_subcommand(argument) {
                command = below;
            }
        }
        Self {
            arguments,
            definition,
            command,
        }
    }

    fn is_of_a_build(&self) -> bool {
        matches!(self.command.get_name(), "run" | "plan")
    }

    /// The tips about an argument that the command does not take.
    fn about_argument(&self, word: &str) -> Vec<String> {
        let Some(name) = word.strip_prefix('-') else {
            return self.about_value(word).into_iter().collect();
        };
        let name = name.trim_start_matches('-');
        let name = name.split('=').next().unwrap_or_default();
        if self.is_volume_by_letter(word) {
            return vec![words::VOLUME.to_owned()];
        }
        if self.is_of_a_build() {
            let known = words::of_flag(name, |flag| has_flag(self.command, flag));
            if !known.is_empty() {
                return known;
            }
        }
        if let Some(near) = self.near_flag(name) {
            return vec![format!("did you mean `--{near}`?")];
        }
        let run = self.definition.find_subcommand("run");
        let is_of_run = run.is_some_and(|run| has_flag(run, name));
        if is_of_run && !self.is_of_a_build() {
            return vec![format!("`{word}` is a flag of `cobuild run`")];
        }
        Vec::new()
    }

    /// The tip about a word that no flag stands before.
    fn about_value(&self, word: &str) -> Option<String> {
        if self.is_volume_by_letter(word) {
            return Some(words::VOLUME.to_owned());
        }
        if !self.is_of_a_build() {
            return None;
        }
        let command = self.command.get_name();
        Some(if is_buildspec(word) {
            format!("`cobuild {command} -b {word}` names the buildspec")
        } else if word.ends_with('/') || matches!(word, "." | "..") {
            format!("`cobuild {command} -s {word}` names the source")
        } else if word.contains([':', '/']) {
            format!(
                "`-i` names the image, `-s` the source and `-b` the buildspec of `cobuild {command}`"
            )
        } else if word.contains('=') {
            "`--env NAME=VALUE` sets a variable".to_owned()
        } else {
            format!("`cobuild {command}` takes flags only: `-b FILE` names the buildspec")
        })
    }

    /// The tips about a command that does not exist.
    fn about_command(&self, word: &str) -> Vec<String> {
        if is_buildspec(word) {
            return vec![
                format!("`cobuild run -b {word}` runs it"),
                format!("`cobuild check {word}` finds its problems"),
            ];
        }
        if let Some(tip) = words::of_command(word) {
            return vec![tip.to_owned()];
        }
        let commands = self.command.get_subcommands();
        let names = commands
            .filter(|it| !it.is_hide_set())
            .map(Command::get_name);
        let tip = nearest(word, names).map(|near| format!("did you mean `cobuild {near}`?"));
        tip.into_iter().collect()
    }

    fn near_flag(&self, name: &str) -> Option<&'a str> {
        let flags = self.command.get_arguments().filter(|it| !it.is_hide_set());
        nearest(name, flags.filter_map(clap::Arg::get_long))
    }

    /// Whether `-v` was meant as the docker command has it.
    fn is_volume_by_letter(&self, word: &str) -> bool {
        let path = |text: &str| text.starts_with(['/', '.', '~', '$']) && text.contains(':');
        let together = |argument: &&String| {
            let rest = argument.strip_prefix("-v");
            rest.is_some_and(path)
        };
        let follows = self
            .arguments
            .windows(2)
            .any(|pair| pair[0] == "-v" && pair[1] == word && path(word));
        self.is_of_a_build() && (follows || self.arguments.iter().any(|it| together(&it)))
    }
}

fn is_buildspec(word: &str) -> bool {
    let ending = std::path::Path::new(word).extension();
    ending.is_some_and(|it| it.eq_ignore_ascii_case("yml") || it.eq_ignore_ascii_case("yaml"))
}

/// Whether a command takes a flag, by its long name or its letter.
fn has_flag(command: &Command, name: &str) -> bool {
    command.get_arguments().any(|arg| {
        let letter = arg.get_short().map(String::from);
        arg.get_long() == Some(name) || letter.as_deref() == Some(name)
    })
}

/// The name that is meant: one that begins like this word, or differs from it in few letters.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    if !(2..=LONGEST).contains(&length) {
        return None;
    }
    let most = (length + 2) / 4;
    let distance = |name: &str| {
        if length > 2 && name.starts_with(word) {
            return 0;
        }
        strsim::damerau_levenshtein(word, name)
    };
    known
        .into_iter()
        .map(|name| (distance(name), name.len(), name))
        .filter(|(distance, ..)| *distance <= most)
        .min()
        .map(|(.., name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::presented;

    /// What is said of a command line that cannot be used.
    fn said(line: &str) -> String {
        let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let mut definition = presented();
        let mut error = definition.try_get_matches_from_mut(&arguments).unwrap_err();
        advise(&mut error, &arguments, &definition);
        error.to_string()
    }

    fn tips(line: &str) -> Vec<String> {
        let said = said(line);
        let lines = said.lines().map(str::trim);
        let tips = lines.filter_map(|line| line.strip_prefix("tip: "));
        tips.map(str::to_owned).collect()
    }

    #[test]
    fn what_is_meant_is_named() {
        for (line, tip) in [
            ("cobuild run --output out", "-a DIR"),
            ("cobuild run --rm", "always removed"),
            ("cobuild plan --rm", "always removed"),
            ("cobuild run -f x", "-b FILE"),
            ("cobuild run --file x", "-b FILE"),
            ("cobuild run --buildspec-override x", "-b FILE"),
            ("cobuild run -p x", "--config-profile"),
            ("cobuild run buildspec.yml", "-b buildspec.yml"),
            (
                "cobuild plan ci/build.YAML",
                "cobuild plan -b ci/build.YAML",
            ),
            ("cobuild run -v /a:/b", "--volume HOST:CONTAINER"),
            ("cobuild run -v/a:/b", "--volume HOST:CONTAINER"),
            ("cobuild run -v ./a:/b:ro", "--volume HOST:CONTAINER"),
            ("cobuild run A=b", "--env NAME=VALUE"),
            ("cobuild run .", "-s ."),
            ("cobuild run python:3", "-i"),
            ("cobuild run all", "-b FILE"),
            ("cobuild buildspec.yml", "cobuild run -b buildspec.yml"),
            ("cobuild build", "cobuild run"),
            ("cobuild lint", "cobuild check"),
            ("cobuild validate", "cobuild check"),
            ("cobuild exec", "cobuild run --debug"),
            ("cobuild chek", "did you mean `cobuild check`?"),
            ("cobuild run --timeot 3m", "did you mean `--timeout`?"),
            ("cobuild run --priv", "did you mean `--privileged`?"),
            ("cobuild run --buildpsec x", "did you mean `--buildspec`?"),
            ("cobuild check --image x", "a flag of `cobuild run`"),
            ("cobuild -i x run", "a flag of `cobuild run`"),
            ("cobuild completions powershel", "'powershell'"),
            ("cobuild run --pull nevr", "'never'"),
        ] {
            let tips = tips(line);
            assert!(tips.iter().any(|it| it.contains(tip)), "{line}: {tips:?}");
        }
    }

    #[test]
    fn what_is_not_near_is_not_suggested() {
        for line in [
            "cobuild run --frobnicate",
            "cobuild run --user x",
            "cobuild run --xyz",
            "cobuild frobnicate",
            "cobuild check --frobnicate",
            "cobuild run -Z",
            "cobuild run --nosuch",
            "cobuild completions tcsh",
            "cobuild run --pull sometimes",
        ] {
            let said = said(line);
            assert!(tips(line).is_empty(), "{said}");
            assert!(!said.contains("Usage: cobuild run --"), "{said}");
        }
    }

    #[test]
    fn a_number_below_zero_is_judged_as_a_value() {
        for (line, flag, value) in [
            ("cobuild run --cpus -1", "--cpus <N>", "-1"),
            ("cobuild plan --cpus -.5 -q", "--cpus <N>", "-.5"),
            ("cobuild run --memory -1g", "--memory <SIZE>", "-1g"),
            ("cobuild run --shm-size -1", "--shm-size <SIZE>", "-1"),
            ("cobuild run --timeout -5m", "--timeout <DURATION>", "-5m"),
            (
                "cobuild run --git-clone-depth -1",
                "--git-clone-depth <N>",
                "-1",
            ),
            ("cobuild run --gpus -1", "--gpus <GPUS>", "-1"),
            (
                "cobuild doctor --engine-timeout -1s",
                "--engine-timeout <DURATION>",
                "-1s",
            ),
        ] {
            let said = said(line);
            let start = format!("error: invalid value '{value}' for '{flag}': ");
            assert!(said.starts_with(&start), "{line}: {said}");
        }
        for line in [
            "cobuild run -1",
            "cobuild run --quiet -1",
            "cobuild run --mock -1",
            "cobuild run --privileged -1",
            "cobuild run --cpus 1 -2",
        ] {
            let said = said(line);
            assert!(said.starts_with("error: unexpected argument '-"), "{said}");
        }
    }

    #[test]
    fn the_flags_that_tips_name_exist() {
        let definition = presented();
        let run = definition.find_subcommand("run").unwrap();
        for (names, tip, needs) in words::FLAGS {
            for name in *names {
                let is_real = has_flag(run, name);
                assert!(!is_real, "`{name}` has a tip and is a flag");
            }
            let flags = tip.split(['`', ' ']).filter(|word| word.starts_with('-'));
            for flag in flags {
                let name = flag.trim_start_matches('-').split('=').next().unwrap();
                assert!(has_flag(run, name) || *needs == Some(name), "{tip}");
            }
        }
        for (names, tip) in words::COMMANDS {
            for name in *names {
                assert!(definition.find_subcommand(name).is_none(), "{name}");
            }
            let command = tip.split("`cobuild ").nth(1).unwrap();
            let name = command.split(['`', ' ']).next().unwrap();
            let is_real = name.starts_with('-') || definition.find_subcommand(name).is_some();
            assert!(is_real, "{tip}");
        }
    }
}
