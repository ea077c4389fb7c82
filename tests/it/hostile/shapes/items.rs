//! Many items of lists.

use super::{COMMAND_LIST, COMMANDS, Shape, lines, many, read, refused};

pub(super) fn shapes() -> Vec<Shape> {
    vec![
        read("commands", lines(COMMANDS, |at| format!("      - c{at}"))),
        read("commands in brackets", many(COMMAND_LIST, "a,", "a]}}\n")),
        read("nulls", many(COMMANDS, "      -\n", "")),
        read("nulls in brackets", many(COMMAND_LIST, "~,", "~]}}\n")),
        refused("maps as commands", many(COMMANDS, "      - a: b\n", "")),
        refused("lists as commands", many(COMMAND_LIST, "[],", "[]]}}\n")),
        read("bashisms", many(COMMANDS, "      - source x\n", "")),
        read(
            "bashisms in brackets",
            many(COMMAND_LIST, "source x,", "a]}}\n"),
        ),
        read(
            "functions",
            lines(COMMANDS, |at| {
                format!("      - f{at}() {{ f{}; }}", at.saturating_sub(1))
            }),
        ),
        read("options", many(COMMANDS, "      - set -e\n", "")),
        read("small blocks", many(COMMANDS, "      - |\n        x\n", "")),
        read(
            "files",
            many("version: 0.2\nartifacts:\n  files:\n", "    - '!x'\n", ""),
        ),
        read(
            "paths of the cache",
            many("version: 0.2\ncache:\n  paths:\n", "    - x\n", ""),
        ),
        read("an unknown list", many("version: 0.2\nx: [", "a,", "a]\n")),
        refused("a list at the top", many("", "- a\n", "")),
        read(
            "pairs in brackets",
            many("version: 0.2\nx: [", "a: b,", "a: b]\n"),
        ),
    ]
}
