//! Lines of an item that build, test or deploy, and whose failure the next lines hide.
//!
//! The status of an item is that of its last command. What stands before it fails without a word, unless
//! `set -e` or something that looks at the status is there.

use super::super::code::UNCHECKED_FAILURE;
use super::super::diagnostic::Findings;
use super::builders::must_succeed;
use super::phase_commands::PhaseCommand;
use super::program::Program;
use super::shell::{Command, Script, Token};

/// Finds the first command of an item whose failure nothing looks at. One is enough to say how to mend
/// all of them.
pub(super) fn find(item: &PhaseCommand<'_>, findings: &mut Findings<'_>) {
    let script = &item.script;
    if script.is_doubtful || script.unclosed.is_some() || stops_at_failures(script) {
        return;
    }
    let lost = Lists::lost(script);
    let Some(first) = lost.iter().min() else {
        return;
    };
    let command = &script.commands[*first];
    let Some(program) = Program::of(command) else {
        return;
    };
    let is_word = |word: &&str| word.starts_with(|c: char| c.is_ascii_alphabetic());
    let first = program.arguments.first().copied().filter(is_word);
    let end = first.unwrap_or(program.word);
    let what = item.stretch(program.word, end).unwrap_or(program.word);
    let place = item.place(what, command.line, findings);
    let shown: Vec<&str> = what.split_whitespace().collect();
    let message = format!(
        "when `{}` fails, the item goes on and has the status of its last command",
        shown.join(" ")
    );
    let more = match lost.len() - 1 {
        0 => "",
        _ => ", which holds for the lines after it too",
    };
    findings
        .add(&UNCHECKED_FAILURE, place, message)
        .help(format!(
            "begin the item with `set -e`{more}, or make each line an item of its own"
        ));
}

/// Returns whether the author has decided what a failure leads to.
fn stops_at_failures(script: &Script<'_>) -> bool {
    script.commands.iter().any(|command| match command.name() {
        Some("set") => command.arguments().any(|word| {
            word == "errexit"
                || word.starts_with(['-', '+']) && !word.starts_with("--") && word.contains('e')
        }),
        Some("trap") => command.words.contains(&"ERR"),
        _ => false,
    })
}

/// A list of commands, and what decides its status so far.
#[derive(Debug, Default)]
struct List {
    /// What began it.
    begin: Begin,
    /// The commands of which the last to run decides the status.
    deciding: Vec<usize>,
    /// Those of the branches that have ended.
    branches: Vec<usize>,
    /// Whether what comes next is a condition, whose status is looked at.
    is_condition: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Begin {
    #[default]
    Item,
    If,
    Loop,
    Case,
    Brace,
    Parenthesis,
    Function,
}

/// The lists that are open, the innermost last.
struct Lists<'script, 'text> {
    script: &'script Script<'text>,
    open: Vec<List>,
    lost: Vec<usize>,
    /// Whether the next brace or parenthesis is the body of a function.
    is_function: bool,
    /// Whether a status is turned round, which looks at it.
    is_negated: bool,
    /// Whether a compound command has just ended, so that a redirection may follow.
    has_ended: bool,
}

impl<'script, 'text> Lists<'script, 'text> {
    /// Returns the commands that build, test or deploy and whose status is lost.
    fn lost(script: &'script Script<'text>) -> Vec<usize> {
        let mut lists = Self {
            script,
            open: vec![List::default()],
            lost: Vec::new(),
            is_function: false,
            is_negated: false,
            has_ended: false,
        };
        for token in &script.tokens {
            lists.take(*token);
        }
        lists.lost
    }

    fn take(&mut self, token: Token<'text>) {
        let had_ended = std::mem::take(&mut self.has_ended);
        match token {
            Token::Keyword(word, _) => self.keyword(word),
            Token::Command(_) if had_ended => self.has_ended = true,
            Token::Command(index) => self.command(index),
            Token::Function => self.is_function = true,
            Token::Open => {
                let begin = match self.inner().begin {
                    // The parenthesis of a pattern.
                    Begin::Case => return,
                    _ => self.body(Begin::Parenthesis),
                };
                self.begin(begin);
            }
            Token::Close => match self.inner().begin {
                Begin::Case => self.inner().deciding.clear(),
                Begin::Parenthesis | Begin::Function => self.end(),
                _ => {}
            },
            Token::Condition | Token::Pipe | Token::Background => {
                self.inner().deciding.clear();
                self.is_negated = false;
            }
            Token::Branch => self.branch(),
            Token::End => self.is_negated = false,
        }
    }

    fn keyword(&mut self, word: &str) {
        match word {
            "if" => {
                self.begin(Begin::If);
                self.inner().is_condition = true;
            }
            "while" | "until" => {
                self.begin(Begin::Loop);
                self.inner().is_condition = true;
            }
            "for" | "select" => self.begin(Begin::Loop),
            "case" => self.begin(Begin::Case),
            "{" => {
                let begin = self.body(Begin::Brace);
                self.begin(begin);
            }
            "then" | "do" => {
                let list = self.inner();
                list.deciding.clear();
                list.is_condition = false;
            }
            "else" => self.branch(),
            "elif" => {
                self.branch();
                self.inner().is_condition = true;
            }
            "fi" | "done" | "esac" | "}" => self.end(),
            "!" => self.is_negated = true,
            _ => {}
        }
    }

