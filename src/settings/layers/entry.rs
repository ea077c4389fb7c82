//! A value of a layer.

use std::ffi::OsString;

use super::origin::Origin;

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
