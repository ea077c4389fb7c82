//! Texts for which libyaml would take out of all proportion.

use crate::Error;

/// How many bytes of buffers may be cleared: what takes about a fifth of a second.
const MOST_CLEARED: usize = 1 << 30;

/// How many lines may begin as `%TAG` directives do.
const MOST_DIRECTIVES: usize = 100;

/// Refuses a text on which libyaml would spend more time than its length is worth.
pub(crate) fn check(text: &[u8]) -> Result<(), Error> {
    // The dearest text of a length is half one run, and half runs of one blank each.
    if text.len() * text.len() / 8 > MOST_CLEARED && cleared(text) > MOST_CLEARED {
        return Err(Error::TooManyBlanks);
    }
    if text.contains(&b'%') && directives(text) > MOST_DIRECTIVES {
        return Err(Error::TooManyDirectives);
    }
    Ok(())
}

/// Returns how many bytes are cleared at the most.
fn cleared(text: &[u8]) -> usize {
    let mut runs = 0_usize;
    let mut longest = 0;
    let mut length = 0;
    for &byte in text {
        if is_blank(byte) {
            runs += usize::from(length == 0);
            length += 1;
            longest = longest.max(length);
        } else {
            length = 0;
        }
    }
    // A run of blanks costs as much as the longest one of its scalar.
    runs * longest
}

/// Whether a byte is a blank, a line break, or part of a line break. What is part of other characters
/// too makes a run look longer than it is, which does no harm.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
        // U+0085, U+2028 and U+2029.
        || matches!(byte, 0xC2 | 0x85 | 0xE2 | 0x80 | 0xA8 | 0xA9)
}

fn directives(text: &[u8]) -> usize {
    let lines = text.split(|byte| matches!(byte, b'\n' | b'\r' | 0x85 | 0xA8 | 0xA9));
    lines.filter(|line| line.starts_with(b"%TAG")).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_costs_little() {
        let lines = "a: b   # c\n\n\n".repeat(100_000);
        let indented = format!("{}a: b\n", " ".repeat(2_000)).repeat(500);
        let directives = "%TAG !a! tag:b\n".repeat(MOST_DIRECTIVES);
        for text in ["", &lines, &indented, &directives] {
            assert_eq!(check(text.as_bytes()), Ok(()));
        }
    }

    #[test]
    fn a_long_run_of_blanks_is_dear_among_many_short_ones() {
        for (long, short) in [
            (" ", "a "),
            ("\n", "a\n"),
            ("\u{85}", "a "),
            ("\u{2028}", "a\t"),
        ] {
            let long = long.repeat(1 << 19);
            assert_eq!(check(format!("\"{long}\"").as_bytes()), Ok(()));
            let text = format!("\"{long}{}\"", short.repeat(10_000));
            assert_eq!(check(text.as_bytes()), Err(Error::TooManyBlanks));
        }
    }

    #[test]
    fn directives_are_counted_on_lines_of_every_kind() {
        for end in ["\n", "\r", "\r\n", "\u{85}", "\u{2028}", "\u{2029}"] {
            let text = format!("%TAG !a! b{end}").repeat(MOST_DIRECTIVES + 1);
            assert_eq!(check(text.as_bytes()), Err(Error::TooManyDirectives));
        }
    }
}
