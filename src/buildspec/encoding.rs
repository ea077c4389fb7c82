//! Bytes to text: byte order marks, UTF-16, and what YAML does not allow.

use super::limits::MAX_BYTES;
use super::node::Position;
use super::problems::Problem;
use super::refusal::{Reason, SyntaxProblem};

/// Reads the bytes of a buildspec as the YAML reader does: UTF-8, or UTF-16 when a byte order mark
/// says so; the mark itself is no part of the text. Lines end in `\n` or `\r\n`.
pub(super) fn decode(bytes: &[u8]) -> Result<String, Problem> {
    if bytes.len() > MAX_BYTES {
        let start = Position { line: 1, column: 1 };
        return Err(Problem::at(start, Reason::TooLarge));
    }
    let text = match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest)?,
        _ => utf8(bytes)?,
    };
    match first_forbidden(&text) {
        // The parser has read no line yet when its reader meets this; that the service then counts
        // as it does elsewhere is assumed.
        Some(at) => Err(problem("control characters are not allowed", &text[..at])),
        None => Ok(with_line_breaks(text)),
    }
}

/// To YAML a `\r` alone is a line break, too; as a `\n` it is one to everything that counts lines.
fn with_line_breaks(text: String) -> String {
    if !text.contains('\r') {
        return text;
    }
    let mut lines = text.split('\r');
    let mut broken = lines.next().unwrap_or_default().to_owned();
    broken.reserve(text.len() - broken.len());
    for line in lines {
        broken.push(if line.starts_with('\n') { '\r' } else { '\n' });
        broken.push_str(line);
    }
    broken
}

/// Returns the text of a buildspec as people can look at it, whatever is wrong with it: the text in
/// which places are counted.
pub fn readable(bytes: &[u8]) -> String {
    decode(bytes).unwrap_or_else(|_| {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        String::from_utf8_lossy(bytes).into_owned()
    })
}

fn utf8(bytes: &[u8]) -> Result<String, Problem> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(text.to_owned()),
        Err(error) => error,
    };
    let (valid, rest) = bytes.split_at(error.valid_up_to());
    let words = match (error.error_len(), rest) {
        (None, _) => "incomplete UTF-8 octet sequence",
        (Some(1), [0x80..=0xC1 | 0xF5..=0xFF, ..]) => "invalid leading UTF-8 octet",
        (Some(_), _) => "invalid trailing UTF-8 octet",
    };
    Err(problem(words, &String::from_utf8_lossy(valid)))
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Problem> {
    let (units, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(units.len());
    for unit in char::decode_utf16(units.iter().copied().map(unit)) {
        match unit {
            Ok(unit) => text.push(unit),
            Err(error) => {
                let words = match error.unpaired_surrogate() {
                    ..0xDC00 => "expected low surrogate area",
                    0xDC00.. => "unexpected low surrogate area",
                };
                return Err(problem(words, &text));
            }
        }
    }
    if rest.is_empty() {
        Ok(text)
    } else {
        Err(problem("incomplete UTF-16 character", &text))
    }
}

fn first_forbidden(text: &str) -> Option<usize> {
    // Most buildspecs are ASCII. A loop over bytes that never stops early looks at many at a time.
    let is_plain = |byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    let all_plain = text.bytes().fold(true, |all, byte| all & is_plain(byte));
    if all_plain {
        None
    } else {
        text.find(is_forbidden)
    }
}

fn is_forbidden(character: char) -> bool {
    !matches!(
        character,
        '\t' | '\n'
            | '\r'
            | ' '..='~'
            | '\u{85}'
            | '\u{A0}'..='\u{D7FF}'
            | '\u{E000}'..='\u{FFFD}'
            | '\u{10000}'..
    )
}

/// A problem with what follows a text.
fn problem(words: &str, before: &str) -> Problem {
    let line = before.matches('\n').count();
    let place = Position {
        line: line + 1,
        column: 1,
    };
    let problem = SyntaxProblem {
        problem: words.to_owned(),
        line,
        context: None,
        bracket: None,
    };
    Problem::at(place, Reason::Syntax(Box::new(problem)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(bytes: &[u8]) -> String {
        decode(bytes).unwrap_err().reason.to_string()
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        for bytes in [
            b"\xEF\xBB\xBFa\xC3\xA9".as_slice(),
            b"\xFF\xFEa\0\xE9\0",
            b"\xFE\xFF\0a\0\xE9",
            b"a\xC3\xA9",
        ] {
            assert_eq!(decode(bytes).unwrap(), "aé", "{bytes:?}");
        }
        assert_eq!(decode(b"").unwrap(), "");
        assert_eq!(decode("\u{1F600}".as_bytes()).unwrap(), "\u{1F600}");
        assert_eq!(decode(b"\xFF\xFE\x3D\xD8\x00\xDE").unwrap(), "\u{1F600}");
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for (bytes, message) in [
            (
                b"a\nb\xFF".as_slice(),
                "invalid leading UTF-8 octet at line 1",
            ),
            (b"a\x80", "invalid leading UTF-8 octet at line 0"),
            (b"a\xC3(", "invalid trailing UTF-8 octet at line 0"),
            (b"a\xE2\x82", "incomplete UTF-8 octet sequence at line 0"),
            (b"\xFF\xFEa", "incomplete UTF-16 character at line 0"),
            (
                b"\xFF\xFE\x00\xDE",
                "unexpected low surrogate area at line 0",
            ),
            (
                b"\xFF\xFE\x3D\xD8a\0",
                "expected low surrogate area at line 0",
            ),
            (
                b"a\n\nb\x1B[0m",
                "control characters are not allowed at line 2",
            ),
            (b"a\0", "control characters are not allowed at line 0"),
            (b"a\x7F", "control characters are not allowed at line 0"),
        ] {
            assert_eq!(refusal(bytes), message, "{bytes:?}");
        }
        assert!(decode(b"a\tb\r\n\xC2\x85").is_ok());
    }

    #[test]
    fn a_carriage_return_ends_a_line() {
        for (bytes, text) in [
            (b"a\rb\r\nc\r".as_slice(), "a\nb\r\nc\n"),
            (b"\r\r\n\n", "\n\r\n\n"),
            (b"\xFF\xFEa\0\r\0b\0", "a\nb"),
        ] {
            assert_eq!(decode(bytes).unwrap(), text, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_too_large_is_not_looked_at() {
        let text = vec![b' '; MAX_BYTES];
        assert!(decode(&text).is_ok());
        assert_eq!(
            refusal(&[text, vec![0xFF]].concat()),
            "the buildspec has more than 2097152 bytes, the most that cobuild reads"
        );
    }
}
