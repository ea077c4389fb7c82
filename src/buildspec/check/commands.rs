//! Commands that rely on what does not carry over, or fail without a word.

use std::collections::HashSet;

use super::super::code::{BASHISM, LOST_DEFINITION, LOST_OPTION, LOST_STATE, LOST_STATUS};
use super::super::diagnostic::Findings;
use super::super::model::Version;
use super::phase_commands::{MOST_PER_COMMAND, PhaseCommand, PhaseCommands, Shell};
use super::shell::{Command, is_assignment};
use super::{pipes, shell_syntax, unchecked};

/// Finds what is wrong with the commands of a buildspec.
pub(super) fn find(version: Version, items: &PhaseCommands<'_>, findings: &mut Findings<'_>) {
    if items.shell == Shell::Other {
        return;
    }
    definitions(&items.items, findings);
    if items.shell == Shell::Bash {
        arrays(&items.items, findings);
    }
    for (index, item) in items.items.iter().enumerate() {
        options(item, findings);
        status(item, findings);
        shell_syntax::find(item, findings);
        pipes::find(item, items.shell, findings);
        unchecked::find(item, findings);
        if items.shell == Shell::Sh {
            bashisms(item, findings);
        }
        if version == Version::V0_1 && index + 1 < items.items.len() {
            state(item, findings);
        }
    }
}

