//! What a document has cost so far, and whether it may cost more.

use super::limits::{MAX_BYTES, MAX_VALUES};
use super::node::Weight;
use super::refusal::Reason;

/// What a document has cost so far.
#[derive(Debug, Default)]
pub(super) struct Budget {
    /// The keys and values in the text.
    read: usize,
    /// The keys and values that stand for aliases.
    aliased: usize,
    /// All that was copied, for aliases and to be at hand for them.
    copied: Weight,
}

impl Budget {
    /// Accounts for a key or value that begins on a line.
    pub(super) fn read(&mut self, line: usize) -> Result<(), Reason> {
        self.read += 1;
        if self.read + self.copied.values > MAX_VALUES {
            return Err(Reason::TooManyValues { line });
        }
        Ok(())
    }

    /// Accounts for a copy of what an alias may ask for.
    pub(super) fn keep(&mut self, weight: Weight) -> Result<(), Reason> {
        self.copied = self.copied.with(weight);
        if self.read + self.copied.values > MAX_VALUES || self.copied.bytes > MAX_BYTES {
            return Err(Reason::ExcessiveAliasing);
        }
        Ok(())
    }

    /// Accounts for a copy that takes the place of an alias.
    pub(super) fn alias(&mut self, weight: Weight) -> Result<(), Reason> {
        self.keep(weight)?;
        self.aliased += weight.values;
        // The rule of Go's yaml library, as far as it goes within the limits above: of more than a
        // thousand values, one in a hundred has to be written out.
        let all = self.read + self.aliased;
        if self.aliased > 100 && all > 1000 && self.aliased * 100 > all * 99 {
            return Err(Reason::ExcessiveAliasing);
        }
        Ok(())
    }
}
