//! Which program a command runs, behind `sudo`, `nohup` and the like.

use super::shell::{Command, is_assignment};

/// What runs the program that is named behind it.
const WRAPPERS: &[&str] = &[
    "command", "env", "exec", "nice", "nohup", "stdbuf", "sudo", "timeout",
];

/// A program with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program<'command, 'text> {
    /// As written.
    pub(super) word: &'text str,
    /// Without its directory.
    pub(super) name: &'text str,
    pub(super) arguments: &'command [&'text str],
}

impl<'command, 'text> Program<'command, 'text> {
    /// Returns the program of a command; what is only an assignment has none.
    pub(super) fn of(command: &'command Command<'text>) -> Option<Self> {
        let mut words = command.words.iter();
        let mut word = words.find(|word| !is_assignment(word))?;
        while WRAPPERS.contains(&base(word)) {
            // Options, variables, and the duration of a timeout.
            let own =
                |word: &str| word.starts_with(['-', '+']) || is_assignment(word) || is_number(word);
            word = words.find(|word| !own(word))?;
        }
        Some(Self {
            word,
            name: base(word),
            arguments: words.as_slice(),
        })
    }

    /// Returns the first argument that is no option.
    pub(super) fn subcommand(&self) -> Option<&'text str> {
        let mut arguments = self.arguments.iter().copied();
        arguments.find(|word| !word.starts_with(['-', '+', '"', '\'', '$']))
    }

    /// Returns whether one of these words is an argument.
    pub(super) fn has(&self, words: &[&str]) -> bool {
        self.arguments.iter().any(|word| words.contains(word))
    }
}

/// Returns the name of a program without its directory.
fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::super::shell::Script;
    use super::*;

    #[test]
    fn the_program_is_found_behind_what_runs_it() {
        for (text, name, subcommand) in [
            ("make", "make", None),
            ("A=1 ./gradlew -q build", "gradlew", Some("build")),
            ("sudo -E docker build .", "docker", Some("build")),
            ("timeout -k 5 30s docker pull x", "docker", Some("pull")),
            ("env A=1 nohup /usr/bin/make test", "make", Some("test")),
            ("if ! docker run x; then y; fi", "docker", Some("run")),
        ] {
            let script = Script::of(text);
            let program = Program::of(&script.commands[0]).unwrap();
            assert_eq!((program.name, program.subcommand()), (name, subcommand));
        }
        for text in ["A=1", "sudo -E", "env A=1"] {
            let script = Script::of(text);
            assert_eq!(Program::of(&script.commands[0]), None, "{text}");
        }
    }
}
