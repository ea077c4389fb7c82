//! Writes masked text, with one mask for each run of bytes.

use std::ops::Range;

/// The replacement of a secret.
pub const MASK: &str = "***";

/// Writes masked text.
#[derive(Debug, Default)]
pub(super) struct Writer {
    /// Whether what was written last is a mask.
    pub(super) in_mask: bool,
}

impl Writer {
    /// Appends a part of a text, of which the secrets are given in order.
    pub(super) fn write(
        &mut self,
        text: &[u8],
        part: Range<usize>,
        secrets: &[Range<usize>],
        out: &mut Vec<u8>,
    ) {
        let mut at = part.start;
        for secret in secrets {
            let start = secret.start.clamp(at, part.end);
            let end = secret.end.clamp(at, part.end);
            self.plain(&text[at..start], out);
            self.masked(&text[start..end], out);
            at = end;
        }
        self.plain(&text[at..part.end], out);
    }

    fn plain(&mut self, text: &[u8], out: &mut Vec<u8>) {
        if !text.is_empty() {
            out.extend_from_slice(text);
            self.in_mask = false;
        }
    }

    fn masked(&mut self, text: &[u8], out: &mut Vec<u8>) {
        let mut at = 0;
        for end in memchr::memchr2_iter(b'\n', b'\r', text).chain([text.len()]) {
            if at < end && !self.in_mask {
                out.extend_from_slice(MASK.as_bytes());
                self.in_mask = true;
            }
            self.plain(&text[end..text.len().min(end + 1)], out);
            at = end + 1;
        }
    }
}
