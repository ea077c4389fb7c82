//! How much a build may hand over to cobuild.

/// The longest value or file that is read, in bytes: eight times what the kernel takes for a variable.
pub(super) const LONGEST_VALUE: usize = 1024 * 1024;

/// The limit for all values that a build expands, in bytes.
pub(super) const MOST_VALUES: usize = 8 * LONGEST_VALUE;
