//! What can come next on a command line, for the script of a shell that asks.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::{Args, ColorChoice, Command};
use clap_complete::CompletionCandidate;
use clap_complete::engine::complete;

use super::asking::Asking;
use super::quoting;
use super::values::{FILES, with_values};
use crate::cli::failure::Failure;
use crate::cli::output::{stdout, written};
use crate::exit::ExitStatus;
use crate::settings::Environment;
use crate::terminal::visible;

/// Print what can come next on a command line: a line that says `files` or `words`, then one candidate a
/// line, a tab and its description.
#[derive(Debug, Args)]
pub(in super::super) struct WordsArgs {
    /// The shell that asks.
    shell: Asking,

    /// The end of the last word that the shell replaces, when that is not all of it.
    #[arg(long, require_equals = true)]
    part: Option<String>,

    /// The command line up to the cursor, word by word.
    #[arg(last = true, required = true)]
    words: Vec<OsString>,
}

/// Answers the shell.
pub(in super::super) fn answer(
    args: &WordsArgs,
    presented: Command,
    environment: &Environment,
    color: ColorChoice,
) -> Result<ExitStatus, Failure> {
    let mut definition = with_values(presented, environment);
    let words = words(args, &definition);
    let kept = kept(args, &words);
    let index = words.len().saturating_sub(1);
    let found = complete(&mut definition, words.clone(), index, Some(Path::new(".")));
    // A line that nothing can be said of has no candidates.
    let found = found.unwrap_or_default();
    let is_empty = words.last().is_some_and(|word| word.is_empty());
    let text = lines(&found, &kept, is_empty);
    let mut out = stdout(color);
    written(out.output(text.as_bytes()).and_then(|()| out.flush()))?;
    Ok(ExitStatus::Succeeded)
}

/// The words without the quotes of the shell that still has them.
fn words(args: &WordsArgs, definition: &Command) -> Vec<OsString> {
    let is_last = |index: usize| index + 1 == args.words.len();
    let plain = |(index, word): (usize, &OsString)| {
        let is_quoted = match args.shell {
            Asking::Bash => true,
            Asking::Zsh => false,
            Asking::Fish => is_last(index),
        };
        let word = if is_quoted {
            quoting::unquoted(&word.to_string_lossy()).into()
        } else {
            word.clone()
        };
        if is_last(index) {
            word
        } else {
            with_equals(word, definition)
        }
    };
    args.words.iter().enumerate().map(plain).collect()
}

/// A flag whose value, if any, follows an equals sign, with that sign: the engine would take the next word
/// for its value.
fn with_equals(word: OsString, definition: &Command) -> OsString {
    let commands = definition.get_subcommands();
    let mut arguments = commands.flat_map(Command::get_arguments);
    let flag = arguments.find(|arg| {
        let letter = arg.get_short().map(|letter| format!("-{letter}"));
        let long = arg.get_long().map(|long| format!("--{long}"));
        let is_word = |name: Option<String>| name.is_some_and(|name| OsStr::new(&name) == word);
        arg.is_require_equals_set() && (is_word(long) || is_word(letter))
    });
    match flag.and_then(clap::Arg::get_long) {
        Some(long) => format!("--{long}=").into(),
        None => word,
    }
}

/// The beginning of the last word that the shell keeps.
fn kept(args: &WordsArgs, words: &[OsString]) -> String {
    let last = words.last().map(|word| word.to_string_lossy().into_owned());
    let last = last.unwrap_or_default();
    let part = args.part.as_deref().map(quoting::unquoted);
    let kept = part.and_then(|part| last.strip_suffix(&part).map(str::to_owned));
    kept.unwrap_or_default()
}

/// The answer, in lines. A name that would not be one line, or that a terminal would show
/// as another, is left out.
fn lines(found: &[CompletionCandidate], kept: &str, is_empty: bool) -> String {
    let is_flag = |candidate: &&CompletionCandidate| {
        let value = candidate.get_value().to_string_lossy();
        value.starts_with('-')
    };
    let has_values = found.iter().any(|candidate| !is_flag(&candidate));
    let tag = |candidate: &CompletionCandidate| candidate.get_tag().map(ToString::to_string);
    let mut kind = "words";
    let mut text = String::new();
    for candidate in found {
        // Flags come when a dash is typed, or when nothing else can be.
        if is_empty && has_values && is_flag(&candidate) {
            continue;
        }
        let Some(value) = candidate.get_value().to_str() else {
            continue;
        };
        let Some(value) = value.strip_prefix(kept) else {
            continue;
        };
        // Shells leave a tilde without quotes, and so go home instead.
        if visible(value) != value || value.starts_with('~') {
            continue;
        }
        if tag(candidate).as_deref() == Some(FILES) {
            kind = "files";
        }
        text.push_str(value);
        let help = candidate.get_help().map(ToString::to_string);
        let help = help.as_deref().and_then(|help| help.lines().next());
        if let Some(help) = help.filter(|help| !help.contains(char::is_control)) {
            text.push('\t');
            text.push_str(help);
        }
        text.push('\n');
    }
    format!("{kind}\n{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_read_as_another_is_left_out() {
        let names = [
            "plain",
            "~root",
            "~/",
            "a~",
            "a\u{202e}b",
            "a\nb",
            "a\u{9b}b",
        ];
        let found = names.map(CompletionCandidate::new);
        assert_eq!(lines(&found, "", true), "words\nplain\na~\n");
    }
}
