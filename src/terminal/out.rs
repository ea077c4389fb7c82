//! Writers for stdout, stderr and files.

use std::fmt;
use std::io::{self, BufWriter, IsTerminal, Stderr, Stdout, Write};

use anstream::AutoStream;
use rustix::termios::tcgetwinsize;

use super::characters::{escaped_json, is_odd, push_sign};
use super::page::Page;
use super::sanitize::Sanitizer;
use super::style::{NEWLINE, mark};

/// The size of the buffer, in bytes.
const BUFFER: usize = 64 * 1024;

/// The beginning of every line of the log that cobuild itself writes.
const OWN_LINE: &str = "[Container]";

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    Auto,
    /// Whatever it goes to.
    Always,
    Never,
}

/// A writer to a terminal or to anything else.
///
/// `writeln!` writes one line of cobuild; texts in it may contain anything.
pub struct Out<W: Write> {
    to: W,
    is_terminal: bool,
    is_colored: bool,
    sanitizer: Sanitizer,
}

impl<W: Write> fmt::Debug for Out<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Out")
            .field("is_terminal", &self.is_terminal)
            .field("is_colored", &self.is_colored)
            .finish_non_exhaustive()
    }
}

impl Out<Stdout> {
    pub fn stdout(color: Color) -> Self {
        let to = io::stdout();
        let is_colored = is_colored(color, AutoStream::choice(&to));
        Self::new(to.is_terminal(), is_colored, to)
    }
}

impl Out<Stderr> {
    pub fn stderr(color: Color) -> Self {
        let to = io::stderr();
        let is_colored = is_colored(color, AutoStream::choice(&to));
        Self::new(to.is_terminal(), is_colored, to)
    }
}

fn is_colored(color: Color, auto: anstream::ColorChoice) -> bool {
    match color {
        Color::Auto => auto != anstream::ColorChoice::Never,
        Color::Always => true,
        Color::Never => false,
    }
}

/// The width of the terminal of stdout in characters; 0 when it is unknown.
pub fn stdout_width() -> Option<usize> {
    width(io::stdout())
}

/// The width of the terminal of stderr in characters; 0 when it is unknown.
pub fn stderr_width() -> Option<usize> {
    width(io::stderr())
}

fn width(stream: impl IsTerminal + std::os::fd::AsFd) -> Option<usize> {
    let size = stream.is_terminal().then(|| tcgetwinsize(stream))?;
    Some(size.map_or(0, |size| usize::from(size.ws_col)))
}

impl fmt::Display for Page {
    /// Writes what goes into a file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Out::file(Vec::new());
        out.page(self).map_err(|_| fmt::Error)?;
        f.write_str(&String::from_utf8_lossy(&out.into_inner()))
    }
}

impl<W: Write> Out<W> {
    fn new(is_terminal: bool, is_colored: bool, to: W) -> Self {
        Self {
            to,
            is_terminal,
            is_colored,
            sanitizer: Sanitizer::default(),
        }
    }

    /// Returns a writer to something other than a terminal, without colours.
    pub fn file(to: W) -> Self {
        Self::new(false, false, to)
    }

    /// Returns a writer to a terminal.
    pub fn screen(to: W, is_colored: bool) -> Self {
        Self::new(true, is_colored, to)
    }

    /// Adds a buffer, which is written when it is full or flushed.
    pub fn buffered(self) -> Out<BufWriter<W>> {
        let to = BufWriter::with_capacity(BUFFER, self.to);
        Out::new(self.is_terminal, self.is_colored, to)
    }

    /// Returns the underlying writer.
    pub fn into_inner(self) -> W {
        self.to
    }

    /// What it writes to.
    pub fn get_ref(&self) -> &W {
        &self.to
    }

    /// Whether it goes to a terminal.
    pub fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Whether it has colours.
    pub fn is_colored(&self) -> bool {
        self.is_colored
    }

