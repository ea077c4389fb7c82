//! Anchors, aliases and merge keys.

use super::{HEAD, Shape, fixed, lines, many, numbered, read, refused, text};

pub(super) fn shapes() -> Vec<Shape> {
    vec![
        read("anchors", lines(HEAD, |at| format!("k{at}: &a{at} x"))),
        read("one anchor", lines(HEAD, |at| format!("k{at}: &a x"))),
        read(
            "anchors with an alias each",
            lines(HEAD, |at| format!("k{at}: [&a{at} x, *a{at} ]")),
        ),
        read(
            "anchors in anchors",
            text(|size| {
                let open = numbered("version: 0.2\nx: ", 75, |at| format!("&a{at} ["), "");
                open + &"x,".repeat(size.count) + &"]".repeat(75) + "\n"
            }),
        ),
        refused(
            "nested anchors",
            fixed(format!("{HEAD}{}", "&a [".repeat(20_000))),
        ),
        read(
            "aliases to one anchor",
            many("version: 0.2\na: &a x\nb: [", "*a ,", "*a ]\n"),
        ),
        refused(
            "aliases to nothing",
            many("version: 0.2\nb: [", "*a ,", "*a ]\n"),
        ),
        refused("an alias to itself", fixed("version: 0.2\na: &a [*a ]\n")),
        read(
            "aliases to a long text",
            text(|size| aliases(&"x".repeat(size.bytes / 10), 7)),
        ),
        refused(
            "many aliases to a long text",
            text(|size| aliases(&"x".repeat(size.bytes / 10), 10_000)),
        ),
        refused("a billion laughs", fixed(laughs(10, 10))),
        refused("a billion laughs, wide", fixed(laughs(1000, 4))),
        refused("a billion laughs, deep", fixed(laughs(2, 150))),
        refused("a billion laughs, merged", fixed(merged_laughs(40))),
        read(
            "merge keys in one map",
            many("version: 0.2\na: &a {x: y}\nb:\n", "  <<: *a\n", ""),
        ),
        read(
            "merge keys with many maps",
            text(|size| {
                let map = |at| format!("k{at}: &k{at} {{x{at}: y}}");
                let maps = numbered(HEAD, size.count / 4, map, "\n");
                let merge = |at| format!("  <<: *k{at}");
                numbered(&format!("{maps}b:\n"), size.count / 4, merge, "\n")
            }),
        ),
        read(
            "a merge key with a long list",
            many("version: 0.2\na: &a {x: y}\nb:\n  <<: [", "*a ,", "*a ]\n"),
        ),
    ]
}

fn aliases(text: &str, count: usize) -> String {
    format!("{HEAD}a: &a {text}\nb: [{}]\n", "*a ,".repeat(count))
}

/// Each anchor stands for so many times the one before.
fn laughs(times: usize, levels: usize) -> String {
    let level = |level: usize| {
        let before = match level {
            0 => "lol, ".to_owned(),
            _ => format!("*a{}, ", level - 1),
        };
        format!("a{level}: &a{level} [{}]", before.repeat(times))
    };
    numbered(HEAD, levels, level, "\n")
}

/// The same with merge keys.
fn merged_laughs(levels: usize) -> String {
    let level = |level: usize| {
        let merge = format!("<<: *a{level}");
        let next = level + 1;
        format!("a{next}: &a{next} {{k{next}a: {{{merge}}}, k{next}b: {{{merge}}}, {merge}}}")
    };
    numbered(&format!("{HEAD}a0: &a0 {{x: lol}}\n"), levels, level, "\n")
}
