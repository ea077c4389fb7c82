//! Compares patterns that are broken into lines of any length.

use std::ops::Range;

/// The most line-ending characters in a break.
const MOST_ENDS: usize = 4;

/// How far the next line may be indented.
const MOST_BLANKS: usize = 16;

/// How much of a pattern is shown when a break follows it: it would be found at the ends of lines all
/// over a log, and each of these ends would wait for the next line.
pub(super) const SHOWN: usize = 2;

/// What stands at a place of a text.
#[derive(Debug)]
pub(super) enum Compared {
    /// Something else.
    Other,
    /// The pattern, in these pieces.
    Same(Vec<Range<usize>>),
    /// The beginning of the pattern, up to the end of the text.
    Begun {
        /// Where it is masked from on, if it is the pattern.
        masked_from: usize,
    },
}

/// Compares a pattern with what stands at `start`, breaks of lines aside.
pub(super) fn compare(text: &[u8], start: usize, pattern: &[u8]) -> Compared {
    let mut pieces = Vec::new();
    let (mut at, mut piece) = (start, start);
    for (count, expected) in pattern.iter().enumerate() {
        let end = break_end(text, at);
        if end > at && count > 0 {
            if count > SHOWN {
                pieces.push(piece..at);
            }
            (at, piece) = (end, end);
        }
        match text.get(at) {
            Some(byte) if byte == expected => at += 1,
            Some(_) => return Compared::Other,
            None => {
                let masked_from = pieces.first().map_or(piece, |piece| piece.start);
                return Compared::Begun { masked_from };
            }
        }
    }
    pieces.push(piece..at);
    Compared::Same(pieces)
}

/// Where the break ends that begins at `at`; there, when none does.
#[inline]
pub(super) fn break_end(text: &[u8], at: usize) -> usize {
    match text.get(at) {
        Some(b'\n' | b'\r') => {}
        Some(_) | None => return at,
    }
    // Nearly all of them are one newline.
    match text.get(at + 1) {
        Some(b'\n' | b'\r' | b' ' | b'\t') => {}
        Some(_) | None => return at + 1,
    }
    let ends = count(&text[at..], MOST_ENDS, |byte| matches!(byte, b'\n' | b'\r'));
    at + ends + count(&text[at + ends..], MOST_BLANKS, is_blank)
}

fn count(bytes: &[u8], most: usize, is_one: impl Fn(u8) -> bool) -> usize {
    bytes
        .iter()
        .take(most)
        .take_while(|byte| is_one(**byte))
        .count()
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The bytes of a text without breaks from its end on, each with its place.
pub(super) fn backwards(text: &[u8]) -> impl Iterator<Item = (usize, u8)> {
    let mut end = text.len();
    std::iter::from_fn(move || {
        end = break_start(&text[..end]);
        end = end.checked_sub(1)?;
        Some((end, text[end]))
    })
}

/// Where the break begins with which a text ends.
fn break_start(text: &[u8]) -> usize {
    let reversed = |text: &[u8], most, is_one: fn(u8) -> bool| {
        text.iter()
            .rev()
            .take(most)
            .take_while(|byte| is_one(**byte))
            .count()
    };
    let line = text.len() - reversed(text, MOST_BLANKS, is_blank);
    let ends = reversed(&text[..line], MOST_ENDS, |byte| {
        matches!(byte, b'\n' | b'\r')
    });
    if ends == 0 { text.len() } else { line - ends }
}
