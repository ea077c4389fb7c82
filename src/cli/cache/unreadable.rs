//! A store that cannot be used.

use std::io;

use anyhow::Context as _;

use crate::cache::Store;
use crate::cli::failure::Failure;

/// Names the store in an error.
pub(super) fn unreadable<T>(result: io::Result<T>, store: &Store) -> Result<T, Failure> {
    result
        .with_context(|| format!("cannot use the caches in `{}`", store.root().display()))
        .map_err(Failure::no_verdict)
}
