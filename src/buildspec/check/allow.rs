//! `# cobuild: allow(code)`: comments that silence warnings.
//!
//! The text is searched, not the YAML: the comment may as well stand in a script.

use std::collections::HashMap;

use super::super::code::structure::UNKNOWN_CODE;
use super::super::diagnostic::{Diagnostic, Findings};
use super::super::node::{Position, Span};
use super::super::{CODES, Code, Severity};
use super::keys::suggestion;

/// What a text allows.
#[derive(Debug, Default)]
struct Allowed {
    everywhere: Vec<&'static Code>,
    /// By line, counted from 1.
    lines: HashMap<usize, Vec<&'static Code>>,
    /// What is allowed but does not exist.
    unknown: Vec<(String, Span)>,
}

/// Drops what the text allows, and tells of codes that do not exist.
pub(super) fn apply(text: &str, mut findings: Findings<'_>) -> Vec<Diagnostic> {
    if !text.contains("cobuild:") {
        return findings.into_diagnostics();
    }
    let allowed = Allowed::of(findings.lines());
    for (name, place) in &allowed.unknown {
        let message = format!("there is no code `{name}`");
        let finding = findings.add(&UNKNOWN_CODE, *place, message);
        match suggestion(name, CODES.iter().map(|code| code.name)) {
            Some(meant) => finding.help(format!("did you mean `{meant}`?")),
            None => finding.help("`cobuild check --explain codes` lists them"),
        };
    }
    let mut found = findings.into_diagnostics();
    found.retain(|one| {
        let here = allowed.lines.get(&one.span.start.line);
        one.severity() == Severity::Error
            || !(allowed.everywhere.contains(&one.code)
                || here.is_some_and(|codes| codes.contains(&one.code)))
    });
    found
}

impl Allowed {
    fn of(lines: &[&str]) -> Self {
        let mut allowed = Self::default();
        // What the comment lines right above say.
        let mut pending: Vec<&'static Code> = Vec::new();
        let mut at_top = true;
        for (number, line) in (1..).zip(lines) {
            let mut codes = allowed.codes(line, number);
            let content = line.trim();
            if content.starts_with('#') {
                if at_top {
                    allowed.everywhere.append(&mut codes);
                }
                pending.append(&mut codes);
                continue;
            }
            at_top &= content.is_empty() || content == "---" || content.starts_with('%');
            codes.append(&mut pending);
            if !codes.is_empty() {
                allowed.lines.insert(number, codes);
            }
        }
        allowed
    }

    /// Reads the comment of a line, if it has one that is for us.
    fn codes(&mut self, line: &str, number: usize) -> Vec<&'static Code> {
        let Some((at, list)) = comment(line) else {
            return Vec::new();
        };
        let mut codes = Vec::new();
        let mut column = line[..at].chars().count() + 1;
        for part in list.split(',') {
            let name = part.trim();
            if let Some(code) = Code::find(name) {
                codes.push(code);
            } else if !name.is_empty() {
                let blanks = part.chars().take_while(|c| c.is_whitespace()).count();
                let place = |column| Position {
                    line: number,
                    column,
                };
                let span = Span {
                    start: place(column + blanks),
                    end: place(column + blanks + name.chars().count()),
                };
                self.unknown.push((name.to_owned(), span));
            }
            column += part.chars().count() + 1;
        }
        codes
    }
}

/// The longest list of codes that is read.
const LONGEST: usize = 1_000;

/// Returns what stands within the brackets, and where.
fn comment(line: &str) -> Option<(usize, &str)> {
    line.match_indices('#').find_map(|(hash, _)| {
        let starts = hash == 0 || line[..hash].ends_with([' ', '\t']);
        let rest = line[hash + 1..].trim_start().strip_prefix("cobuild:")?;
        let rest = rest.trim_start().strip_prefix("allow(")?;
        let end = rest.bytes().take(LONGEST).position(|byte| byte == b')')?;
        let list = &rest[..end];
        starts.then_some((line.len() - rest.len(), list))
    })
}

#[cfg(test)]
mod tests {
    use super::super::check;

    fn codes(text: &str) -> Vec<&'static str> {
        check(text.as_bytes())
            .iter()
            .map(|one| one.code.id)
            .collect()
    }

    #[test]
    fn a_comment_silences_its_line_the_next_one_or_the_file() {
        let text = |top: &str, above: &str, same: &str| {
            format!(
                "{top}version: 0.2\n{above}image: x{same}\nphases:\n  build:\n    commands: make\n"
            )
        };
        assert_eq!(codes(&text("", "", "")), ["bs101"]);
        for allow in [
            "allow(bs101)",
            "allow( unknown-key )",
            "allow(bs102, BS101)",
        ] {
            let comment = format!("# cobuild: {allow}\n");
            assert!(codes(&text(&comment, "", "")).is_empty(), "{allow}");
            assert!(codes(&text("", &comment, "")).is_empty(), "{allow}");
            let above = format!("{comment}# because of x\n");
            assert!(codes(&text("", &above, "")).is_empty(), "{allow}");
            let same = format!(" {}", comment.trim_end());
            assert!(codes(&text("", "", &same)).is_empty(), "{allow}");
        }
        assert_eq!(codes(&text("# cobuild: allow(bs102)\n", "", "")), ["bs101"]);
        assert_eq!(
            codes(&text("# x cobuild: allow(bs101)\n", "", "")),
            ["bs101"]
        );
        assert_eq!(
            codes(&text("", "# cobuild: allow(bs101)\na: b\n", "")),
            ["bs101"]
        );
    }

    #[test]
    fn a_comment_in_a_script_counts() {
        let text = "version: 0.2\nphases:\n  build:\n    commands:\n      - |\n        # cobuild: allow(bashism)\n        source x\n        source y\n      - source z\n";
        assert_eq!(codes(text), ["bs503"]);
    }

    #[test]
    fn errors_cannot_be_silenced() {
        assert_eq!(codes("# cobuild: allow(bs003)\nversion: 1.0\n"), ["bs003"]);
    }

    #[test]
    fn codes_that_do_not_exist_are_told() {
        assert_eq!(
            codes("# cobuild: allow(bs101, nothing)\nversion: 0.2\nimage: x\n"),
            ["bs112"]
        );
    }
}
