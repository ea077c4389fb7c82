//! Makes the output of a build safe for a terminal, chunk by chunk.

use std::borrow::Cow;

use super::characters::{is_odd, push_bytes, push_sign};

/// The longest colour sequence that passes, in bytes.
const LONGEST_SEQUENCE: usize = 32;

/// Lets text, newlines, tabs, carriage returns and colours through and makes everything else visible
/// that a terminal might obey or hide. Chunks may be cut anywhere.
#[derive(Debug, Default)]
pub struct Sanitizer {
    /// The beginning of a sequence that may turn out to be a colour, or of a character.
    held: Vec<u8>,
    /// Whether the last colour was no return to the usual one.
    is_colored: bool,
}

/// Resets all colours.
const USUAL: &[u8] = b"\x1b[0m";

/// The beginning of a text.
enum Begun {
    /// A colour, of so many bytes.
    Color(usize),
    /// What may become a colour.
    Perhaps,
    /// Anything else.
    Other,
}

impl Sanitizer {
    /// Cleans the next chunk; a sequence or a character that is cut is held back until its rest comes.
    pub fn clean<'a>(&mut self, chunk: &'a [u8]) -> Cow<'a, [u8]> {
        if self.held.is_empty() && chunk.iter().all(|byte| is_usual(*byte)) {
            return Cow::Borrowed(chunk);
        }
        let mut text = std::mem::take(&mut self.held);
        text.extend_from_slice(chunk);
        let mut clean = String::with_capacity(text.len() + 16);
        let mut chunks = text.utf8_chunks().peekable();
        while let Some(part) = chunks.next() {
            let is_last = part.invalid().is_empty() && chunks.peek().is_none();
            self.text(part.valid(), is_last, &mut clean);
            if chunks.peek().is_none() && is_cut(part.invalid()) {
                self.held.extend_from_slice(part.invalid());
            } else {
                push_bytes(part.invalid(), &mut clean);
            }
        }
        Cow::Owned(clean.into_bytes())
    }

    /// Returns what was held back, and what brings the usual colour back where it is not there.
    pub fn finish(&mut self) -> Vec<u8> {
        let mut rest = String::new();
        for part in std::mem::take(&mut self.held).utf8_chunks() {
            part.valid()
                .chars()
                .for_each(|character| show(character, &mut rest));
            push_bytes(part.invalid(), &mut rest);
        }
        let mut rest = rest.into_bytes();
        if std::mem::take(&mut self.is_colored) {
            rest.extend_from_slice(USUAL);
        }
        rest
    }

    /// Cleans text; what it ends with may go on in the next chunk when it `is_last`.
    fn text(&mut self, mut text: &str, is_last: bool, clean: &mut String) {
        while let Some(character) = text.chars().next() {
            let plain = text.find(is_shown).unwrap_or(text.len());
            if plain > 0 {
                let (before, rest) = text.split_at(plain);
                clean.push_str(before);
                text = rest;
                continue;
            }
            match begun(text) {
                Begun::Color(length) => {
                    let (color, rest) = text.split_at(length);
                    // Other sequences do not reset the colours of every terminal.
                    self.is_colored = !matches!(color, "\x1b[m" | "\x1b[0m");
                    clean.push_str(color);
                    text = rest;
                }
                Begun::Perhaps if is_last => {
                    self.held.extend_from_slice(text.as_bytes());
                    return;
                }
                Begun::Perhaps | Begun::Other => {
                    show(character, clean);
                    text = &text[character.len_utf8()..];
                }
            }
        }
    }
}

/// Whether a character of output cannot pass.
fn is_shown(character: char) -> bool {
    !matches!(character, '\t' | '\n' | '\r') && is_odd(character)
}

fn show(character: char, clean: &mut String) {
    if is_shown(character) {
        push_sign(character, clean);
    } else {
        clean.push(character);
    }
}

/// Whether a byte passes, whatever is around it.
fn is_usual(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~')
}

