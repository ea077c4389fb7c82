//! The shells that ask cobuild itself what can come next.

use clap::ValueEnum;

/// A shell that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Asking {
    Bash,
    Zsh,
    Fish,
}
