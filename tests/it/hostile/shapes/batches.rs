//! Batches with many builds, and with many dependencies.

use super::{Shape, lines, long, many, numbered, read, text};

const LIST: &str = "version: 0.2\nbatch:\n  build-list:\n";
const GRAPH: &str = "version: 0.2\nbatch:\n  build-graph:\n";

pub(super) fn shapes() -> Vec<Shape> {
    vec![
        read(
            "builds",
            lines(LIST, |at| format!("    - identifier: b{at}")),
        ),
        read("empty builds", many(LIST, "    - {}\n", "")),
        read(
            "builds with one name",
            many(LIST, "    - identifier: b\n", ""),
        ),
        read(
            "builds with bad keys",
            many(LIST, "    - {identifer: b}\n", ""),
        ),
        read(
            "a long identifier",
            long(
                "version: 0.2\nbatch: {build-list: [{identifier: ",
                "-",
                "}]}\n",
            ),
        ),
        read(
            "a chain of builds",
            lines(GRAPH, |at| {
                build(&format!("b{at}"), &format!("b{}", at + 1))
            }),
        ),
        read(
            "a circle of builds",
            text(|size| {
                let needs = |at| format!("b{}", (at + 1) % size.count);
                let line = |at| build(&format!("b{at}"), &needs(at));
                numbered(GRAPH, size.count, line, "\n")
            }),
        ),
        read(
            "builds that all need each other",
            text(|size| {
                let builds = size.count.isqrt();
                let all = numbered("", builds, |at| format!("b{at}"), ", ");
                let line = |at| build(&format!("b{at}"), &all);
                numbered(GRAPH, builds, line, "\n")
            }),
        ),
        read(
            "builds that need what is not there",
            text(|size| {
                let needs = numbered("", size.count, |at| format!("c{at}"), ", ");
                let graph = format!("{GRAPH}{}\n", build("x", &needs));
                numbered(&graph, 400, |at| build(&format!("b{at}"), ""), "\n")
            }),
        ),
        read(
            "builds that need what has a similar name",
            text(|size| {
                let name = |at: usize| format!("{at:b>120}");
                let needs = numbered("", size.bytes / 250, |at| name(at + 1000), ", ");
                let graph = format!("{GRAPH}{}\n", build("x", &needs));
                numbered(&graph, 480, |at| build(&name(at), ""), "\n")
            }),
        ),
        read(
            "a matrix",
            lines(
                "version: 0.2\nbatch:\n  build-matrix:\n    dynamic:\n      env:\n        variables:\n",
                |at| format!("          K{at}: [a, b]"),
            ),
        ),
    ]
}

fn build(name: &str, needs: &str) -> String {
    format!("    - {{identifier: {name}, depend-on: [{needs}]}}")
}
