//! Nothing but one character, or one line.

use super::{COMMANDS, HEAD, Shape, Text, fixed, long, read, refused};

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
        refused("closing brackets", only("]")),
        refused("pairs of brackets", only("[]")),
    ];
    shapes.extend(tabs());
    shapes
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
    super::text(move |size| {
        let lines = line.repeat(size.bytes / line.len());
        format!("{COMMANDS}      - |\n{lines}")
    })
}
