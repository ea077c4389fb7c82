//! The programs that CodeBuild puts on the path of every build (contract §1.9, §1.10, §4.1).
//!
//! They are one text of functions, and a file for each program that reads it. It runs in every shell that
//! is an image's `sh` (dash, bash, busybox), with the tools of the image where they are there and in plain
//! shell where they are not.
//!
//! # `codebuild-glob-search GLOB…`
//!
//! Documented (User Guide, parallel-test-glob-search): the files of the working directory that match, one
//! a line, relative to it, no directories; `*` stands for any characters but a slash, `**` for any at all,
//! and a message says so when nothing matches. Its samples show that `**/` stands for no directory too,
//! that several patterns are taken, and that it is called as a command of its own where there may be no
//! match.
//!
//! Assumed:
//! - the status is 0 when nothing matches, and the message goes to stderr, so that nobody takes it for files;
//! - paths are in the order of their bytes, each once, without a leading `./`;
//! - hidden files match as others do, those of `.git` too;
//! - `?`, `[…]`, `{a,b}` and backslashes mean what they mean in shells, `?` a byte;
//! - `**` follows no link to a directory, everything else does;
//! - a file whose name is of several lines is left out, with a message.
//!
//! # `codebuild-hash-files GLOB…`
//!
//! Documented (User Guide, caching-s3): a SHA-256 for the files that match, as hex digits; patterns as
//! above.
//!
//! Assumed: it is the SHA-256 of the files' own SHA-256s, sorted, each a line of hex digits. So names,
//! and the order of patterns, do not count. When nothing matches there is no digest, but a message and
//! status 1. Patterns are relative to the working directory.
//!
//! # `codebuild-tests-run`
//!
//! Documented (User Guide, parallel-test-tests-run and parallel-test-splitting): `--test-command` and
//! `--files-search`, both needed, and `--sharding-strategy equal-distribution` (the default) or
//! `stability`. The search prints files, one a line. Those of this shard go behind the test command, with
//! blanks between them, and into `CODEBUILD_CURRENT_SHARD_FILES`, a line each, which only the test command
//! sees. Equal distribution sorts the files and deals them out in runs whose lengths differ by one at the
//! most; stability hashes names consistently.
//!
//! Inferred: a test command that names `CODEBUILD_CURRENT_SHARD_FILES` gets nothing behind it. Every
//! documented sample with the variable (Maven, Django, Kotlin) would fail otherwise.
//!
//! Assumed:
//! - both commands run in `sh`, and the status is that of the test command;
//! - files are sorted by bytes, each is taken once, and the first runs are the longer ones;
//! - a name with anything special in it is quoted behind the command;
//! - a shard without files runs nothing and succeeds, since test programs without arguments run everything;
//! - a search that finds nothing at all fails with 1, one that fails passes on its status;
//! - what is not understood fails with 2.
//!
//! AWS says that variables tell a build its place among the shards, and nowhere which: [`SHARD_INDEX`] and
//! [`SHARD_COUNT`] are ours. A build without them is the only shard.

use crate::plan::layout;
use crate::runner::container::program::{Program, compact};

/// What the programs are made of.
const PARTS: [&str; 6] = [
    include_str!("user_bin/prologue.sh"),
    include_str!("user_bin/glob.sh"),
    include_str!("user_bin/sha256.sh"),
    include_str!("user_bin/hash_files.sh"),
    include_str!("user_bin/glob_search.sh"),
    include_str!("user_bin/tests_run.sh"),
];

/// The programs, and the function that each of them is.
const PROGRAMS: [(&str, &str); 3] = [
    ("codebuild-hash-files", "hash_files"),
    ("codebuild-glob-search", "glob_search"),
    ("codebuild-tests-run", "tests_run"),
];

/// The build's place among the shards, counted from 0 (assumed).
const SHARD_INDEX: &str = "COBUILD_SHARD_INDEX";

/// How many shards there are (assumed).
const SHARD_COUNT: &str = "COBUILD_SHARD_COUNT";

/// Brings [`library`] into the container: by far the quickest way there. The worker unsets it.
pub(in crate::runner) const VARIABLE: &str = "COBUILD_LIBRARY";

/// Puts the programs on the path, and `more` of them, each with its name.
pub(in crate::runner) fn install<'a>(
    program: &mut Program,
    more: impl IntoIterator<Item = (&'a str, String)>,
) {
    program.call("cobuild_write_library", &[layout::USER_LIBRARY]);
    let own = PROGRAMS.map(|(name, function)| (name, stub(name, function, layout::USER_LIBRARY)));
    let mut paths = Vec::new();
    for (name, text) in own.into_iter().chain(more) {
        let path = format!("{}/{name}", layout::USER_BIN);
        program.call("cobuild_write", &[&path, &text]);
        paths.push(path);
    }
    let mut words = vec!["755"];
    words.extend(paths.iter().map(String::as_str));
    program.call("chmod", &words);
}

/// A program: the name that its messages begin with, and the function that it is.
fn stub(name: &str, function: &str, library: &str) -> String {
    format!("#!/bin/sh\ncobuild_program={name}\n. {library}\n{function} \"$@\"\n")
}

/// The functions of all programs.
pub(in crate::runner) fn library() -> String {
    let place =
        format!("cobuild_index=${{{SHARD_INDEX}:-0}} cobuild_count=${{{SHARD_COUNT}:-1}}\n");
    place + &compact(PARTS.iter().flat_map(|part| part.lines()))
}

#[cfg(test)]
mod tests;
