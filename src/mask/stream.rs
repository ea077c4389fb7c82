//! Masks output that comes in chunks.

use std::fmt;

use bytes::Bytes;

use super::find::Occurrences;
use super::masker::Masker;
use super::write::Writer;

/// Masks a stream; the result does not depend on the chunks.
///
/// Only an end that may begin a secret is held back, until more comes or the stream ends. So a line
/// end is never held back, except within a secret of several lines, nor is the space after a
/// prompt.
pub struct MaskStream {
    masker: Masker,
    writer: Writer,
    /// The end of the stream with which a secret may begin.
    pub(super) held: Vec<u8>,
    /// How many of these bytes are shown already: what they look like is decided, whatever comes.
    pub(super) shown: usize,
}

impl Masker {
    /// Returns a masker for output in chunks.
    pub fn stream(&self) -> MaskStream {
        MaskStream::new(self.clone())
    }
}

impl MaskStream {
    pub(super) fn new(masker: Masker) -> Self {
        Self {
            masker,
            writer: Writer::default(),
            held: Vec::new(),
            shown: 0,
        }
    }

    /// Takes the next chunk and returns what can be shown, which may be nothing. A chunk without
    /// anything to mask is handed on uncopied.
    pub fn push(&mut self, chunk: Bytes) -> Bytes {
        let text = if self.held.is_empty() {
            chunk
        } else {
            self.held.extend_from_slice(&chunk);
            std::mem::take(&mut self.held).into()
        };
        let found = self.find(&text);
        self.show(&text, &found)
    }

    /// Ends the stream and returns what was held back. The next chunk begins another stream.
    pub fn finish(&mut self) -> Bytes {
        let text = Bytes::from(std::mem::take(&mut self.held));
        let mut found = self.find(&text);
        found.undecided = text.len();
        found.begun = text.len();
        let rest = self.show(&text, &found);
        self.writer = Writer::default();
        rest
    }

    fn find(&self, text: &[u8]) -> Occurrences {
        self.masker.finder.find(text)
    }

    /// Shows the decided part of a text, and holds the rest back.
    fn show(&mut self, text: &Bytes, found: &Occurrences) -> Bytes {
        let Occurrences {
            secrets,
            undecided,
            begun,
            ..
        } = found;
        let end = secrets
            .iter()
            .find(|secret| secret.contains(undecided))
            .map_or(*undecided, |secret| secret.end)
            // A decision is final.
            .max(self.shown);
        let start = std::mem::replace(&mut self.shown, end.saturating_sub(*begun));
        self.held.extend_from_slice(&text[*begun..]);
        if !secrets
            .iter()
            .any(|secret| secret.start < end && start < secret.end)
        {
            self.writer.in_mask &= start == end;
            return text.slice(start..end);
        }
        let mut out = Vec::with_capacity(end - start);
        self.writer.write(text, start..end, secrets, &mut out);
        out.into()
    }
}

impl fmt::Debug for MaskStream {
    /// Shows the number of bytes held back, and none of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MaskStream")
            .field("held", &self.held.len())
            .finish_non_exhaustive()
    }
}
