//! Lack of memory, in the summary's words.

use std::fmt;

use crate::resources::Memory;

/// The kernel killed a process of the build for lack of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OutOfMemory {
    /// How much the build may use, in bytes.
    pub(super) limit: Option<u64>,
}

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.limit {
            Some(limit) => write!(
                f,
                "killed: out of memory (limit {}); --memory gives more",
                Memory(limit)
            ),
            None => f.write_str("killed: out of memory; the machine of the engine has no more"),
        }
    }
}
