//! Quoted texts: where libyaml stops within one.

use super::{MARKER_IN_QUOTES, UNCLOSED_QUOTE, is_document_marker};

const UNKNOWN_ESCAPE: &str = "found unknown escape character";

const BAD_HEX_ESCAPE: &str = "did not find expected hexdecimal number";

/// What may follow a backslash, apart from a number.
const ESCAPES: &str = "0abt\tnvfre \"/\\N_LP\r\n";

/// Reads a text that begins with a quote; returns what libyaml finds wrong before the closing one,
/// and how many lines further down.
pub(super) fn problem(text: &str) -> Option<(&'static str, usize)> {
    let mut line = 0;
    let mut chars = text.chars();
    let quote = chars.next()?;
    while let Some(character) = chars.next() {
        match character {
            '\n' => {
                line += 1;
                if is_document_marker(chars.as_str().lines().next().unwrap_or_default()) {
                    return Some((MARKER_IN_QUOTES, line));
                }
            }
            '\'' if quote == '\'' && chars.as_str().starts_with('\'') => {
                chars.next();
            }
            '\\' if quote == '"' => match chars.next() {
                Some('\n') => line += 1,
                Some(digits @ ('x' | 'u' | 'U')) => {
                    let count = match digits {
                        'x' => 2,
                        'u' => 4,
                        _ => 8,
                    };
                    let mut code = chars.as_str().chars().take(count);
                    if !code.all(|digit| digit.is_ascii_hexdigit()) {
                        return Some((BAD_HEX_ESCAPE, line));
                    }
                }
                Some(escaped) if !ESCAPES.contains(escaped) => {
                    return Some((UNKNOWN_ESCAPE, line));
                }
                _ => {}
            },
            _ if character == quote => return None,
            _ => {}
        }
    }
    Some((UNCLOSED_QUOTE, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_thing_that_is_wrong_counts() {
        for (text, found) in [
            ("'a' b'", None),
            ("'it''s\n'", None),
            ("\"a\\\"\" \\q", None),
            ("\"\\x41\\u00e9\\\n\"", None),
            ("'\\q'", None),
            ("'a''", Some((UNCLOSED_QUOTE, 0))),
            ("\"a\n\nb", Some((UNCLOSED_QUOTE, 2))),
            ("\"a\n\\q\n---\n", Some((UNKNOWN_ESCAPE, 1))),
            ("\"a\\\n\\xG\"", Some((BAD_HEX_ESCAPE, 1))),
            ("'a\n--- b\n'", Some((MARKER_IN_QUOTES, 1))),
        ] {
            assert_eq!(problem(text), found, "{text:?}");
        }
    }
}
