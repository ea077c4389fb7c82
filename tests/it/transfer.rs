//! What of the source reaches the build, by which way, and what the build made of it.

mod changes;
mod excludes;
pub(crate) mod facts;
mod git;
mod hostile;
mod limits;
mod metadata;

use std::path::Path;

use crate::env::TestEnv;
pub(crate) use crate::source::shell;

/// The two ways to an isolated view.
pub(crate) const COPY_ON_WRITE: &[&str] = &["--source-transfer", "copy-on-write"];
const TAR: &[&str] = &["--source-transfer", "tar"];
pub(crate) const BOTH: [&[&str]; 2] = [COPY_ON_WRITE, TAR];

/// Everything about a tree that a build must not change.
#[track_caller]
pub(crate) fn fingerprint(tree: &Path) -> String {
    let listing = "find . -printf '%y %m %U:%G %s %T@ %P -> %l\\0' | LC_ALL=C sort -z; \
        find . -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum -z";
    shell(tree, &format!("{{ {listing}; }} | sha256sum"))
}

/// Runs the build and sees that it succeeds and leaves its source alone.
#[track_caller]
pub(crate) fn succeeds(env: &TestEnv) -> crate::env::Run {
    let before = fingerprint(&env.source());
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(fingerprint(&env.source()), before, "{run}");
    run
}
