//! Values for a buildspec from the parameter store and Secrets Manager (contract §1.4).
//!
//! [`Providers`] asks one [`SecretProvider`] after the other, and takes from the answer the part
//! that the reference names. Two providers are [`local`]: a file, and variables of this machine.
//! Nothing here does I/O; a provider may.
//!
//! A value is always a [`Secret`], so that no `Debug` shows it.

mod dotenv;
mod json_key;
pub mod local;
mod lookup_error;
mod provider;
mod reference;
mod secret;

pub use dotenv::{DotenvEntry, DotenvError, read_dotenv};
pub use lookup_error::{LookupError, StoreError};
pub use provider::{Lookup, Providers, SecretProvider, SecretRequest, StoredSecret};
pub use reference::{ReferenceError, SecretReference, SecretVersion};
pub use secret::Secret;
