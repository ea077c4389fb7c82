//! Why a value of a store is not to be had.

use super::reference::ReferenceError;

/// The error of a store in its own words, such as `AccessDeniedException: …`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// Why a lookup failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    #[error("no value was given for it")]
    Missing,
    #[error("the reference cannot be used: {0}")]
    Reference(#[from] ReferenceError),
    #[error("the secret is not a JSON object, so it has no key `{key}`")]
    NoObject { key: String },
    #[error("the secret has no key `{key}`")]
    NoKey { key: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}
