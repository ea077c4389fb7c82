//! Diagnostics as workflow commands of GitHub Actions.

use std::fmt::Write as _;

use super::checked::{Checked, not_shown};

/// Renders everything found, one command a line.
pub(super) fn render(all: &[Checked]) -> String {
    let mut shown = String::new();
    for checked in all {
        for one in &checked.found {
            let mut message = one.message.clone();
            for more in [&one.note, &one.help].into_iter().flatten() {
                message.push('\n');
                message.push_str(more);
            }
            let _ = writeln!(
                shown,
                "::{} file={},line={},endLine={},col={},endColumn={},title={} {}::{}",
                one.severity().as_str(),
                property(&checked.path),
                one.span.start.line,
                one.span.end.line,
                one.span.start.column,
                one.span.end.column,
                one.code.id,
                one.code.name,
                data(&message)
            );
        }
        if checked.more > 0 {
            let file = property(&checked.path);
            let _ = writeln!(shown, "::notice file={file}::{}", not_shown(checked.more));
        }
    }
    shown
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_command_is_escaped() {
        assert_eq!(property("a:b,c%d\n"), "a%3Ab%2Cc%25d%0A");
        assert_eq!(data("a: b\nc%"), "a: b%0Ac%25");
    }
}
