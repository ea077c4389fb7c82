//! Makes control characters visible, so that a build's output cannot play tricks on a terminal.

use std::borrow::Cow;

/// The longest colour sequence that is let through.
const LONGEST_SEQUENCE: usize = 32;

/// Lets text, newlines, tabs, carriage returns and colours through and makes everything else that a
/// terminal might obey visible, as `^X`.
#[derive(Debug, Default)]
pub(super) struct Sanitizer {
    /// The beginning of a sequence that may turn out to be a colour.
    held: Vec<u8>,
}

impl Sanitizer {
    /// Cleans the next chunk; a sequence that is cut is held back until its rest comes.
    pub(super) fn clean<'a>(&mut self, chunk: &'a [u8]) -> Cow<'a, [u8]> {
        if self.held.is_empty() && !chunk.iter().copied().any(is_control) {
            return Cow::Borrowed(chunk);
        }
        let mut clean = Vec::with_capacity(chunk.len() + 16);
        for &byte in chunk {
            self.take(byte, &mut clean);
        }
        Cow::Owned(clean)
    }

    fn take(&mut self, byte: u8, clean: &mut Vec<u8>) {
        let continues = match self.held.len() {
            0 => byte == 0x1b,
            1 => byte == b'[',
            length => length < LONGEST_SEQUENCE && matches!(byte, b'0'..=b'9' | b';' | b':'),
        };
        if continues {
            self.held.push(byte);
            return;
        }
        if self.held.len() > 1 && byte == b'm' {
            clean.append(&mut self.held);
            clean.push(byte);
            return;
        }
        for held in std::mem::take(&mut self.held) {
            show(held, clean);
        }
        if byte == 0x1b {
            self.held.push(byte);
        } else {
            show(byte, clean);
        }
    }
}

fn is_control(byte: u8) -> bool {
    matches!(byte, 0..=8 | 0x0b | 0x0c | 0x0e..=0x1f | 0x7f)
}

fn show(byte: u8, clean: &mut Vec<u8>) {
    if is_control(byte) {
        clean.extend_from_slice(&[b'^', byte ^ 0x40]);
    } else {
        clean.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_pass_and_everything_else_shows_however_it_is_cut() {
        let text = b"a\tb\r\n\x1b[1;31mred\x1b[0m \x1b[2Jgone \x07 \x1b\x1b[3m \xc3\xa9";
        let expected = b"a\tb\r\n\x1b[1;31mred\x1b[0m ^[[2Jgone ^G ^[\x1b[3m \xc3\xa9";
        for cut in 0..text.len() {
            let mut sanitizer = Sanitizer::default();
            let mut clean = sanitizer.clean(&text[..cut]).into_owned();
            clean.extend_from_slice(&sanitizer.clean(&text[cut..]));
            assert_eq!(clean, expected, "cut at {cut}");
        }
    }
}
