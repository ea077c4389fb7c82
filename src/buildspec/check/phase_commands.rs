//! The commands of all phases, in the order in which they run.

use std::sync::LazyLock;

use regex::Regex;

use super::super::diagnostic::Findings;
use super::super::keys::Section;
use super::super::node::{Node, Scalar, Span, Style, Value};
use super::key_uses::{KeyUses, text, texts};
use super::shell::Script;

/// The shell that runs the commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shell {
    /// Whatever `sh` is in the image.
    Sh,
    /// Bash.
    Bash,
    /// One with another grammar.
    Other,
}

/// One command of a phase.
#[derive(Debug)]
pub(super) struct PhaseCommand<'tree> {
    pub(super) node: &'tree Node,
    pub(super) text: &'tree str,
    pub(super) script: Script<'tree>,
}

impl<'tree> PhaseCommand<'tree> {
    /// Returns the text from one word of the script to another.
    pub(super) fn stretch(&self, first: &str, last: &str) -> Option<&'tree str> {
        let end = self.offset(last)? + last.len();
        self.text.get(self.offset(first)?..end)
    }

    /// Returns where a part of the script stands. One that is no slice of the text, or that the file
    /// spells otherwise, is searched for, first on its line, counted from 0.
    pub(super) fn place(&self, part: &str, line: usize, findings: &Findings<'_>) -> Span {
        self.exact_place(part, findings)
            .unwrap_or_else(|| findings.locate(self.node.span, self.line(line), part))
    }

    /// However the file folds, indents or quotes a script, it has the same words in the same order.
    fn exact_place(&self, part: &str, findings: &Findings<'_>) -> Option<Span> {
        let start = self.offset(part)?;
        let part = part.lines().next()?;
        let before = self.text.match_indices(part).map(|(at, _)| at);
        let count = before.take_while(|at| *at < start).count();
        findings.occurrence(self.node.span, self.line(0), part, count)
    }

    /// Returns where a slice of the text begins in it.
    fn offset(&self, part: &str) -> Option<usize> {
        let start = part.as_ptr().addr();
        let offset = start.checked_sub(self.text.as_ptr().addr())?;
        (offset + part.len() <= self.text.len()).then_some(offset)
    }

    /// Returns where a line of the script stands, counted from 0, as far as that can be told.
    fn line(&self, line: usize) -> usize {
        let before = match &self.node.value {
            Value::Scalar(Scalar {
                style: Style::Block,
                ..
            }) => 1,
            _ => 0,
        };
        self.node.span.start.line + before + line
    }
}

/// How many problems of one kind are told of one item: a hostile text has more.
pub(super) const MOST_PER_COMMAND: usize = 100;

/// The commands of a buildspec.
#[derive(Debug)]
pub(super) struct PhaseCommands<'tree> {
    pub(super) shell: Shell,
    /// Taken apart only when the shell is one whose grammar we know.
    pub(super) items: Vec<PhaseCommand<'tree>>,
}

/// What is to be seen in the commands of Windows builds only.
const WINDOWS: [&str; 19] = [
    "$env:",
    "$Env:",
    "choco ",
    "powershell",
    "Write-Host",
    "Invoke-",
    "New-Item",
    "Remove-Item",
    "Copy-Item",
    "Set-Location",
    "Start-Process",
    "Get-ChildItem",
    "Import-Module",
    ".exe",
    ".ps1",
    ".bat",
    "msbuild",
    "cmd /c",
    "%CODEBUILD_",
];

/// Finds any of them; a buildspec has hundreds of commands.
static WINDOWS_WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words = WINDOWS.map(regex::escape);
    Regex::new(&words.join("|")).ok()
});

impl<'tree> PhaseCommands<'tree> {
    pub(super) fn of(places: &KeyUses<'tree>) -> Self {
        let mut found: Vec<(&'tree Node, &'tree str)> = Vec::new();
        for section in [
            Section::Install,
            Section::PreBuild,
            Section::Build,
            Section::PostBuild,
        ] {
            for list in ["commands", "finally"] {
                if let Some(place) = places.last(section, list) {
                    let entry = place.entry;
                    found.extend(texts(&entry.value));
                }
            }
        }
        let shell = shell(places, &found);
        let items = found
            .into_iter()
            .map(|(node, text)| PhaseCommand {
                node,
                text,
                script: match shell {
                    Shell::Sh | Shell::Bash => Script::of(text),
                    Shell::Other => Script::default(),
                },
            })
            .collect();
        Self { shell, items }
    }
}

fn shell(places: &KeyUses<'_>, commands: &[(&Node, &str)]) -> Shell {
    let named = places
        .last(Section::Env, "shell")
        .and_then(|place| text(&place.entry.value))
        .filter(|name| !name.is_empty());
    match named.map(|name| name.rsplit(['/', ' ']).next().unwrap_or(name)) {
        Some("bash") => Shell::Bash,
        Some("sh") => Shell::Sh,
        Some(_) => Shell::Other,
        // The shell of Windows images is another one without being named.
        None if commands.iter().any(|(_, text)| is_windows(text)) => Shell::Other,
        None => Shell::Sh,
    }
}

fn is_windows(command: &str) -> bool {
    let words = WINDOWS_WORDS.as_ref();
    words.is_some_and(|words| words.is_match(command))
}
