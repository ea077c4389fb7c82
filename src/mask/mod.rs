//! Masks the values of secrets in all output (contract §1.4).
//!
//! Pure: bytes in, bytes out. A [`Masker`] knows the secrets of a build and masks whole texts; a
//! [`MaskStream`] masks output that comes in chunks, which may be cut anywhere.
//!
//! # What is masked
//!
//! CodeBuild masks the exact stored text. We mask more (assumed), since a log on one's own machine
//! is pasted into issues and chats:
//!
//! - the value without blanks around it, and without double quotes around it;
//! - each line of a value with several, so that a key is masked however its lines come out;
//! - each of these in base64, in the standard and the URL-safe alphabet, with and without padding,
//!   and wherever it stands in a longer encoded text, as in `user:password` (the one character at
//!   either end that it shares with its neighbour stays); each line of a whole value in lines of 64 or
//!   76 characters by itself, as `openssl` and `base64` write it, whatever stands between them;
//! - each of these in hexadecimal digits, small or capital ones;
//! - base64 and hexadecimal digits in lines of any width, and so what looks encoded itself: keys in other
//!   lines than their own, tokens of sixteen characters and more. Up to four characters that end lines
//!   and an indentation of sixteen may stand anywhere in it. Only what stands before a break within the
//!   first two characters is shown;
//! - each of these in URL encoding, with the common opinions about which characters need it;
//! - each of these as JSON, XML, HTML and shells escape it within quotes, and as bash escapes it without.
//!
//! Values of one or two bytes are not masked, nor are lines of a value and parts in base64 of less
//! than four, nor a last line of base64 of less than eight (assumed): they would be found all over
//! a log. Other encodings are not masked, such as dumps with offsets or with blanks between bytes, and
//! neither are other parts of a value, such as one field of a JSON text, nor words that somebody broke.
//!
//! # What it looks like
//!
//! Every byte of every occurrence is masked, also where occurrences overlap, and each run of such
//! bytes becomes one `***`. Line breaks are never masked, so a log keeps its lines.
//!
//! With a secret that has a `*` itself, a mask and what is next to it may look like that secret.

mod find;
mod forms;
mod masker;
mod stream;
mod wrapped;
mod write;

#[cfg(test)]
mod tests;

pub use masker::Masker;
pub use stream::MaskStream;
pub use write::MASK;
