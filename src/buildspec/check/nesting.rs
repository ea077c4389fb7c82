//! Quotes and brackets of a shell that nest in one another.

/// What lies between quotes or brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Nested {
    /// The place behind them.
    pub(super) end: usize,
    /// Whether they are closed.
    pub(super) is_closed: bool,
    /// Whether something within may have been misread.
    pub(super) is_doubtful: bool,
}

/// Finds the end of the quotes or brackets that open at `start`, whatever nests in them.
pub(super) fn skip_nested(bytes: &[u8], start: usize) -> Nested {
    // A stack of our own: a hostile text nests deeper than the machine's.
    let mut open: Vec<u8> = Vec::new();
    let mut is_doubtful = false;
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        match (open.last().copied(), byte) {
            (Some(b'\'' | ANSI), b'\'') => {
                open.pop();
            }
            (Some(b'\''), _) => {}
            (_, b'\\') => at += 1,
            (Some(ANSI), _) => {}
            (Some(b'"'), b'"')
            | (Some(b'`'), b'`')
            | (Some(b'('), b')')
            | (Some(b'{' | QUOTED), b'}') => {
                open.pop();
            }
            (Some(b'"'), b'\'') => {}
            // Within `"${…}"` a single quote is one.
            (Some(QUOTED), b'\'') => {}
            (_, b'\'') if at > start.saturating_sub(1) && before(bytes, at) == Some(b'$') => {
                open.push(ANSI);
            }
            (_, b'\'' | b'"' | b'`') => open.push(byte),
            (Some(b'('), b'#') if is_space(before(bytes, at)) => {
                let rest = bytes.get(at..).unwrap_or_default();
                at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            }
            // Here-documents, and the patterns of `case`, which close brackets that nobody opened.
            (Some(b'('), b'<') if bytes.get(at + 1) == Some(&b'<') => is_doubtful = true,
            (Some(b'('), b'c') if bytes[at..].starts_with(b"case ") => is_doubtful = true,
            (None | Some(b'('), b'(') => open.push(byte),
            (None, b'{') => open.push(byte),
            (Some(b'"' | QUOTED), b'{') if before(bytes, at) == Some(b'$') => open.push(QUOTED),
            (_, b'(' | b'{') if before(bytes, at) == Some(b'$') => open.push(byte),
            _ => {}
        }
        at += 1;
        if open.is_empty() {
            break;
        }
    }
    Nested {
        end: char_boundary(bytes, at.min(bytes.len())),
        is_closed: open.is_empty(),
        is_doubtful,
    }
}

/// Stands for `$'`, within which a backslash escapes.
const ANSI: u8 = b'$';

/// Stands for `${` within double quotes, with nothing but others of its kind between.
const QUOTED: u8 = b'Q';

fn before(bytes: &[u8], at: usize) -> Option<u8> {
    at.checked_sub(1).and_then(|at| bytes.get(at)).copied()
}

fn is_space(byte: Option<u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_whitespace())
}

/// An escape may skip the first byte of a longer character.
pub(super) fn char_boundary(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && (0x80..0xC0).contains(&bytes[at]) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What lies behind the quotes or brackets that a text begins with; `None` when nothing closes them.
    fn behind(text: &str) -> Option<&str> {
        let nested = skip_nested(text.as_bytes(), 0);
        nested.is_closed.then(|| &text[nested.end..])
    }

    #[test]
    fn quotes_and_brackets_end_where_a_shell_ends_them() {
        for (text, rest) in [
            ("'a\\' b", Some(" b")),
            ("\"a\\\"b\" c", Some(" c")),
            ("\"it's\" c", Some(" c")),
            ("\"$(a \"b\" 'c)')\" d", Some(" d")),
            ("\"${a:-it's}\" b", Some(" b")),
            ("{a:-'}'} b", Some(" b")),
            ("(a; (b); { c; }) d", Some(" d")),
            ("(echo {) b", Some(" b")),
            ("(a # it's\n) b", Some(" b")),
            ("(a $'it\\'s') b", Some(" b")),
            ("`a 'b`'` c", Some(" c")),
            ("'a", None),
            ("\"a 'b'", None),
            ("(a 'b)", None),
            ("{a", None),
        ] {
            assert_eq!(behind(text), rest, "{text}");
        }
    }

    #[test]
    fn what_may_have_been_misread_is_doubtful() {
        for (text, doubtful) in [
            ("(case a in b) c;; esac)", true),
            ("(cat <<E\nit's\nE\n)", true),
            ("(cat < a)", false),
            ("\"case a\"", false),
        ] {
            let nested = skip_nested(text.as_bytes(), 0);
            assert_eq!(nested.is_doubtful, doubtful, "{text}");
        }
    }
}