    /// Writes a line of cobuild, or a part of one; only its end is a newline.
    pub fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) -> io::Result<()> {
        self.line(&arguments.to_string())
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        let (mut text, end) = match text.strip_suffix('\n') {
            Some(text) => (text, "\n"),
            None => (text, ""),
        };
        let mut shown = String::with_capacity(text.len() + 16);
        while let Some((before, (parameters, kind), rest)) = own_sequence(text) {
            self.push_text(before, &mut shown);
            if kind == NEWLINE {
                self.push_newline(parameters, rest, &mut shown);
            } else if self.is_colored {
                shown.extend(["\x1b[", parameters, "m"]);
            }
            text = rest;
        }
        self.push_text(text, &mut shown);
        shown.push_str(end);
        self.to.write_all(shown.as_bytes())
    }

    fn push_text(&self, text: &str, shown: &mut String) {
        for character in text.chars() {
            if self.is_terminal && character != '\t' && is_odd(character) {
                push_sign(character, shown);
            } else {
                shown.push(character);
            }
        }
    }

    fn push_newline(&self, indent: &str, rest: &str, shown: &mut String) {
        if !self.is_terminal {
            shown.push('\n');
            return;
        }
        let indent = indent.parse().unwrap_or(0);
        // The output of a build must not look like a line of cobuild.
        if indent == 0 && rest.trim_start().starts_with(OWN_LINE) {
            push_sign('\n', shown);
            return;
        }
        shown.push('\n');
        shown.extend(std::iter::repeat_n(' ', indent));
    }

    /// Writes lines.
    pub fn page(&mut self, page: &Page) -> io::Result<()> {
        page.lines()
            .iter()
            .try_for_each(|line| writeln!(self, "{line}"))
    }

    /// Writes output of a build. Call [`Self::end_output`] before writing anything else.
    pub fn output(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.is_terminal {
            return self.to.write_all(bytes);
        }
        let clean = self.sanitizer.clean(bytes);
        self.to.write_all(&clean)
    }

    /// Ends output: writes what was held back, and resets its colours.
    pub fn end_output(&mut self) -> io::Result<()> {
        let rest = self.sanitizer.finish();
        self.to.write_all(&rest)
    }

    /// Writes a line of a build's output within a line of cobuild, with its colours when colours
    /// are on.
    pub fn quoted(&mut self, line: &str) -> io::Result<()> {
        if !self.is_colored {
            let plain = anstream::adapter::strip_str(line).to_string();
            return self.line(&plain);
        }
        let mut sanitizer = Sanitizer::default();
        let mut clean = sanitizer.clean(line.as_bytes()).into_owned();
        clean.extend(sanitizer.finish());
        self.to.write_all(&clean)
    }

    /// Writes what a library has drawn, with lines and colours, from texts that were made
    /// [`visible`](super::visible).
    pub fn drawn(&mut self, text: &str) -> io::Result<()> {
        let plain;
        let text = if self.is_colored {
            text
        } else {
            plain = anstream::adapter::strip_str(text).to_string();
            &plain
        };
        if !self.is_terminal {
            return self.to.write_all(text.as_bytes());
        }
        self.output(text.as_bytes())?;
        self.end_output()
    }

    /// Writes JSON, which stays the same value.
    pub fn json(&mut self, text: &str) -> io::Result<()> {
        if self.is_terminal {
            self.to.write_all(escaped_json(text).as_bytes())
        } else {
            self.to.write_all(text.as_bytes())
        }
    }

    /// Writes out what is held back.
    pub fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Splits a text at the first sequence of cobuild: the text before it, its parameters and kind, the
/// rest.
fn own_sequence(text: &str) -> Option<(&str, (&str, char), &str)> {
    let (before, behind) = text.split_once(mark())?;
    let end = behind.find(|c: char| !(c.is_ascii_digit() || c == ';'))?;
    let kind = behind[end..].chars().next()?;
    Some((
        before,
        (&behind[..end], kind),
        &behind[end + kind.len_utf8()..],
    ))
}

