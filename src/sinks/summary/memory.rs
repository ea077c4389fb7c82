//! Lack of memory, in the summary's words.

use std::fmt;

use crate::record::OutOfMemory;
use crate::resources::Memory;

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
