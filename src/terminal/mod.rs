//! The one way to stdout and stderr: whatever cobuild shows on a terminal, it shows through here.
//!
//! Buildspecs, paths, names of images, the words of registries, engines and git, and what a build puts
//! out come from others, who may want to set the window's title, to paint over a line, or to make a
//! text read as another. So every character that a terminal obeys or hides becomes visible, just before
//! it would reach one: `^[` for a control character, `<U+202E>` for another, `<9b>` for a byte that is
//! no text. [`characters`] has the list, with reasons.
//!
//! What goes into a pipe or a file stays as it is, to the byte. Stdout and stderr are looked at each by
//! itself, and whether there are colours has nothing to do with it.
//!
//! # How cobuild's own style is told from a text
//!
//! Texts and styles are put together by `format!`, anywhere. A sequence of a [`Style`] therefore carries
//! a mark, a random number of this process, which no text can know; [`Out`] takes the mark away and lets
//! the sequence through, when colours are wanted. All other sequences are text. Newlines are told apart
//! in the same way: an [`Out`] is written to line by line (`writeln!`), and a newline within a line is a
//! text's, so it shows as `^J`. A text of several lines says so, as [`Lines`].
//!
//! # What is let through
//!
//! - The output of a build ([`Out::output`]) keeps tabs, newlines, carriage returns and colours (SGR),
//!   since logs are made of them. The colours end where cobuild speaks next, so that a build cannot
//!   hide what follows it.
//! - JSON ([`Out::json`]) stays the same value: its characters are written as `\u202e`.
//! - What a library draws with colours ([`Out::drawn`]) is made of texts that [`visible`] has seen.
//! - The shell of `cobuild run --debug` is a terminal session between its user and the container, byte
//!   for byte, as with `docker exec -it`: what runs there may use the terminal, that is its purpose.

mod characters;
mod out;
mod page;
mod sanitize;
mod style;
mod traces;

pub use characters::visible;
pub use out::{Color, Out, stderr_width, stdout_width};
pub use page::{Lines, Page};
pub use sanitize::Sanitizer;
pub use style::Style;
pub use traces::{Traces, hide, masked, show_panics};
