//! Who opens files: the doors of `host`, and few others, each with its reason.

use super::{assert_none, module, offences};

/// Ways to open a file, or to read something to its end.
const OPENING: &[&str] = &[
    "File::open",
    "File::options",
    "OpenOptions",
    "fs::read(",
    "fs::read_to_string(",
    "fs::OFlags",
    ".read_to_end(",
    ".read_to_string(",
    "io::read_to_string(",
];

/// Who does so besides the doors of `host`, and why a repository, a build or an image has no part in it.
const OPENS: &[(&str, &str)] = &[
    ("cache/publish.rs", "the store is ours"),
    ("cli/debug/terminal.rs", "the user's terminal"),
    (
        "artifacts/entries.rs",
        "a name in a tar, whose length is known and bounded",
    ),
    (
        "artifacts/file_writer.rs",
        "makes what has just been brought out, in a directory of ours",
    ),
    (
        "artifacts/publish.rs",
        "what has just been brought out, in a directory of ours",
    ),
    ("artifacts/staging.rs", "locks of directories of ours"),
    ("artifacts/zip.rs", "the zip that has just been made"),
    (
        "doctor/credentials.rs",
        "the user's settings of docker and podman",
    ),
    ("engine/docker/facts.rs", "`/proc`"),
    (
        "engine/docker/ssh.rs",
        "the words of the user's `ssh`, bounded",
    ),
    (
        "engine/docker/tls.rs",
        "the user names them: keys and certificates",
    ),
    (
        "engine/endpoint/contexts.rs",
        "the user's settings of docker",
    ),
    (
        "engine/podman.rs",
        "the words of the user's `podman`, bounded",
    ),
    (
        "registry_credentials/helper.rs",
        "what a helper of the user's says, bounded",
    ),
    ("ownership.rs", "`/proc`"),
    ("ownership/process.rs", "`/proc`"),
    (
        "runner/cache/filter.rs",
        "a name in a tar, whose length is known and bounded",
    ),
    ("settings/certificate.rs", "the user names it, bounded"),
    ("settings/secrets_file.rs", "the user names it"),
    (
        "settings/sources.rs",
        "the user names it; it is seen to be a file, and its first bytes are read",
    ),
    ("settings/state.rs", "our own state"),
    (
        "settings/buildspec_file.rs",
        "what the user's shell hands over, bounded",
    ),
    (
        "source/git/checkout.rs",
        "the words of the host's git, bounded",
    ),
    (
        "source/git/command.rs",
        "the words of the host's git, bounded",
    ),
    ("source/mounts.rs", "`/proc` and `/sys`"),
    (
        "source/unzip.rs",
        "the user names the zip; what is unpacked is made in a directory of ours",
    ),
];

#[test]
fn only_the_doors_open_files_of_others() {
    let found = offences(OPENING, |source| {
        module(source) == "host" || OPENS.iter().any(|(file, _)| source.is(file))
    });
    assert_none(&found, "files that others made are opened by `host` alone");
    let idle: Vec<String> = OPENS
        .iter()
        .filter(|(file, _)| offences(OPENING, |source| !source.is(file)).is_empty())
        .map(|(file, _)| (*file).to_owned())
        .collect();
    assert_none(&idle, "these open nothing any more");
}
