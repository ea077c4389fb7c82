//! Keeps the end of a long text.

/// The last pushed bytes, in at most twice as much memory.
#[derive(Debug, Default)]
pub(in crate::runner) struct Tail {
    bytes: Vec<u8>,
    limit: usize,
}

impl Tail {
    /// Makes one that keeps `limit` bytes.
    pub(in crate::runner) fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            limit,
        }
    }

    /// How many bytes it keeps.
    pub(in crate::runner) fn limit(&self) -> usize {
        self.limit
    }

    /// Adds bytes at the end.
    pub(in crate::runner) fn push(&mut self, bytes: &[u8]) {
        let kept = &bytes[bytes.len().saturating_sub(self.limit)..];
        // Cut only now and then, so that short pieces cost no moving.
        if self.bytes.len() + kept.len() > 2 * self.limit {
            self.cut(self.limit - kept.len());
        }
        self.bytes.extend_from_slice(kept);
    }

    /// Takes the kept bytes and starts anew.
    pub(in crate::runner) fn take(&mut self) -> Vec<u8> {
        self.cut(self.limit);
        std::mem::take(&mut self.bytes)
    }

    fn cut(&mut self, length: usize) {
        let surplus = self.bytes.len().saturating_sub(length);
        self.bytes.drain(..surplus);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_kept_however_it_comes() {
        let text: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for limit in [0, 1, 7, 100, 999, 1000, 2000] {
            for size in [1, 3, 50, 150, 1000] {
                let mut tail = Tail::new(limit);
                tail.push(b"what was before");
                tail.take();
                for piece in text.chunks(size) {
                    tail.push(piece);
                    assert!(tail.bytes.len() <= 2 * limit, "{limit} by {size}");
                }
                let end = &text[text.len().saturating_sub(limit)..];
                assert_eq!(tail.take(), end, "{limit} by {size}");
                assert_eq!(tail.take(), b"");
            }
        }
    }
}
