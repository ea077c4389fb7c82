//! Masks the values of secrets in all that is shown (contract §1.4).
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
//!   either end that it shares with its neighbour stays); a whole value also in lines of 64 or 76
//!   characters, as `openssl` and `base64` write it;
//! - each of these in URL encoding, with the common opinions about which characters need it;
//! - each of these as JSON, XML and shells escape it within quotes.
//!
//! Values of one or two bytes are not masked, nor are lines of a value and parts in base64 of less
//! than four, nor a last line of base64 of less than eight (assumed): they would be found all over
//! a log. Other encodings, such as hexadecimal digits, are not masked, and neither are other parts of
//! a value, such as one field of a JSON text.
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
mod write;

#[cfg(test)]
mod tests;

pub use masker::Masker;
pub use stream::MaskStream;
pub use write::MASK;