/// Functions and aliases that a later item uses.
fn definitions(items: &[PhaseCommand<'_>], findings: &mut Findings<'_>) {
    let mut before: HashSet<&str> = HashSet::new();
    for item in items {
        let mut here: HashSet<&str> = item.script.functions.iter().copied().collect();
        for command in &item.script.commands {
            if command.name() == Some("alias") {
                here.extend(command.arguments().filter_map(alias));
            }
        }
        let mut told = HashSet::new();
        for command in &item.script.commands {
            if let Some(name) = command.name()
                && before.contains(name)
                && !here.contains(name)
                && told.len() < MOST_PER_COMMAND
                && told.insert(name)
            {
                let place = item.place(name, command.line, findings);
                let message =
                    format!("another item defines `{name}`; it does not exist in this one");
                findings
                    .add(&LOST_DEFINITION, place, message)
                    .help("define and use it in one item, or read it from a file in each");
            }
        }
        before.extend(here);
    }
}

/// Arrays that a later item uses: no environment can hold one.
fn arrays(items: &[PhaseCommand<'_>], findings: &mut Findings<'_>) {
    let mut before: HashSet<&str> = HashSet::new();
    for item in items {
        let here: HashSet<&str> = item.script.arrays().collect();
        let mut told = HashSet::new();
        for command in &item.script.commands {
            let expanded = |word: &&&str| word.contains('$') && !word.contains('\'');
            for word in command.words.iter().filter(expanded) {
                if let Some(name) = array_used(word)
                    && before.contains(name)
                    && !here.contains(name)
                    && told.len() < MOST_PER_COMMAND
                    && told.insert(name)
                {
                    let place = item.place(name, command.line, findings);
                    let message =
                        format!("another item sets the array `{name}`; it is empty in this one");
                    findings
                        .add(&LOST_DEFINITION, place, message)
                        .help("set and use it in one item; only plain variables carry over");
                }
            }
        }
        before.extend(here);
    }
}

/// Returns the array of an expansion such as `${name[@]}`.
fn array_used(word: &str) -> Option<&str> {
    word.match_indices("${").find_map(|(at, _)| {
        let inner = word[at + 2..].trim_start_matches(['#', '!']);
        let length = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
        inner[length..].starts_with('[').then(|| &inner[..length])
    })
}

/// Returns the name that an argument of `alias` defines.
fn alias(argument: &str) -> Option<&str> {
    argument.split_once('=').map(|(name, _)| name)
}

/// PhaseCommands that do nothing but set what ends with them.
fn options(item: &PhaseCommand<'_>, findings: &mut Findings<'_>) {
    let commands = &item.script.commands;
    let name = |command: &Command<'_>| command.name().unwrap_or_default().to_owned();
    let is_option = |command: &Command<'_>| match command.name() {
        // `set` with words or nothing at all is about arguments and variables.
        Some("set") => command
            .arguments()
            .next()
            .is_some_and(|first| first.starts_with(['-', '+'])),
        Some("shopt" | "trap" | "umask") => true,
        _ => false,
    };
    if commands.is_empty() || !commands.iter().all(is_option) {
        return;
    }
    let first = &commands[0];
    let place = item.place(first.words[0], first.line, findings);
    let message = format!(
        "`{}` ends with this item and has no effect on the next ones",
        name(first)
    );
    let help = if commands.iter().any(|one| name(one) == "trap") {
        "write the trap and the commands that it is for as one item"
    } else {
        "CodeBuild stops at the first item that fails anyway; put the option in the item that needs it"
    };
    findings.add(&LOST_OPTION, place, message).help(help);
}

/// PhaseCommands that begin with a look at the status of the item before.
fn status(item: &PhaseCommand<'_>, findings: &mut Findings<'_>) {
    let Some(first) = item.script.commands.first() else {
        return;
    };
    let mut words = first.words.iter().filter(|word| word.contains('$'));
    let asked = words.find_map(|word| {
        let substitutes = word.contains(['\'', '`']) || word.contains("$(");
        let mut found = ["$?", "${?}"]
            .into_iter()
            .filter_map(|asked| word.find(asked).map(|at| &word[at..at + asked.len()]));
        found.next().filter(|_| !substitutes)
    });
    if let Some(asked) = asked {
        let place = item.place(asked, first.line, findings);
        findings
            .add(
                &LOST_STATUS,
                place,
                "`$?` is not the status of the item before",
            )
            .help(
                "write both as one item; in a later phase, read CODEBUILD_LAST_EXIT or \
                 CODEBUILD_BUILD_SUCCEEDING",
            );
    }
}

/// Commands and words that only bash has, with what to write instead.
const BASH_COMMANDS: &[(&str, &str)] = &[
    ("[[", "`[ … ]`"),
    ("source", "`. FILE`"),
    ("pushd", "`cd` in a subshell"),
    ("popd", "`cd` in a subshell"),
    ("shopt", "`env.shell: bash`"),
    ("declare", "an assignment"),
    ("let", "`$((…))`"),
    ("mapfile", "`while read`"),
    ("readarray", "`while read`"),
];

fn bashisms(item: &PhaseCommand<'_>, findings: &mut Findings<'_>) {
    let mut told = HashSet::new();
    let mut tell = |what: &str, line: usize, instead: &str| {
        // Who is told of `pushd` knows of `popd`.
        let known = what == "popd" && told.contains("pushd");
        if !known && told.len() < MOST_PER_COMMAND && told.insert(what.to_owned()) {
            let place = item.place(what, line, findings);
            let what = what.lines().next().unwrap_or_default();
            findings
                .add(
                    &BASHISM,
                    place,
                    format!("`{what}` needs bash, but the shell is the image's `sh`"),
                )
                .help(format!("set `env.shell: bash`, or write {instead}"));
        }
    };
    for (what, line) in &item.script.bash {
        let instead = match *what {
            "<<<" => "`printf … |`",
            "&>" => "`> FILE 2>&1`",
            "function" => "`name() { …; }`",
            "<(" | ">(" => "a file in between",
            _ => "a list of words",
        };
        tell(what, *line, instead);
    }
    for command in &item.script.commands {
        let name = command.name().unwrap_or_default();
        if let Some((_, instead)) = BASH_COMMANDS.iter().find(|(bash, _)| *bash == name)
            && (name != "[[" || command.words.contains(&"]]"))
        {
            tell(name, command.line, instead);
        }
        let word = |text| command.words.iter().find(|word| **word == text);
        if name == "["
            && let Some(equals) = word("==")
        {
            tell(equals, command.line, "`=`");
        }
        if name == "set"
            && let Some(option) = word("pipefail")
        {
            tell(option, command.line, "without a pipe");
        }
        for word in &command.words {
            if let Some(expansion) = bash_expansion(word) {
                tell(expansion, command.line, "`cut`, `sed` or `tr`");
            }
        }
    }
}

/// The longest expansion that is looked for.
const LONGEST: usize = 1_000;

/// Finds an expansion that only bash has, such as `${name:0:7}` or `${name//a/b}`.
fn bash_expansion(word: &str) -> Option<&str> {
    // What is within single quotes is not expanded.
    if !word.contains('$') || word.contains('\'') {
        return None;
    }
    word.match_indices("${").find_map(|(at, _)| {
        let inner = &word[at + 2..];
        let length = inner
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|length| *length > 0)?;
        let rest = &inner[length..];
        let bash = rest.starts_with(['/', '^', ','])
            || rest.starts_with("[@]")
            || rest.starts_with("[*]")
            || (rest.starts_with(':')
                && rest[1..]
                    .trim_start()
                    .starts_with(|c: char| c.is_ascii_digit()));
        let end = memchr::memchr(b'}', &rest.as_bytes()[..rest.len().min(LONGEST)])?;
        bash.then(|| &word[at..=at + 2 + length + end])
    })
}

/// PhaseCommands of version 0.1 that do nothing but change what ends with them.
fn state(item: &PhaseCommand<'_>, findings: &mut Findings<'_>) {
    let commands = &item.script.commands;
    let changes = |command: &Command<'_>| match command.name() {
        Some("cd" | "export") => true,
        Some(_) => false,
        None => command.words.iter().all(|word| is_assignment(word)),
    };
    if !commands.is_empty() && commands.iter().all(changes) {
        let first = &commands[0];
        let place = item.place(first.words[0], first.line, findings);
        findings
            .add(
                &LOST_STATE,
                place,
                "in version 0.1 this ends with its item and has no effect on the next ones",
            )
            .help("use `version: 0.2`, or join the commands with `&&`");
    }
}
