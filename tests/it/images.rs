//! Images: where they are had, how they are pulled, and why not.

mod credentials;
mod failures;
mod listing;
mod progress;
mod proxy;
mod pulls;
mod registry;

use crate::env::{Run, TestEnv};

/// A build in this image.
fn build(image: &str) -> TestEnv {
    TestEnv::new()
        .image(image)
        .build_command("echo $CODEBUILD_BUILD_IMAGE")
}

/// Asserts that PROVISIONING failed for an image, in the cloud's words, and that there is one hint
/// with each of these texts.
#[track_caller]
fn assert_not_had(run: &Run, words: &str, hints: &[&str]) {
    run.assert_failed();
    let context = "> Phase context status code: BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE Message: Unable to pull customer's container image. CannotPullContainerError: Error response from daemon: ";
    let log = run.log();
    let reason = log
        .split_once(context)
        .unwrap_or_else(|| panic!("no such context in: {run}"))
        .1;
    assert!(reason.contains(words), "no `{words}` in: {run}");
    let given: Vec<&str> = run
        .stderr
        .lines()
        .filter(|line| line.starts_with("hint: "))
        .collect();
    assert_eq!(given.len(), 1, "{run}");
    for hint in hints {
        assert!(given[0].contains(hint), "no `{hint}` in: {run}");
    }
}
