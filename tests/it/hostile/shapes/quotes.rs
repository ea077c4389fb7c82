//! Quoted texts whose lines stand further left than the list that they are in, as libyaml allows.

use super::{Shape, fixed, long, read, text};

const QUOTE: &str = "  - 'b\nc'\n";

pub(super) fn shapes() -> Vec<Shape> {
    vec![
        read(
            "quotes too far left",
            fixed(format!("version: 0.2\na:\n{}", QUOTE.repeat(50))),
        ),
        read(
            "many quotes too far left",
            long("version: 0.2\na:\n", QUOTE, ""),
        ),
        read(
            "a long quote too far left",
            long("version: 0.2\na:\n  - 'b\n", "c\n", "'\n"),
        ),
        read(
            "quotes too far left behind a long text",
            text(|size| {
                let long = "x".repeat(size.bytes);
                format!("version: 0.2\nx: '{long}'\na:\n{}", QUOTE.repeat(400))
            }),
        ),
        read(
            "quotes too far left of what is far to the right",
            text(|size| {
                let blanks = " ".repeat(size.bytes / 4);
                let quotes = QUOTE.repeat(size.bytes / 2 / QUOTE.len());
                format!("version: 0.2\nx:\n{blanks}y: b\na:\n{quotes}")
            }),
        ),
    ]
}