    /// What a brace or a parenthesis begins here.
    fn body(&mut self, begin: Begin) -> Begin {
        if std::mem::take(&mut self.is_function) {
            Begin::Function
        } else {
            begin
        }
    }

    /// Begins a list. Its first command comes after what decided the status before.
    fn begin(&mut self, begin: Begin) {
        let before = match begin {
            Begin::Function => Vec::new(),
            _ => std::mem::take(&mut self.inner().deciding),
        };
        self.open.push(List {
            begin,
            deciding: before,
            ..List::default()
        });
    }

    fn branch(&mut self) {
        let list = self.inner();
        let mut ended = std::mem::take(&mut list.deciding);
        if list.branches.is_empty() {
            // Lists that end one after the other hand on what they have as it is.
            list.branches = ended;
        } else {
            list.branches.append(&mut ended);
        }
    }

    fn end(&mut self) {
        if self.open.len() < 2 {
            return;
        }
        self.branch();
        let Some(list) = self.open.pop() else {
            return;
        };
        if list.begin != Begin::Function {
            self.inner().deciding = list.branches;
            self.has_ended = true;
        }
    }

    fn command(&mut self, index: usize) {
        let command = &self.script.commands[index];
        let before = std::mem::take(&mut self.inner().deciding);
        if !before.is_empty() && !looks(command) && !forgives(command) {
            self.lost.extend(before);
        }
        let is_negated = std::mem::take(&mut self.is_negated);
        let matters = Program::of(command).is_some_and(|one| must_succeed(&one));
        let list = self.inner();
        if matters && !list.is_condition && !is_negated {
            list.deciding.push(index);
        }
    }

    fn inner(&mut self) -> &mut List {
        // There is always one: `end` leaves the first.
        if self.open.is_empty() {
            self.open.push(List::default());
        }
        let last = self.open.len() - 1;
        &mut self.open[last]
    }
}

/// Returns whether a command reads the status of the one before.
fn looks(command: &Command<'_>) -> bool {
    command.words.iter().any(|word| {
        ["$?", "${?}", "PIPESTATUS"]
            .iter()
            .any(|status| word.contains(status))
    })
}

/// Returns whether a command says that the failure before it does not matter, or fails anyway.
fn forgives(command: &Command<'_>) -> bool {
    match command.name() {
        Some("true" | ":") => true,
        Some("exit" | "return") => command.arguments().next().is_some_and(|word| word != "0"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::found_in_bash;

    /// What is told to be lost in an item.
    fn told(command: &str) -> Vec<String> {
        found_in_bash("bs508", command)
            .into_iter()
            .map(|one| one.message.split('`').nth(1).unwrap().to_owned())
            .collect()
    }

    #[test]
    fn failures_that_later_lines_hide_are_told() {
        for (command, lost) in [
            ("npm run nope\necho done", "npm run"),
            ("npm ci\nnpm test\necho done", "npm ci"),
            ("cd app && npm test\necho done", "npm test"),
            ("make test; echo done", "make test"),
            ("(cd app && make)\necho done", "make"),
            (
                "if [ -f x ]; then\n  mvn verify\nfi\necho done",
                "mvn verify",
            ),
            (
                "if [ -f x ]; then\n  mvn verify\n  echo done\nfi",
                "mvn verify",
            ),
            ("case $x in\n  a) go test ./... ;;\nesac\ndate", "go test"),
            ("for x in a b; do\n  cargo test\n  date\ndone", "cargo test"),
            ("f() {\n  make\n  date\n}\nf", "make"),
            ("docker build .\nif date; then date; fi", "docker build"),
            ("terraform apply\ndate > log", "terraform apply"),
        ] {
            assert_eq!(told(command), [lost], "{command}");
        }
    }

    #[test]
    fn failures_that_count_or_do_not_matter_are_left_alone() {
        for command in [
            "npm test",
            "echo start\nnpm test",
            "set -e\nnpm test\necho done",
            "set -euo pipefail\nnpm test\necho done",
            "set -o errexit\nnpm test\necho done",
            "set +e\nnpm test\necho done",
            "trap 'exit 1' ERR\nnpm test\necho done",
            "npm test || exit 1\necho done",
            "npm test && echo ok\necho done",
            "npm ci && npm test",
            "npm test\nSTATUS=$?\necho done\nexit $STATUS",
            "npm test\nif [ $? -ne 0 ]; then exit 1; fi",
            "npm test\ntrue\necho done",
            "make notify\nexit 1",
            "pip install --upgrade pip\npip install pytest",
            "if npm test; then echo ok; fi\necho done",
            "while ! npm test; do sleep 1; done\necho done",
            "! npm test\necho done",
            "make serve &\necho done",
            "npm test | tee log\necho done",
            "if a; then\n  npm run x\nelse\n  npm run y\nfi",
            "case $x in a) make;; b) make x;; esac",
            "for x in a b; do make $x; done",
            "{ make; } || exit 1\necho done",
            "f() {\n  make\n}\nf || exit 1\necho done",
            "npm --version\necho done",
            "docker stop x\necho done",
            "cat <<E\nnpm test\nE\necho done",
        ] {
            assert!(told(command).is_empty(), "{command} {:?}", told(command));
        }
    }
}
