//! Separates the output of a container from the answers of the driver, which share a stream.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use memchr::memmem::Finder;

/// The byte that opens and closes a fence: ASCII's record separator.
const SEPARATOR: u8 = 0x1e;

/// The longest word of a fence, in bytes: the path of a program. Anything longer is output.
const LONGEST_WORD: usize = 8 * 1024;

/// A piece of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::runner) enum Piece {
    Output(Bytes),
    /// An answer of the driver: the word between token and closing separator.
    Fence(String),
}

/// Splits a stream at its fences, `\x1e<token> <word>\x1e`, wherever the chunks are cut.
///
/// A command does not know the token, so it cannot forge a fence. A command that reads it from the
/// worker's memory can; even then no more than the longest fence is buffered. Output is passed on
/// without copying unless a fence may begin at the end of a chunk.
#[derive(Debug)]
pub(in crate::runner) struct Splitter {
    finder: Finder<'static>,
    opening: usize,
    pending: BytesMut,
}

impl Splitter {
    pub(in crate::runner) fn new(token: &str) -> Self {
        let mut opening = vec![SEPARATOR];
        opening.extend_from_slice(token.as_bytes());
        opening.push(b' ');
        Self {
            opening: opening.len(),
            finder: Finder::new(&opening).into_owned(),
            pending: BytesMut::new(),
        }
    }

    /// Takes the next chunk of the stream and appends its pieces to `pieces`.
    pub(in crate::runner) fn feed(&mut self, chunk: Bytes, pieces: &mut VecDeque<Piece>) {
        let mut rest = if self.pending.is_empty() {
            chunk
        } else {
            let mut joined = std::mem::take(&mut self.pending);
            joined.extend_from_slice(&chunk);
            joined.freeze()
        };
        loop {
            let Some(start) = self.finder.find(&rest) else {
                let kept = self.length_of_unfinished_opening(&rest);
                self.pending
                    .extend_from_slice(&rest.split_off(rest.len() - kept));
                output(rest, pieces);
                return;
            };
            output(rest.split_to(start), pieces);
            let word = &rest[self.opening..];
            let most = word.len().min(LONGEST_WORD + 1);
            match memchr::memchr(SEPARATOR, &word[..most]) {
                Some(end) => {
                    pieces.push_back(Piece::Fence(
                        String::from_utf8_lossy(&word[..end]).into_owned(),
                    ));
                    rest = rest.split_off(self.opening + end + 1);
                }
                None if word.len() > LONGEST_WORD => {
                    output(rest.split_to(self.opening), pieces);
                }
                None => {
                    self.pending.extend_from_slice(&rest);
                    return;
                }
            }
        }
    }

    /// Returns what was buffered as a possible fence, at the end of the stream.
    pub(in crate::runner) fn finish(&mut self) -> Option<Bytes> {
        let rest = std::mem::take(&mut self.pending).freeze();
        (!rest.is_empty()).then_some(rest)
    }

    /// How many bytes at the end of `rest` may be the beginning of a fence.
    fn length_of_unfinished_opening(&self, rest: &[u8]) -> usize {
        let opening = self.finder.needle();
        let tail = &rest[rest.len().saturating_sub(opening.len() - 1)..];
        memchr::memchr_iter(SEPARATOR, tail)
            .map(|start| &tail[start..])
            .find(|end| opening.starts_with(end))
            .map_or(0, <[u8]>::len)
    }
}

fn output(bytes: Bytes, pieces: &mut VecDeque<Piece>) {
    if !bytes.is_empty() {
        pieces.push_back(Piece::Output(bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef";

    /// Output joined, fences kept apart.
    fn split(chunks: &[&[u8]]) -> Vec<Piece> {
        let mut splitter = Splitter::new(TOKEN);
        let mut pieces = VecDeque::new();
        for chunk in chunks {
            splitter.feed(Bytes::copy_from_slice(chunk), &mut pieces);
        }
        pieces.extend(splitter.finish().map(Piece::Output));
        let mut joined: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (joined.last_mut(), piece) {
                (Some(Piece::Output(before)), Piece::Output(after)) => {
                    *before = [before.as_ref(), after.as_ref()].concat().into();
                }
                (_, piece) => joined.push(piece),
            }
        }
        joined
    }

    fn text(text: &str) -> Piece {
        Piece::Output(Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn every_chunking_gives_the_same_pieces() {
        let stream = format!(
            "one\n\x1e{TOKEN} 0\x1etwo \x1e not a fence \x1e\x1e{TOKEN} 127\x1e\x1e{TOKEN} begin\x1e\x1e0123 tail"
        );
        let expected = vec![
            text("one\n"),
            Piece::Fence("0".into()),
            text("two \x1e not a fence \x1e"),
            Piece::Fence("127".into()),
            Piece::Fence("begin".into()),
            text("\x1e0123 tail"),
        ];
        let bytes = stream.as_bytes();
        for size in 1..=bytes.len() {
            let chunks: Vec<&[u8]> = bytes.chunks(size).collect();
            assert_eq!(split(&chunks), expected, "chunks of {size}");
        }
        for cut in 0..bytes.len() {
            assert_eq!(split(&[&bytes[..cut], &bytes[cut..]]), expected, "{cut}");
        }
    }

    #[test]
    fn a_fence_without_an_end_is_output() {
        let opening = format!("\x1e{TOKEN} ");
        let long = "w".repeat(LONGEST_WORD);
        let whole = format!("{opening}{long}\x1e");
        assert_eq!(split(&[whole.as_bytes()]), [Piece::Fence(long.clone())]);
        let endless = format!("{opening}{long}w");
        let stream = format!("{endless}\x1e{endless}{opening}0\x1e");
        for size in [1, 1000, stream.len()] {
            let chunks: Vec<&[u8]> = stream.as_bytes().chunks(size).collect();
            let expected = [
                text(&format!("{endless}\x1e{endless}")),
                Piece::Fence("0".into()),
            ];
            assert_eq!(split(&chunks), expected, "chunks of {size}");
        }
        let mut splitter = Splitter::new(TOKEN);
        let mut pieces = VecDeque::new();
        for _ in 0..100 {
            splitter.feed(Bytes::from(endless.clone()), &mut pieces);
            assert!(splitter.pending.len() <= LONGEST_WORD + splitter.opening);
        }
    }

    #[test]
    fn bytes_that_are_no_text_pass_unchanged() {
        let bytes: Vec<u8> = (0..=255).cycle().take(5000).collect();
        assert_eq!(
            split(&[&bytes[..1000], &bytes[1000..]]),
            vec![Piece::Output(bytes.into())]
        );
    }
}
