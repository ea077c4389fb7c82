//! Who writes to programs in a container: nobody may wait there for one that reads nothing.

use super::{assert_none, offences};

/// Ways to come by the stdin of a container, or of a process in it.
const STDIN: &[&str] = &[
    "engine.spawn(",
    "process.input",
    "attachment.input",
    "streams.input",
];

/// Who has it, and how it does not wait.
const WRITES: &[(&str, &str)] = &[
    ("engine/exchange.rs", "writes while the output is read"),
    ("engine/process.rs", "hands it to `exchange`"),
    ("runner/container/driver.rs", "reads the output meanwhile"),
    ("cli/debug/shell.rs", "shows the output meanwhile"),
];

#[test]
fn programs_in_a_container_are_written_to_in_few_places() {
    let found = offences(STDIN, |source| {
        WRITES.iter().any(|(file, _)| source.is(file))
    });
    assert_none(
        &found,
        "a program in a container is fed through `engine::process`",
    );
    let idle: Vec<String> = WRITES
        .iter()
        .filter(|(file, _)| offences(STDIN, |source| !source.is(file)).is_empty())
        .map(|(file, _)| (*file).to_owned())
        .collect();
    assert_none(&idle, "these write nothing any more");
}
