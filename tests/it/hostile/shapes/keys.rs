//! Many keys.

use super::{
    HEAD, Shape, VARIABLE_MAP, VARIABLES, lines, listed, many, numbered, read, refused, text,
};

pub(super) fn shapes() -> Vec<Shape> {
    vec![
        read("unknown keys", lines(HEAD, |at| format!("k{at}: x"))),
        read("keys without values", lines(HEAD, |at| format!("k{at}:"))),
        read("one unknown key", many(HEAD, "image: x\n", "")),
        read("one known key", many("", "version: 0.2\n", "")),
        read("keys in braces", many("{version: 0.2, ", "a,", "a}\n")),
        refused("maps as keys", many(HEAD, "{a: b}: c\n", "")),
        read("variables", lines(VARIABLES, |at| format!("    k{at}: x"))),
        read("one variable", many(VARIABLES, "    k: x\n", "")),
        read(
            "variables on one line",
            listed(VARIABLE_MAP, |at| format!("k{at}: x"), "}}\n"),
        ),
        read(
            "references",
            lines(VARIABLES, |at| format!("    k{at}: $x{at}")),
        ),
        read(
            "references on one line",
            listed(VARIABLE_MAP, |at| format!("k{at}: $k{at}x"), "}}\n"),
        ),
        read(
            "variables of version 0.1",
            text(|size| {
                let part = |head: &str, letter: char| {
                    let line = |at| format!("    {letter}{at}: x");
                    numbered(head, size.count / 2, line, "\n")
                };
                part("version: 0.1\nenv:\n  variables:\n", 'a')
                    + &part("environment_variables:\n  plaintext:\n", 'b')
            }),
        ),
        read(
            "secrets",
            lines("version: 0.2\nenv:\n  secrets-manager:\n", |at| {
                format!("    k{at}: ':x'")
            }),
        ),
        read(
            "exported variables in one text",
            many("version: 0.2\nenv:\n  exported-variables: '", "K ", "'\n"),
        ),
        read(
            "exported variables on one line",
            listed(
                "version: 0.2\nenv: {exported-variables: [",
                |at| format!("k{at}x"),
                "]}\n",
            ),
        ),
        refused(
            "phases that do not exist",
            lines("version: 0.2\nphases:\n", |at| format!("  k{at}: x")),
        ),
        read(
            "one phase",
            many("version: 0.2\nphases:\n", "  build:\n", ""),
        ),
        read(
            "keys of a phase",
            lines("version: 0.2\nphases:\n  build:\n", |at| {
                format!("    k{at}: x")
            }),
        ),
        read(
            "runtimes",
            lines(
                "version: 0.2\nphases:\n  install:\n    runtime-versions:\n",
                |at| format!("      k{at}: 1"),
            ),
        ),
        read(
            "reports",
            lines("version: 0.2\nreports:\n", |at| {
                format!("  k{at}: {{file-format: x}}")
            }),
        ),
        read(
            "secondary artifacts",
            lines("version: 0.2\nartifacts:\n  secondary-artifacts:\n", |at| {
                format!("    k{at}: {{files: '!x'}}")
            }),
        ),
        read(
            "empty secondary artifacts",
            lines("version: 0.2\nartifacts:\n  secondary-artifacts:\n", |at| {
                format!("    k{at}:")
            }),
        ),
    ]
}
