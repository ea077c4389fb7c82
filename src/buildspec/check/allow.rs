//! `# cobuild: allow(code)`: comments that silence warnings.
//!
//! The text is searched, not the YAML: the comment may as well stand in a script.

use super::super::code::UNKNOWN_CODE;
use super::super::code::{CODES, Code};
use super::super::diagnostic::{Allowed, Findings};
use super::super::node::{Position, Span};
use super::keys::suggestion;

/// Silences what the text allows, and tells of codes that do not exist.
pub(super) fn apply(text: &str, findings: &mut Findings<'_>) {
    if !text.contains("cobuild:") {
        return;
    }
    let mut allowed = Allowed::default();
    let mut unknown = Vec::new();
    // What the comment lines right above say.
    let mut pending: Vec<&'static Code> = Vec::new();
    let mut at_top = true;
    for (number, line) in (1..).zip(findings.lines()) {
        let mut codes = codes(line, number, &mut unknown);
        let content = line.trim();
        if content.starts_with('#') {
            if at_top {
                add(&mut allowed.everywhere, &codes);
            }
            add(&mut pending, &codes);
            continue;
        }
        at_top &= content.is_empty() || content == "---" || content.starts_with('%');
        codes.append(&mut pending);
        if !codes.is_empty() {
            allowed.lines.insert(number, codes);
        }
    }
    findings.allow(allowed);
    for (name, place) in unknown {
        let message = format!("unknown code `{name}`");
        let finding = findings.add(&UNKNOWN_CODE, place, message);
        match suggestion(name, CODES.iter().map(|code| code.name)) {
            Some(meant) => finding.help(format!("did you mean `{meant}`?")),
            None => finding.help("`cobuild check --explain codes` lists them"),
        };
    }
}

/// Adds codes that are not there yet.
fn add(to: &mut Vec<&'static Code>, codes: &[&'static Code]) {
    for code in codes {
        if !to.contains(code) {
            to.push(code);
        }
    }
}

/// Reads the comment of a line, if it has one that is for us, and notes what does not exist.
fn codes<'text>(
    line: &'text str,
    number: usize,
    unknown: &mut Vec<(&'text str, Span)>,
) -> Vec<&'static Code> {
    let Some((at, list)) = comment(line) else {
        return Vec::new();
    };
    let mut codes = Vec::new();
    let mut column = line[..at].chars().count() + 1;
    for part in list.split(',') {
        let name = part.trim();
        if let Some(code) = Code::find(name) {
            add(&mut codes, &[code]);
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
            unknown.push((name, span));
        }
        column += part.chars().count() + 1;
    }
    codes
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
