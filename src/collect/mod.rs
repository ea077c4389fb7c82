//! Brings out of the container what a build made.
//!
//! `listing` says what is there, `search` which of it an artifact is made of, and `names` holds that.
//! `fetch` has the image's own `tar` pack exactly these files, or the engine where there is none
//! (`whole`); `bridge` and `entries` read that stream, `placing` writes the files into the directory that
//! `staging` made, and `publish` moves them, or the `zip` that is made of them, into their place.
//! `notice` words what people should know of it.

mod bridge;
mod entries;
mod error;
pub mod fetch;
pub mod listing;
pub mod names;
pub mod notice;
mod placing;
pub mod publish;
pub mod search;
pub mod staging;
mod whole;
pub mod zip;

pub use error::CollectError;
