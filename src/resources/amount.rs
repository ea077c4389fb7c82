//! Amounts of memory and processors.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wire::text_form;

/// The least memory that engines accept.
pub(super) const LEAST_MEMORY: Memory = Memory(6 << 20);

/// A number of bytes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Memory(pub u64);

impl Memory {
    /// Returns an amount in gibibytes.
    pub const fn gibibytes(count: u64) -> Self {
        Self(count << 30)
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
        let unit = units.into_iter().find(|(shift, _)| self.0 >> shift > 0);
        let Some((shift, name)) = unit else {
            return write!(f, "{} B", self.0);
        };
        let tenths = (u128::from(self.0) * 10) >> shift;
        match (tenths / 10, tenths % 10) {
            (whole, 0) => write!(f, "{whole} {name}"),
            (whole, tenth) => write!(f, "{whole}.{tenth} {name}"),
        }
    }
}

/// A share of the time of processors, in billionths of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cpus(pub(super) u64);

pub(super) const BILLION: u64 = 1_000_000_000;

impl Cpus {
    /// Returns a number of whole processors.
    pub const fn whole(count: u32) -> Self {
        Self(count as u64 * BILLION)
    }

    /// Returns the share in billionths of one processor.
    pub fn billionths(self) -> u64 {
        self.0
    }
}

text_form!(Cpus);

impl fmt::Display for Cpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / BILLION, self.0 % BILLION);
        if part == 0 {
            return write!(f, "{whole}");
        }
        let part = format!("{part:09}");
        write!(f, "{whole}.{}", part.trim_end_matches('0'))
    }
}
