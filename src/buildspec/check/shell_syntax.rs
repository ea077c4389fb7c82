//! Commands that no shell can read: a quote, a bracket or a compound command that is never closed.
//!
//! Only what the tokenizer is sure of is told, so a shell may refuse more. What this finds both dash
//! and bash refuse.

use super::super::code::SHELL_SYNTAX;
use super::super::diagnostic::Findings;
use super::phase_commands::PhaseCommand;
use super::shell::{Script, Token};

/// Finds what makes a shell refuse an item.
pub(super) fn find(item: &PhaseCommand<'_>, findings: &mut Findings<'_>) {
    let script = &item.script;
    if script.is_doubtful {
        return;
    }
    if let Some((opening, line)) = script.unclosed {
        let place = item.place(opening, line, findings);
        let (message, help) = match opening {
            "'" => (
                "this quote is never closed, so the shell refuses the command".to_owned(),
                "close it; put text that holds a single quote in double quotes",
            ),
            "\"" => (
                "this quote is never closed, so the shell refuses the command".to_owned(),
                "close it; write a double quote within double quotes as `\\\"`",
            ),
            _ => (
                format!("this `{opening}` is never closed, so the shell refuses the command"),
                "close it, or put the text in single quotes",
            ),
        };
        findings.add(&SHELL_SYNTAX, place, message).help(help);
        return;
    }
    if let Some(problem) = compound(script) {
        let (word, line) = (problem.word, problem.line);
        let place = item.place(word, line, findings);
        let message = match problem.end {
            Some(end) => format!("this `{word}` has no `{end}`, so the shell refuses the command"),
            None => format!("this `{word}` ends nothing, so the shell refuses the command"),
        };
        let help = match problem.end {
            Some("fi" | "done" | "esac" | "}") => {
                "the end belongs to the same item, on a line of its own or behind a `;`"
            }
            _ => "write the whole compound command as one item",
        };
        findings.add(&SHELL_SYNTAX, place, message).help(help);
    }
}

/// A reserved word without its counterpart.
struct Unmatched<'text> {
    word: &'text str,
    line: usize,
    /// The word that is missing; `None` when the word itself ends what nothing begins.
    end: Option<&'static str>,
}

/// Finds a compound command that does not end, or an end of none.
fn compound<'text>(script: &Script<'text>) -> Option<Unmatched<'text>> {
    let mut open: Vec<(&'text str, usize, &'static str)> = Vec::new();
    for token in &script.tokens {
        let Token::Keyword(word, line) = *token else {
            continue;
        };
        match word {
            "if" => open.push((word, line, "fi")),
            "do" => open.push((word, line, "done")),
            "case" => open.push((word, line, "esac")),
            "{" => open.push((word, line, "}")),
            "fi" | "done" | "esac" | "}" => match open.pop() {
                Some((_, _, end)) if end == word => {}
                Some((word, line, end)) => {
                    return Some(Unmatched {
                        word,
                        line,
                        end: Some(end),
                    });
                }
                None => {
                    return Some(Unmatched {
                        word,
                        line,
                        end: None,
                    });
                }
            },
            _ => {}
        }
    }
    open.first().map(|(word, line, end)| Unmatched {
        word,
        line: *line,
        end: Some(end),
    })
}

#[cfg(test)]
mod tests {
    use super::super::check;

    /// The message about the syntax of an item, if there is one, and what the carets are under.
    fn told(command: &str) -> Option<String> {
        let indented = command.replace('\n', "\n        ");
        let text = format!(
            "version: 0.2\nphases:\n  build:\n    commands:\n      - |\n        {indented}\n"
        );
        let found = check(text.as_bytes());
        let mut found = found.iter().filter(|one| one.code.id == "bs509");
        found.next().map(|one| {
            let (start, end) = (one.span.start, one.span.end);
            format!(
                "{} {}-{}: {}",
                start.line - 5,
                start.column - 8,
                end.column - 8,
                one.message
            )
        })
    }

    #[test]
    fn what_no_shell_can_read_is_told() {
        for (command, expected) in [
            ("echo 'it's broken'", "1 18-19: this quote is never closed"),
            ("echo ok\necho \"a", "2 6-7: this quote is never closed"),
            ("echo $(date", "1 7-8: this `(` is never closed"),
            ("if a; then b", "1 1-3: this `if` has no `fi`"),
            ("for a in b; do c; don", "1 13-15: this `do` has no `done`"),
            ("f() {\n  a\n", "1 5-6: this `{` has no `}`"),
            ("a\nfi", "2 1-3: this `fi` ends nothing"),
            ("if a; then { b; fi", "1 12-13: this `{` has no `}`"),
        ] {
            let message = told(command).unwrap_or_default();
            assert!(message.starts_with(expected), "{command}: {message}");
        }
    }

    #[test]
    fn what_a_shell_reads_is_left_alone() {
        for command in [
            "echo \"it's fine\" 'a \"b'",
            "echo 'it'\\''s fine'",
            "echo $'it\\'s fine'",
            "if a; then b; elif c; then d; else e; fi",
            "for a in b; do c; done < d",
            "while a; do if b; then c; fi; done",
            "case $a in b) c ;; *) d ;; esac",
            "f() { a; }; function g { b; }",
            "f() {\n  for a do b; done\n}",
            "case $a in done) b ;; if | fi) c ;; esac",
            "(if a; then b; fi) && (case a in b) c ;; esac)",
            "echo if; echo fi; echo {",
            "cat <<E\nit's fine\nE",
            "a=$(cat <<E\nit's fine\nE\n)",
            "a=$(case b in c) d;; esac)",
            "[[ $a =~ ^(b|c)$ ]] && (cd d && e)",
        ] {
            assert_eq!(told(command), None, "{command}");
        }
    }
}
