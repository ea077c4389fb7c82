//! Long scripts, which the lints of `cobuild check` look into.

use super::{COMMANDS, Shape, Text, numbered, read, text};

pub(super) fn shapes() -> Vec<Shape> {
    let mut shapes = vec![
        read("a script of semicolons", script(";")),
        read("a script of short commands", script("a;")),
        read("a script of short lines", script("a\n        ")),
        read("a script of pipes", script("a|")),
        read("a script of pipes into tee", script("make|tee;")),
        read("a script of words", script("a ")),
        read("a script of bashisms", script("source x\n        ")),
        read("a script of functions", script("f() { a; }\n        ")),
        read("a script of bash functions", script("function f;")),
        read("a script of aliases", script("alias a=b;")),
        read("a script of arrays", script("a=(b) ")),
        read("a script of tests", script("[ a == b ];")),
        read("a script of here-documents", script("a <<E ")),
        read("a script of redirections", script("<(a) ")),
        read("a script of substitutions", script("$(")),
        read("a script of expansions", script("${")),
        read("a script of expansions in a word", script("${a/")),
        read("a script of unclosed expansions", script("${a/ ")),
        read("a script of arithmetic", script("$((")),
        read("a script of parentheses", script("(")),
        read("a script of quotes", script("\"$(")),
        read("a script of loops in one another", script("for i do ")),
        read(
            "a script of expansions in quotes, and quotes",
            text(|size| {
                let half = size.bytes / 2;
                let open = "${".repeat(half / 2);
                in_block(&format!("echo \"{open}{}", "'".repeat(half)))
            }),
        ),
    ];
    shapes.extend(different());
    shapes
}

/// A script of one thing again and again.
fn script(part: &'static str) -> Text {
    text(move |size| in_block(&part.repeat(size.bytes / part.len())))
}

fn in_block(script: &str) -> String {
    format!("{COMMANDS}      - |\n        {script}\n")
}

/// Scripts in which everything has another name.
fn different() -> Vec<Shape> {
    vec![
        read(
            "a script of different bashisms",
            text(|size| {
                let bashism = |at| format!("a=${{x{at}//b}}\n        ");
                in_block(&numbered("", size.bytes / 20, bashism, ""))
            }),
        ),
        read(
            "a script of different bashisms on one line",
            text(|size| {
                let bashism = |at| format!("${{x{at}//b}} ");
                in_block(&numbered("", size.bytes / 15, bashism, ""))
            }),
        ),
        read(
            "a script that uses one function",
            text(|size| {
                let uses = in_block(&"f;".repeat(size.bytes / 2));
                let define = "      - f() { a; }\n";
                uses.replacen(COMMANDS, &format!("{COMMANDS}{define}"), 1)
            }),
        ),
        read(
            "a script that uses different functions",
            text(|size| {
                let count = size.bytes / 25;
                let define = numbered("", count, |at| format!("f{at}(){{ a; }};"), "");
                let uses = numbered("", count, |at| format!("f{at};"), "");
                format!("{}      - {uses}\n", in_block(&define))
            }),
        ),
    ]
}
