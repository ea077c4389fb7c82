//! Bytes to text: byte order marks, UTF-16, and what YAML does not allow.

use super::Refusal;

/// Reads the bytes of a buildspec as the YAML reader does: UTF-8, or UTF-16 when a byte order mark
/// says so; the mark itself is no part of the text.
pub(super) fn decode(bytes: &[u8]) -> Result<String, Refusal> {
    let text = match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest)?,
        _ => utf8(bytes)?,
    };
    match text.find(is_forbidden) {
        // The parser has read no line yet when its reader meets this; that the service then counts
        // as it does elsewhere is assumed.
        Some(at) => Err(Refusal::syntax(
            "control characters are not allowed",
            line_after(&text[..at]),
        )),
        None => Ok(text),
    }
}

fn utf8(bytes: &[u8]) -> Result<String, Refusal> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(text.to_owned()),
        Err(error) => error,
    };
    let (valid, rest) = bytes.split_at(error.valid_up_to());
    let problem = match (error.error_len(), rest) {
        (None, _) => "incomplete UTF-8 octet sequence",
        (Some(1), [0x80..=0xC1 | 0xF5..=0xFF, ..]) => "invalid leading UTF-8 octet",
        (Some(_), _) => "invalid trailing UTF-8 octet",
    };
    let line = line_after(&String::from_utf8_lossy(valid));
    Err(Refusal::syntax(problem, line))
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Refusal> {
    let (units, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(units.len());
    for unit in char::decode_utf16(units.iter().copied().map(unit)) {
        match unit {
            Ok(unit) => text.push(unit),
            Err(_) => {
                return Err(Refusal::syntax(
                    "unexpected low surrogate area",
                    line_after(&text),
                ));
            }
        }
    }
    if rest.is_empty() {
        Ok(text)
    } else {
        Err(Refusal::syntax(
            "incomplete UTF-16 character",
            line_after(&text),
        ))
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

fn line_after(text: &str) -> usize {
    text.matches('\n').count() + 1
}
