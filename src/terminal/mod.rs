//! All output to stdout and stderr goes through this module.
//!
//! Buildspecs, paths, names of images, messages of registries, engines and git, and the output of
//! builds come from others, who may want to set the title of the window, paint over a line, or
//! disguise a text. So every character that a terminal obeys or hides is made visible before it
//! reaches one: `^[` for a control character, `<U+202E>` for another, `<9b>` for a byte that is not
//! UTF-8. [`characters`] has the list, with reasons.
//!
//! Output to a pipe or a file is unchanged, to the byte. Stdout and stderr are checked separately;
//! colours do not matter.
//!
//! # How styles differ from text
//!
//! `format!` combines texts and styles anywhere. So a sequence of a [`Style`] contains a mark, a
//! random number of this process that no text can know. [`Out`] removes the mark and writes the
//! sequence when colours are on. All other sequences are text. Newlines work the same way: an
//! [`Out`] is written line by line (`writeln!`), and a newline within a line belongs to a text and
//! shows as `^J`. A text of several lines is written as [`Lines`].
//!
//! # Exceptions
//!
//! - The output of a build ([`Out::output`]) keeps tabs, newlines, carriage returns and colours (SGR),
//!   since logs are made of them. The colours end where cobuild speaks next, so that a build cannot
//!   hide what follows it.
//! - JSON ([`Out::json`]) stays the same value: its characters are written as `\u202e`.
//! - What a library draws with colours ([`Out::drawn`]) is made of texts that [`visible`] has seen.
//! - The line that says what runs ([`StatusLine`]) is cobuild's own, with texts that [`visible`] has seen.
//! - The shell of `cobuild run --debug` is a terminal session between its user and the container, byte
//!   for byte, as with `docker exec -it`: what runs there may use the terminal, that is its purpose.

mod characters;
mod out;
mod page;
mod sanitize;
mod status_line;
mod style;
mod traces;

pub use characters::visible;
pub use out::{Color, Out, stderr_width, stdout_width};
pub use page::{Lines, Page};
pub use sanitize::Sanitizer;
pub use status_line::{Cursor, StatusLine, forget_status};
pub use style::Style;
pub use traces::{Traces, hide, masked, show_panics};
