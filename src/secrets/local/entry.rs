//! An entry of a secrets file.

use super::super::Secret;
use super::super::dotenv::DotenvError;

/// A line of a secrets file that cannot be read. Nothing of the line itself is told.
pub type SecretsFileError = DotenvError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) value: Secret,
    /// Whether it is written as an object, of which a value is to be taken.
    pub(super) is_object: bool,
}
