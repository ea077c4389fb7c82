//! The characters that a terminal obeys or hides, and their visible form.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character does something else on a terminal than being shown.
///
/// - Control characters: C0, DEL, and C1 (U+0080 to U+009F), which are sequences of one character
///   (U+009B is `ESC [`). Whoever lets tabs and newlines through does so before asking.
/// - What turns the direction of a text around it, so that it reads as another one: bidirectional marks,
///   embeddings, overrides and isolates.
/// - U+2028 and U+2029, which end a line for some.
/// - What takes no room and so makes two texts look alike: zero-width space, word joiner, BOM, soft
///   hyphen, invisible operators, fillers of Hangul, controls of annotations, music and shorthand, and
///   tags (U+E0000 and those behind it, in which whole texts have been hidden).
///
/// Not U+200D and U+200C, which emoji and several scripts are made of, nor the variation selectors
/// (U+FE00 to U+FE0F, U+E0100 to U+E01EF), which only choose between forms of the character before.
pub(super) fn is_odd(character: char) -> bool {
    match character {
        ' '..='~' => false,
        '\0'..='\u{9f}' => true,
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{200e}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e00ff}'
        | '\u{e01f0}'..='\u{e0fff}' => true,
        _ => false,
    }
}

/// Appends the visible form of a character.
pub(super) fn push_sign(character: char, shown: &mut String) {
    if character.is_ascii() {
        // The character of the key that makes it, together with Ctrl.
        shown.push('^');
        shown.push(char::from(character as u8 ^ 0x40));
    } else {
        push_code(character, shown);
    }
}

fn push_code(character: char, shown: &mut String) {
    // Writing to a `String` does not fail.
    let _ = write!(shown, "<U+{:04X}>", u32::from(character));
}

/// Appends the visible form of bytes that are not UTF-8.
pub(super) fn push_bytes(bytes: &[u8], shown: &mut String) {
    for byte in bytes {
        let _ = write!(shown, "<{byte:02x}>");
    }
}

/// Returns a line of text with all such characters made visible; tabs stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    let is_odd = |character: char| character != '\t' && is_odd(character);
    if !text.contains(is_odd) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_odd(character) {
            push_sign(character, &mut shown);
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Returns JSON text of the same value with such characters escaped. They only occur within
/// strings; the white space between tokens stays.
pub(super) fn escaped_json(text: &str) -> Cow<'_, str> {
    let is_odd = |character: char| !matches!(character, '\t' | '\n') && is_odd(character);
    if !text.contains(is_odd) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_odd(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_or_hides_is_shown() {
        for (text, shown) in [
            ("a\tb é 日本 👩‍💻 ❤️", "a\tb é 日本 👩‍💻 ❤️"),
            ("\u{1b}]0;T\u{7}", "^[]0;T^G"),
            ("a\r\nb\u{8}\u{7f}\0", "a^M^Jb^H^?^@"),
            ("\u{9b}31m\u{9d}", "<U+009B>31m<U+009D>"),
            ("a\u{202e}b\u{2066}c", "a<U+202E>b<U+2066>c"),
            ("\u{feff}a\u{200b}", "<U+FEFF>a<U+200B>"),
            ("\u{2028}\u{e0041}", "<U+2028><U+E0041>"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    #[test]
    fn json_stays_the_same_value() {
        let value = serde_json::json!({ "a\u{9b}": "\u{1b}\u{202e}\u{e0041}\u{7f}é\n", "b": [1] });
        for text in [value.to_string(), format!("{value:#}")] {
            let shown = escaped_json(&text);
            assert!(!shown.contains(|c| c != '\n' && is_odd(c)), "{shown}");
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&shown).unwrap(),
                value
            );
        }
    }
}
