//! How a walk through a tree of the container ends.

use std::time::Duration;

/// How long the container may be silent while it lists files.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// How a walk through a tree ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walked {
    Whole,
    /// Who takes the files wanted no more.
    Refused,
    /// Nothing came for too long.
    Silent,
    /// An engine would have to pack too much.
    TooLarge,
}
