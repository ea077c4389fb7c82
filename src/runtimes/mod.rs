//! Which runtimes a build image offers, and what a buildspec's `runtime-versions` select of them
//! (contract §1.7).
//!
//! Pure: the text of the image's table goes in and becomes a [`Table`]; [`select`] matches the
//! buildspec's list against it and returns what is to be said and what is to be run.

mod select;
mod table;
#[cfg(test)]
mod tests;
mod version;

pub use select::{Installation, SelectError, Selection, select};
pub use table::{Table, TableError};
