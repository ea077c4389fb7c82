//! Selects the runtimes of `runtime-versions` from those of the build image (contract §1.7).
//!
//! Pure: parses the text of the image's table into a [`Table`]; [`select`] matches the list of the
//! buildspec against it and returns the log lines and the commands to run.

mod select;
mod table;
#[cfg(test)]
mod tests;
mod version;

pub use select::{Installation, SelectError, Selection, select};
pub use table::{Table, TableError};