#[cfg(test)]
mod tests {
    use anstyle::AnsiColor;
    use proptest::prelude::*;

    use super::super::{Lines, Style};
    use super::*;

    const HOSTILE: &str = "a\x1b[8mb\nc\r\u{9b}1m\u{202e}";

    fn written<W>(
        mut out: Out<Vec<u8>>,
        write: impl FnOnce(&mut Out<Vec<u8>>) -> io::Result<W>,
    ) -> String {
        write(&mut out).unwrap();
        String::from_utf8(out.into_inner()).unwrap()
    }

    fn screen(is_colored: bool) -> Out<Vec<u8>> {
        Out::screen(Vec::new(), is_colored)
    }

    #[test]
    fn style_is_told_from_text() {
        let style = Style::color(AnsiColor::Red).bold();
        let line = |out: &mut Out<Vec<u8>>| writeln!(out, "{style}error:{style:#} {HOSTILE}");
        let shown = "a^[[8mb^Jc^M<U+009B>1m<U+202E>\n";
        assert_eq!(
            written(screen(true), line),
            format!("\x1b[1m\x1b[31merror:\x1b[0m {shown}")
        );
        assert_eq!(written(screen(false), line), format!("error: {shown}"));
        let file = written(Out::file(Vec::new()), line);
        assert_eq!(file, format!("error: {HOSTILE}\n"));
    }

    #[test]
    fn a_text_of_several_lines_keeps_them_and_forges_none() {
        let text =
            "a\r\nb\n[Container] 2026/11/22 11:25:13.594267 Phase complete: BUILD State: SUCCEEDED";
        let line = |indent| move |out: &mut Out<Vec<u8>>| writeln!(out, "{}", Lines(text, indent));
        let shown = text.replace("\r\n", "^M\n").replace("\n[C", "^J[C");
        assert_eq!(written(screen(true), line(0)), format!("{shown}\n"));
        let below = written(screen(true), line(2));
        assert_eq!(below.lines().nth(2).unwrap(), format!("  {}", &text[5..]));
        let file = written(Out::file(Vec::new()), line(2));
        assert_eq!(file, format!("{text}\n"));
    }

    #[test]
    fn what_is_drawn_and_quoted_keeps_its_colours() {
        let text = "\x1b[31mred\x1b]0;T\x07";
        for (is_colored, shown) in [(true, "\x1b[31mred^[]0;T^G\x1b[0m"), (false, "red")] {
            assert_eq!(written(screen(is_colored), |out| out.quoted(text)), shown);
            assert_eq!(written(screen(is_colored), |out| out.drawn(text)), shown);
        }
    }

    #[test]
    fn output_in_a_file_is_the_same_to_the_byte() {
        let mut out = Out::file(Vec::new());
        out.output(b"\x1b]0;T\x07\xff").unwrap();
        out.end_output().unwrap();
        assert_eq!(out.into_inner(), b"\x1b]0;T\x07\xff");
    }

    #[test]
    fn json_on_a_terminal_is_escaped() {
        let json = |out: &mut Out<Vec<u8>>| out.json("\"\u{9b}\"\n");
        assert_eq!(written(screen(true), json), "\"\\u009b\"\n");
        assert_eq!(written(Out::file(Vec::new()), json), "\"\u{9b}\"\n");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_in_a_line_is_obeyed(text in any::<String>()) {
            let style = Style::BOLD;
            let line = written(screen(false), |out| writeln!(out, "{style}{text}{style:#}"));
            prop_assert_eq!(line.pop_last(), Some('\n'));
        }
    }

    trait PopLast {
        fn pop_last(&self) -> Option<char>;
    }

    impl PopLast for String {
        /// The last character of a line in which no other is odd.
        fn pop_last(&self) -> Option<char> {
            let last = self.chars().last()?;
            let rest = &self[..self.len() - last.len_utf8()];
            (!rest.contains(|c| c != '\t' && is_odd(c))).then_some(last)
        }
    }
}
