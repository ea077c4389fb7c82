//! How much a buildspec may hold.
//!
//! CodeBuild documents no limit for a file. An inline buildspec may have 25,600 characters (its
//! API refuses more with `Max buildspec length is 25600`), and the largest public file that we know
//! of has 95 kB with some 4,800 keys and values. The limits here are twenty times that, and what is
//! refused for them no author has written: they keep a hostile text from taking the machine. All of
//! them are assumed.

use super::Refusal;
use super::node::Weight;

/// How many bytes a buildspec may have: 2 MiB.
pub const MAX_BYTES: usize = 2 << 20;

/// How many keys and values a buildspec may have, with those that are copied for aliases.
pub(super) const MAX_VALUES: usize = 100_000;

/// How deep lists and maps may nest, aliases included.
///
/// No buildspec needs ten levels; the bound keeps every walk over the tree within the stack.
pub(super) const MAX_DEPTH: usize = 100;

/// How many bytes may be read again for the sake of a better message, or of what only our parser
/// minds.
pub(super) const MAX_REREAD: usize = 4 * MAX_BYTES;

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
    pub(super) fn read(&mut self, line: usize) -> Result<(), Refusal> {
        self.read += 1;
        if self.read + self.copied.values > MAX_VALUES {
            return Err(Refusal::too_many_values(line));
        }
        Ok(())
    }

    /// Accounts for a copy of what an alias may ask for.
    pub(super) fn keep(&mut self, weight: Weight) -> Result<(), Refusal> {
        self.copied = self.copied.with(weight);
        if self.read + self.copied.values > MAX_VALUES || self.copied.bytes > MAX_BYTES {
            return Err(Refusal::excessive_aliasing());
        }
        Ok(())
    }

    /// Accounts for a copy that takes the place of an alias.
    pub(super) fn alias(&mut self, weight: Weight) -> Result<(), Refusal> {
        self.keep(weight)?;
        self.aliased += weight.values;
        // The rule of Go's yaml library, as far as it goes within the limits above: of more than a
        // thousand values, one in a hundred has to be written out.
        let all = self.read + self.aliased;
        if self.aliased > 100 && all > 1000 && self.aliased * 100 > all * 99 {
            return Err(Refusal::excessive_aliasing());
        }
        Ok(())
    }
}
