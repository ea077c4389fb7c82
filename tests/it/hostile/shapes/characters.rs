//! Nothing but one character, or one line.

use super::{COMMANDS, HEAD, Shape, Text, fixed, lines, long, read, refused, text};

pub(super) fn shapes() -> Vec<Shape> {
    let only = |part| long("", part, "");
    let mut shapes = vec![
        refused("nothing", fixed("")),
        refused("NULs", only("\0")),
        refused("NULs at the end", long("version: 0.2\nx: ", "x", "\0")),
        refused("byte order marks", only("\u{FEFF}")),
        refused("blanks", only(" ")),
        refused("empty lines", only("\n")),
        refused("carriage returns", only("\r")),
        refused(
            "carriage returns as ends of lines",
            long("version: 0.2\r", "a: b\r", "x"),
        ),
        refused("line separators", only("\u{2028}")),
        read(
            "line separators in commands",
            in_block("        source x\u{2028}\u{85}\n"),
        ),
        refused("dashes", only("-")),
        refused("lines of dashes", only("-\n")),
        refused("documents", only("---\n")),
        read("documents behind the first", long(HEAD, "---\na: b\n", "")),
        refused("ends of documents", only("...\n")),
        refused("directives", only("%YAML 1.1\n")),
        refused("directives of tags", only("%TAG !a! tag:x\n")),
        refused(
            "directives of many tags",
            lines("", |at| format!("%TAG !a{at}! tag:x")),
        ),
        refused("unknown directives", long("", "%X y\n", "---\n")),
        refused("single quotes", only("'")),
        refused("double quotes", only("\"")),
        refused("an open quote", long("a: '", "x\n", "")),
        refused("backslashes", only("\\")),
        refused("backslashes in quotes", long("\"", "\\", "")),
        refused("colons", only(":")),
        refused("commas", only(",")),
        refused("commas in brackets", long("[", ",", "]")),
        refused("ampersands", only("&")),
        refused("asterisks", only("*")),
        refused("exclamation marks", only("!")),
        refused("headers of blocks", only("|\n")),
        refused("hashes", only("#")),
        refused("lines of hashes", only("#\n")),
        refused("at signs", only("@")),
        refused("percent signs", only("%")),
        refused("lines of question marks", only("?\n")),
        read("keys without values", long(HEAD, "? a\n", "")),
        refused("closing brackets", only("]")),
        refused("pairs of brackets", only("[]")),
    ];
    shapes.extend(tabs());
    shapes.extend(blanks());
    shapes
}

/// A long run of blanks makes every short one dear that follows in the same text.
fn blanks() -> Vec<Shape> {
    let behind = |before: &'static str, blank: &'static str, short: &'static str| {
        text(move |size| {
            let blanks = blank.repeat(size.bytes / 2);
            before.to_owned() + &blanks + &short.repeat(size.bytes / 2 / short.len())
        })
    };
    vec![
        refused("blanks behind blanks", behind("a", " ", "a ")),
        refused("blanks behind blanks in quotes", behind("\"", " ", "a ")),
        refused("lines behind empty lines", behind("a", "\n", "a\n")),
        refused(
            "lines behind empty lines in quotes",
            behind("'", "\n", "a\n"),
        ),
        refused(
            "lines of a block behind empty lines",
            behind("|\n", "\n", " a\n"),
        ),
    ]
}

fn tabs() -> Vec<Shape> {
    let list = |part| long("version: 0.2\na:\n", part, "\n");
    vec![
        refused("tabs", long("", "\t", "")),
        refused("tabs before a key", long(HEAD, "\t", "a: b\n")),
        read("tabs behind a key", long("version: 0.2\na:", "\t", "b\n")),
        refused(
            "lines of tabs",
            long("version: 0.2\na:\n  - b\n", "\t\n", "\n"),
        ),
        read("tabs in texts", list(" - b\tc\n")),
        refused("tabs behind dashes", list(" -\tb\n")),
    ]
}

fn in_block(line: &'static str) -> Text {
    text(move |size| {
        let lines = line.repeat(size.bytes / line.len());
        format!("{COMMANDS}      - |\n{lines}")
    })
}
