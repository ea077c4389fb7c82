//! Values that a buildspec wants from the parameter store or from Secrets Manager (contract §1.4).
//!
//! [`Providers`] asks one [`SecretProvider`] after the other and takes of an answer what the reference
//! names. Two providers are [`local`]: a file, and variables of this machine. Nothing here touches the
//! world; what a provider does is its own affair.
//!
//! A value is a [`Secret`] on all of its way, so that no `Debug` shows it.

mod json_key;
pub mod local;
mod provider;
mod reference;
mod secret;

pub use provider::{
    Lookup, LookupError, Providers, SecretProvider, SecretRequest, StoreError, StoredSecret,
};
pub use reference::{ReferenceError, SecretReference, SecretVersion};
pub use secret::Secret;
