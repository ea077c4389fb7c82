//! How much a buildspec may hold.
//!
//! CodeBuild documents no limit for a file. An inline buildspec may have 25,600 characters (its
//! API refuses more with `Max buildspec length is 25600`), and the largest public file that we know
//! of has 95 kB with some 4,800 keys and values. The limits here are twenty times that, and what is
//! refused for them no author has written: they keep a hostile text from taking the machine. All of
//! them are assumed.

/// How many bytes a buildspec may have: 2 MiB.
pub const MAX_BYTES: usize = 2 << 20;

/// How many keys and values a buildspec may have, with those that are copied for aliases.
pub(super) const MAX_VALUES: usize = 100_000;

/// How deep lists and maps may nest, aliases included.
///
/// No buildspec needs ten levels; the bound keeps every walk over the tree within the stack.
pub(super) const MAX_DEPTH: usize = 100;

/// The kinds of batch.
pub(super) const BATCH_KINDS: [&str; 4] =
    ["build-list", "build-graph", "build-matrix", "build-fanout"];

/// An identifier of a build of a batch has fewer characters than this.
pub(super) const MOST_CHARACTERS: usize = 128;