/// Whether bytes are the beginning of a character.
fn is_cut(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

fn begun(text: &str) -> Begun {
    let bytes = text.as_bytes();
    let Some((b'\x1b', rest)) = bytes.split_first() else {
        return Begun::Other;
    };
    let Some((b'[', parameters)) = rest.split_first() else {
        return if rest.is_empty() {
            Begun::Perhaps
        } else {
            Begun::Other
        };
    };
    let length = parameters
        .iter()
        .position(|byte| !matches!(byte, b'0'..=b'9' | b';' | b':'));
    match length {
        Some(length) if length + 2 > LONGEST_SEQUENCE => Begun::Other,
        Some(length) if parameters[length] == b'm' => Begun::Color(length + 3),
        Some(_) => Begun::Other,
        None if bytes.len() > LONGEST_SEQUENCE => Begun::Other,
        None => Begun::Perhaps,
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::{Index, select};

    use super::*;

    fn cleaned<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
        let mut sanitizer = Sanitizer::default();
        let mut clean = Vec::new();
        for chunk in chunks {
            clean.extend_from_slice(&sanitizer.clean(chunk));
        }
        clean.extend(sanitizer.finish());
        clean
    }

    #[test]
    fn what_only_looks_like_the_end_of_a_colour_is_ended() {
        for (text, is_ended) in [
            ("\x1b[8m\x1b[0m", true),
            ("\x1b[8m\x1b[m", true),
            ("\x1b[8m\x1b[0:0m", false),
            ("\x1b[8m\x1b[:m", false),
            ("\x1b[8m\x1b[0;m", false),
        ] {
            let mut sanitizer = Sanitizer::default();
            let _ = sanitizer.clean(text.as_bytes());
            assert_eq!(sanitizer.finish().is_empty(), is_ended, "{text:?}");
        }
    }

    #[test]
    fn colours_pass_and_everything_else_shows_however_it_is_cut() {
        let text = b"a\tb\r\n\x1b[1;31mred\x1b[0m \x1b[2Jgone \x07 \x1b\x1b[3m \xc3\xa9 \xc2\x9b1m \x9b1m \xe2\x80\xae \xff \xe2\x80";
        let expected = b"a\tb\r\n\x1b[1;31mred\x1b[0m ^[[2Jgone ^G ^[\x1b[3m \xc3\xa9 <U+009B>1m <9b>1m <U+202E> <ff> <e2><80>\x1b[0m";
        for cut in 0..text.len() {
            let clean = cleaned([&text[..cut], &text[cut..]]);
            assert_eq!(
                String::from_utf8_lossy(&clean),
                String::from_utf8_lossy(expected),
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn a_sequence_without_an_end_is_not_held_for_ever() {
        let mut sanitizer = Sanitizer::default();
        let text = ["\x1b[", &"1;".repeat(100)].concat();
        assert!(!sanitizer.clean(text.as_bytes()).is_empty());
        assert!(sanitizer.held.is_empty());
    }

    #[test]
    fn colours_end_where_the_output_does() {
        assert_eq!(cleaned([b"\x1b[8m".as_slice()]), b"\x1b[8m\x1b[0m");
        assert_eq!(cleaned([b"\x1b[8mx\x1b[m".as_slice()]), b"\x1b[8mx\x1b[m");
        assert_eq!(
            cleaned([b"\x1b[38;5;0m".as_slice()]),
            b"\x1b[38;5;0m\x1b[0m"
        );
    }

    /// Pieces of which sequences and characters are made, whole and not.
    fn hostile() -> impl Strategy<Value = Vec<u8>> {
        let pieces: Vec<&[u8]> = vec![
            b"a",
            b"\x1b",
            b"[",
            b"]",
            b"3",
            b"1",
            b";",
            b"m",
            b"\x9b",
            b"\xc2",
            b"\xe2",
            b"\x80",
            b"\xae",
            b"\xf3",
            b"\xa0",
            b"\x81",
            b"\n",
            b"\r",
            b"\x07",
            b"\xef\xbb\xbf",
            b"\xe2\x80\x8d",
        ];
        vec(select(pieces), 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_that_a_terminal_obeys_is_left_and_cuts_do_not_matter(
            text in hostile(),
            cuts in vec(any::<Index>(), 0..8),
        ) {
            let whole = cleaned([text.as_slice()]);
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let cut = cleaned(cuts.windows(2).map(|cut| &text[cut[0]..cut[1]]));
            prop_assert_eq!(&whole, &cut);
            let shown = String::from_utf8(whole).unwrap();
            let mut rest = shown.as_str();
            while let Some(at) = rest.find(is_shown) {
                rest = &rest[at..];
                let Begun::Color(length) = begun(rest) else {
                    panic!("{shown:?}");
                };
                rest = &rest[length..];
            }
        }
    }
}
