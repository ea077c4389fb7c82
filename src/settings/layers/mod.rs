//! Settings in layers: flags, variables, files, each value with its origin.
//!
//! A layer is a list of [`Entry`]s: the name of a flag, one value as the flag takes it, and where it was
//! written. This module reads files and variables into entries, says which of them reach beyond the
//! container, and merges layers. It knows the flags only by their description ([`Flags`]), which the
//! command line hands over, and looks at nothing of this machine.

mod anchor;
mod brief;
mod error;
mod file;
mod flags;
mod guard;
mod merge;
mod origin;
mod reach;
mod schema;
mod variables;

use std::ffi::OsString;

pub use anchor::anchor;
pub use brief::brief;
pub use error::LayerError;
pub use file::{FileLayers, FileText, read_file};
pub use flags::{Flag, Flags, Form, ValueCheck, most_alike};
pub use guard::keep_guards;
pub use merge::{exclusion, is_primary_source, merge};
pub use origin::Origin;
pub use reach::{Breach, PathPart, RULES, Reach, Rule, breaches, rule};
pub use schema::schema;
pub use variables::{OTHERS, OddVariable, VariableLayer, read_variables, variable};

/// One value of a flag. A flag that takes a list has an entry for each of its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The long name of the flag, without dashes.
    pub name: String,
    /// The value as the flag takes it; `true` or `false` for a switch.
    pub value: OsString,
    /// Where it was written.
    pub origin: Origin,
}

impl Entry {
    /// The value as text, for what only reads it.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        self.value.to_string_lossy()
    }
}
