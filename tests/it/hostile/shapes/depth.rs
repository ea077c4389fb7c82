//! Deep nesting.

use super::{Shape, Text, fixed, numbered, refused, repeated, text};

const DEEP: usize = 20_000;
const DEEPER: usize = 1_000_000;

pub(super) fn shapes() -> Vec<Shape> {
    let nested = |before: &str, open: &str, close: &str, count: usize| {
        fixed(repeated(before, open, count, &close.repeat(count)))
    };
    vec![
        refused("brackets", nested("version: 0.2\nx: ", "[", "", DEEP)),
        refused(
            "brackets, closed",
            nested("version: 0.2\nx: ", "[", "]", DEEP),
        ),
        refused(
            "very many brackets",
            nested("version: 0.2\nx: ", "[", "", DEEPER),
        ),
        refused(
            "very many brackets, closed",
            nested("version: 0.2\nx: ", "[", "]", DEEPER),
        ),
        refused("braces", nested("", "{", "", DEEPER)),
        refused(
            "braces, closed",
            nested("version: 0.2\nx: ", "{a: ", "}", DEEPER),
        ),
        refused(
            "nested lists",
            nested("version: 0.2\nx:\n  ", "- ", "", DEEPER),
        ),
        refused(
            "nested keys",
            nested("version: 0.2\nx:\n  ", "? ", "", DEEPER),
        ),
        refused(
            "nested values",
            nested("version: 0.2\nx:\n  ", ": ", "", DEEPER),
        ),
        refused(
            "steps of indentation",
            fixed(numbered(
                "version: 0.2\n",
                1_500,
                |level| format!("{}a:", " ".repeat(level)),
                "\n",
            )),
        ),
        refused("brackets behind a long list", behind_long_list("[", "z")),
        refused(
            "brackets on lines behind a long list",
            behind_long_list("[\n ", "z: }"),
        ),
    ]
}

/// What stands at the end may make all of the text read once more for each bracket.
fn behind_long_list(open: &'static str, end: &'static str) -> Text {
    let item = "  - xxxxxxx\n";
    text(move |size| {
        let list = item.repeat(size.bytes / item.len());
        format!("version: 0.2\nx:\n{list}y: {}\n{end}", open.repeat(150))
    })
}
