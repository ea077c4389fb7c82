//! Long texts of every style, in every place.

use super::{COMMANDS, HEAD, Shape, Size, VARIABLES, long, read, refused, text};

pub(super) fn shapes() -> Vec<Shape> {
    let mut shapes = styles();
    shapes.extend(places());
    shapes.extend(encodings());
    shapes
}

fn styles() -> Vec<Shape> {
    let value = |part, after| long("version: 0.2\nx: ", part, after);
    let single = |part| long("version: 0.2\nx: '", part, "'\n");
    let double = |part| long("version: 0.2\nx: \"", part, "\"\n");
    let block = |part| long("version: 0.2\nx: |\n  x", part, "\n");
    vec![
        read("a plain text", value("x", "\n")),
        read("a plain text of words", value("x ", "x\n")),
        read("a plain text of lines", value("x\n ", "x\n")),
        read("a plain text of wide letters", value("\u{1F600}", "\n")),
        read("a text in single quotes", single("x''")),
        read("a text in double quotes", double("x\\n")),
        read("a text of lines in quotes", double("x\n ")),
        read("a text of empty lines in quotes", double("\n")),
        read("a literal block", block("x")),
        read("a literal block of lines", block("x\n  ")),
        read("a literal block of empty lines", block("\n")),
        read("a literal block of carriage returns", block("\r")),
        read(
            "a folded block of lines",
            long("version: 0.2\nx: >-\n  x", "\n  x", "\n"),
        ),
    ]
}

const VARIABLE: &str = "version: 0.2\nenv:\n  variables:\n    k: '";

fn places() -> Vec<Shape> {
    let item = |head: &'static str, start: &'static str| {
        text(move |size| format!("{head}{start}{}\n", "x".repeat(size.bytes)))
    };
    let variable = |part| long(VARIABLE, part, "'\n");
    vec![
        read("a command", item(COMMANDS, "      - ")),
        read("a variable", item(VARIABLES, "    k: ")),
        read("a variable of references", variable("${")),
        read("a variable of dollars", variable("$")),
        read(
            "a secret of colons",
            long(
                "version: 0.2\nenv:\n  secrets-manager:\n    k: '",
                ":",
                "'\n",
            ),
        ),
        read(
            "a pattern of stars",
            long("version: 0.2\nartifacts:\n  files: '", "**/", "'\n"),
        ),
        read(
            "an on-failure",
            long(
                "version: 0.2\nphases:\n  build:\n    on-failure: '",
                "RETRY-",
                "'\n",
            ),
        ),
        refused("a key", long(HEAD, "x", ": y\n")),
        read("an explicit key", long("version: 0.2\n? ", "x", "\n: y\n")),
        refused("a version", long("version: ", "9", "\n")),
        refused(
            "the name of a phase",
            long("version: 0.2\nphases:\n  ? ", "9", "\n  : x\n"),
        ),
        read("a comment", long("version: 0.2 #", "x", "\n")),
        read("a comment of lines", long(HEAD, "# x\n", "")),
        refused("a tag", long("version: 0.2\nx: !", "x", "y z\n]")),
        read("an anchor", long("version: 0.2\nx: &", "x", " y\n")),
        refused("an alias", long("version: 0.2\nx: *", "x", " \n")),
        refused("a directive", long("%", "x", "\n---\n]")),
    ]
}

fn encodings() -> Vec<Shape> {
    let half = |size: Size| format!("version: 0.2\nx: {}\n", "x".repeat(size.bytes / 2));
    vec![
        read(
            "UTF-16 with a mark",
            text(move |size| utf16(&half(size), &[0xFF, 0xFE], u16::to_le_bytes)),
        ),
        read(
            "big-endian UTF-16 with a mark",
            text(|size| {
                let wide = "\u{4E00}".repeat(size.bytes / 2);
                let text = format!("version: 0.2\nx: {wide}\n");
                utf16(&text, &[0xFE, 0xFF], u16::to_be_bytes)
            }),
        ),
        refused(
            "UTF-16 without a mark",
            text(move |size| utf16(&half(size), &[], u16::to_le_bytes)),
        ),
        refused(
            "lone surrogates in UTF-16",
            text(|size| [vec![0xFF, 0xFE], [0x00, 0xDC].repeat(size.bytes / 2)].concat()),
        ),
        refused(
            "surrogates in UTF-8",
            text(|size| [0xED, 0xA0, 0x80].repeat(size.bytes / 3)),
        ),
        refused(
            "bytes that are no text",
            text(|size| vec![0xFF; size.bytes]),
        ),
        refused(
            "half a letter at the end",
            text(|size| [vec![b'\n'; size.bytes], vec![0xC3]].concat()),
        ),
    ]
}

fn utf16(text: &str, mark: &[u8], unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let units = text.encode_utf16().flat_map(unit);
    mark.iter().copied().chain(units).collect()
}
