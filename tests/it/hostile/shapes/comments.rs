//! Comments that silence warnings.

use super::{HEAD, Shape, lines, listed, long, many, read, text};

pub(super) fn shapes() -> Vec<Shape> {
    vec![
        read(
            "comments that allow",
            many(HEAD, "# cobuild: allow(bs101)\nx: y\n", ""),
        ),
        read(
            "comments that allow nothing",
            many(HEAD, "# cobuild: allow(nothing)\n", ""),
        ),
        read(
            "one comment that allows nothing",
            long("version: 0.2 # cobuild: allow(", "x,", ")\n"),
        ),
        read(
            "comments that are not closed",
            long(HEAD, "# cobuild: allow( ", "\n"),
        ),
        read(
            "allowed unknown keys",
            lines("# cobuild: allow(unknown-key)\nversion: 0.2\n", |at| {
                format!("phase{at}: x")
            }),
        ),
        read(
            "allowed bashisms",
            many(
                "# cobuild: allow(bashism)\nversion: 0.2\nphases:\n  build:\n    commands:\n",
                "      - source x\n",
                "",
            ),
        ),
        read(
            "allowed references on one line",
            listed(
                "# cobuild: allow(literal-variable)\nversion: 0.2\nenv: {variables: {",
                |at| format!("k{at}: $k{at}x"),
                "}}\n",
            ),
        ),
        read(
            "allowed exports",
            text(|size| {
                let head =
                    "# cobuild: allow(unset-export)\nversion: 0.2\nenv:\n  exported-variables: |\n";
                super::numbered(head, size.bytes / 16, |at| format!("    k{at}x"), "\n")
            }),
        ),
    ]
}
