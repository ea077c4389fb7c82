//! Quoted texts whose lines stand too far left, which our parser does not take as they are.

use super::{Shape, fixed, long, read, refused, text};

const QUOTE: &str = "  - 'b\nc'\n";

pub(super) fn shapes() -> Vec<Shape> {
    vec![
        read(
            "quotes too far left",
            fixed(format!("version: 0.2\na:\n{}", QUOTE.repeat(50))),
        ),
        refused(
            "many quotes too far left",
            long("version: 0.2\na:\n", QUOTE, ""),
        ),
        read(
            "a long quote too far left",
            long("version: 0.2\na:\n  - 'b\n", "c\n", "'\n"),
        ),
        refused(
            "quotes too far left behind a long text",
            text(|size| {
                let long = "x".repeat(size.bytes);
                format!("version: 0.2\nx: '{long}'\na:\n{}", QUOTE.repeat(400))
            }),
        ),
        refused(
            "quotes too far left of what is far to the right",
            text(|size| {
                let blanks = " ".repeat(size.bytes / 4);
                let quotes = QUOTE.repeat(size.bytes / 2 / QUOTE.len());
                format!("version: 0.2\nx:\n{blanks}y: b\na:\n{quotes}")
            }),
        ),
    ]
}
