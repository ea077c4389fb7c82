//! What breaks around a build: it ends in time, says what happened, and leaves nothing.

mod clock;
mod container;
mod daemon;
mod disk;
mod garbage;
mod hung;
mod load;
mod network;
mod proxy;

use std::fs;

use crate::env::{Run, TestEnv};

/// How many builds have left something in the scratch directory.
fn leftovers(env: &TestEnv) -> usize {
    fs::read_dir(env.scratch()).map_or(0, Iterator::count)
}

/// Checks that cobuild did not break itself.
#[track_caller]
fn assert_whole(run: &Run) {
    assert!(!run.stderr.contains("panicked"), "{run}");
}
