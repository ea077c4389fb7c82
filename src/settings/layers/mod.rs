//! Settings in layers: flags, variables, files, each value with its origin.
//!
//! A layer is a list of [`Entry`]s: the name of a flag, one value as the flag takes it, and where it was
//! written. This module reads files and variables into entries, says which of them reach beyond the
//! container, and merges layers. It knows the flags only by their description ([`Flags`]), which the
//! command line hands over, and looks at nothing of this machine.

mod anchor;
mod brief;
mod entry;
mod error;
mod file;
mod flags;
mod guard;
mod merge;
mod origin;
mod path_part;
mod reach;
mod schema;
mod variables;

pub use anchor::anchor;
pub use brief::brief;
pub use entry::Entry;
pub use error::LayerError;
pub use file::{FileLayers, FileText, read_file};
pub use flags::{Flag, Flags, Form, ValueCheck, most_alike};
pub use guard::keep_guards;
pub use merge::{exclusion, is_primary_source, merge};
pub use origin::Origin;
pub use path_part::PathPart;
pub use reach::{Breach, RULES, Reach, Rule, breaches, rule};
pub use schema::schema;
pub use variables::{OTHERS, OddVariable, VariableLayer, read_variables, variable};
