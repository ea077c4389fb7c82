//! Pipes that hide that a build or a test failed (contract §9, trap 6).

use std::collections::HashSet;

use super::super::code::MASKED_FAILURE;
use super::super::diagnostic::Findings;
use super::builders::builds;
use super::phase_commands::{MOST_PER_COMMAND, PhaseCommand, Shell};
use super::program::Program;
use super::shell::Command;

/// Programs that succeed whatever they are given.
const TAILS: &[&str] = &[
    "awk", "cat", "column", "cut", "egrep", "gawk", "grep", "head", "less", "more", "nl", "sed",
    "sort", "tac", "tail", "tee", "tr", "ts", "uniq", "wc",
];

/// Finds the pipes of an item that end in what never fails.
pub(super) fn find(item: &PhaseCommand<'_>, shell: Shell, findings: &mut Findings<'_>) {
    let commands = &item.script.commands;
    let has_pipe = commands.iter().any(|command| command.piped);
    if !has_pipe || item.text.contains("pipefail") || item.text.contains("PIPESTATUS") {
        return;
    }
    let mut told = HashSet::new();
    let mut begin = 0;
    for (index, command) in commands.iter().enumerate() {
        if command.piped {
            continue;
        }
        let before = &commands[begin..index];
        begin = index + 1;
        if before.is_empty() {
            continue;
        }
        // `… | tail || true` says that a failure is no matter.
        let forgiven = commands.get(begin).and_then(Command::name);
        if matches!(forgiven, Some("true" | ":")) {
            continue;
        }
        let Some(tail) = Program::of(command).filter(is_harmless) else {
            continue;
        };
        for command in before {
            if let Some(builder) = Program::of(command)
                && builds(&builder)
                && told.len() < MOST_PER_COMMAND
                && told.insert(builder.word)
            {
                let place = item.place(builder.word, command.line, findings);
                let message = format!(
                    "the pipe hides a failure of `{}`: its status is that of `{}`",
                    builder.word, tail.name
                );
                let help = match shell {
                    Shell::Bash => "begin the item with `set -o pipefail`",
                    Shell::Sh | Shell::Other => {
                        "begin the item with `set -o pipefail`, which needs `env.shell: bash`"
                    }
                };
                findings.add(&MASKED_FAILURE, place, message).help(help);
            }
        }
    }
}

fn is_harmless(tail: &Program<'_, '_>) -> bool {
    let words = || tail.arguments.iter();
    TAILS.contains(&tail.name)
        && match tail.name {
            // A test of what came out: without it, the item fails.
            "grep" | "egrep" => !words().any(|word| *word == "--quiet" || has_flag(word, 'q')),
            "awk" | "gawk" => !words().any(|word| word.contains("exit")),
            _ => true,
        }
}

/// Returns whether a word is a group of short options with this one in it.
fn has_flag(word: &str, flag: char) -> bool {
    word.starts_with('-') && !word.starts_with("--") && word.contains(flag)
}

#[cfg(test)]
mod tests {
    use super::super::tests::found_in_bash;

    /// The messages about the pipes of an item.
    fn told(command: &str) -> Vec<String> {
        found_in_bash("bs506", command)
            .into_iter()
            .map(|one| one.message)
            .collect()
    }

    #[test]
    fn builds_and_tests_that_end_in_a_harmless_program_are_told() {
        for (command, builder, tail) in [
            ("make | tee log", "make", "tee"),
            ("make 2>&1 | grep -v warning | tee -a log", "make", "tee"),
            ("make test |& tail -n 50", "make", "tail"),
            ("A=1 ./gradlew build | cat", "./gradlew", "cat"),
            ("python3 -m pytest 2>&1 | tee log", "python3", "tee"),
            ("sudo docker build . | ts '%H:%M'", "docker", "ts"),
            ("echo yes | terraform apply | tee log", "terraform", "tee"),
            ("npm ci | grep -v deprecated", "npm", "grep"),
            ("go test -v ./... | awk '/FAIL/ { print }'", "go", "awk"),
            ("if mvn verify | tee log; then echo ok; fi", "mvn", "tee"),
            ("set -e\ncargo test | sort", "cargo", "sort"),
        ] {
            assert_eq!(
                told(command),
                [format!(
                    "the pipe hides a failure of `{builder}`: its status is that of `{tail}`"
                )],
                "{command}"
            );
        }
        assert_eq!(told("make a | tee x; make b | tee y; tox | tee z").len(), 2);
    }

    #[test]
    fn other_pipes_are_left_alone() {
        for command in [
            "set -o pipefail\nmake | tee log",
            "set -euo pipefail; npm test | tail",
            "make | tee log; exit ${PIPESTATUS[0]}",
            "make | tail || true",
            "make || tail log",
            "make > log; tail log",
            "cat log | tee copy",
            "tee log | make",
            "make print | xargs npm install",
            "npm test | grep -q passing",
            "npm test | grep -vqE failing",
            "cargo test | awk '/FAILED/ { exit 1 }'",
            "docker ps -q | head -1",
            "docker images | grep app",
            "go version | tee log",
            "npm ls --json | sed s/a/b/",
            "mvn -q help:evaluate -Dexpression=project.version | tail -1",
            "terraform output | sort",
            "python3 --version | cut -d ' ' -f 2",
            "pip freeze | tee requirements.txt",
            "gradle -v | head",
            "V=$(make version | tail -1)",
        ] {
            assert!(told(command).is_empty(), "{command} {:?}", told(command));
        }
    }
}
