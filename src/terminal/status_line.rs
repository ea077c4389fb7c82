//! A line at the bottom of a terminal that goes again before anything else is written.
//!
//! The crate that draws the bars of a pull is no help here. It takes for granted that the cursor is at the
//! start of a line, which output of a build may have left open, and it draws by threads and clocks of its
//! own. So this line is drawn by the few sequences that every terminal of today has:
//!
//! - Where the cursor is at the start of a line, the text stands in that line and the cursor goes back.
//! - Where output has left a line open, the text stands in the line below, and the cursor returns to where
//!   the output goes on (`ESC 7`, `ESC 8`), wherever that is: wide characters need not be measured. The
//!   line below is made first (`ESC D`), since a terminal that scrolls would move the place.
//! - Only what has changed is written again. A line never reaches the last column, so no terminal wraps it;
//!   one that has become narrower may have, and then all from the line to the end of the screen is wiped.

use std::io::{self, Stdout, Write};
use std::sync::atomic::{AtomicU8, Ordering};

use super::characters::visible;

const NOTHING: u8 = 0;
const IN_PLACE: u8 = 1;
const BELOW: u8 = 2;

/// What is on the terminal that stdout is; traces wipe it away before they come.
static SHOWN: AtomicU8 = AtomicU8::new(NOTHING);

/// Where output has left the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor {
    /// At the start of a line.
    AtStart,
    /// Behind a text that may go on.
    Within,
}

impl Cursor {
    fn sign(self) -> u8 {
        match self {
            Self::AtStart => IN_PLACE,
            Self::Within => BELOW,
        }
    }
}

/// A line of status on a terminal.
#[derive(Debug)]
pub struct StatusLine<W: Write> {
    to: W,
    is_colored: bool,
    shown: Option<Shown>,
}

#[derive(Debug)]
struct Shown {
    text: String,
    cursor: Cursor,
    width: usize,
}

impl StatusLine<Stdout> {
    /// A line on the terminal that stdout is.
    pub fn stdout(is_colored: bool) -> Self {
        Self::new(io::stdout(), is_colored)
    }
}

impl<W: Write> StatusLine<W> {
    fn new(to: W, is_colored: bool) -> Self {
        Self {
            to,
            is_colored,
            shown: None,
        }
    }

    /// Whether it is there.
    pub fn is_shown(&self) -> bool {
        self.shown.is_some()
    }

    /// Shows a text, cut to a terminal of this width, in characters, in the place of what it shows.
    pub fn show(&mut self, text: &str, cursor: Cursor, width: usize) -> io::Result<()> {
        let text = cut(&visible(text), width.saturating_sub(1));
        // A trace may have wiped it away.
        let is_there = SHOWN.load(Ordering::Relaxed) == cursor.sign();
        let shown = self.shown.as_ref().filter(|_| is_there);
        let drawing = match shown {
            Some(shown) if shown.width != width => "\x1b[J".to_owned() + &self.text(&text),
            Some(shown) if shown.text == text => return Ok(()),
            Some(shown) => self.changed(&shown.text, &text),
            None => self.text(&text),
        };
        let drawing = match cursor {
            Cursor::AtStart => format!("\r{drawing}\r"),
            Cursor::Within if is_there => format!("\x1b7\x1b[B\r{drawing}\x1b8"),
            Cursor::Within => format!("\x1bD\x1b[A\x1b7\x1b[B\r{drawing}\x1b8"),
        };
        self.shown = Some(Shown {
            text,
            cursor,
            width,
        });
        SHOWN.store(cursor.sign(), Ordering::Relaxed);
        self.to.write_all(drawing.as_bytes())?;
        self.to.flush()
    }

    /// Takes the line away; what is written next stands where it would have stood without.
    pub fn hide(&mut self) -> io::Result<()> {
        let Some(shown) = self.shown.take() else {
            return Ok(());
        };
        SHOWN.store(NOTHING, Ordering::Relaxed);
        self.to.write_all(erase(shown.cursor.sign()).as_bytes())?;
        self.to.flush()
    }

    fn text(&self, text: &str) -> String {
        let (dim, usual) = self.style();
        format!("{dim}{text}{usual}\x1b[K")
    }

    /// What makes a text of another that is on the terminal.
    fn changed(&self, old: &str, new: &str) -> String {
        let pairs = || old.bytes().zip(new.bytes());
        let same = pairs().take_while(|(old, new)| old == new).count();
        let end = new.len() - {
            let pairs = old.bytes().rev().zip(new.bytes().rev());
            let room = new.len() - same;
            pairs.take(room).take_while(|(old, new)| old == new).count()
        };
        // Columns are known as long as each byte has one.
        let is_plain =
            new.as_bytes()[..end].is_ascii() && old.as_bytes()[..end.min(old.len())].is_ascii();
        if old.len() != new.len() || !is_plain {
            return self.text(new);
        }
        let (dim, usual) = self.style();
        let column = same + 1;
        format!("\x1b[{column}G{dim}{}{usual}", &new[same..end])
    }

    fn style(&self) -> (&'static str, &'static str) {
        if self.is_colored {
            ("\x1b[2m", "\x1b[0m")
        } else {
            ("", "")
        }
    }
}

impl<W: Write> Drop for StatusLine<W> {
    fn drop(&mut self) {
        // Nobody is left to tell when the terminal is gone.
        let _ = self.hide();
    }
}

/// Wipes the line off stdout, if there is one, for somebody who writes to stderr without its knowing.
pub(super) fn wipe() {
    let sign = SHOWN.swap(NOTHING, Ordering::Relaxed);
    if sign != NOTHING {
        let mut stdout = io::stdout();
        // Nobody is left to tell when the terminal is gone.
        let _ = stdout.write_all(erase(sign).as_bytes());
        let _ = stdout.flush();
    }
}

/// Has the line drawn anew, at the place where the cursor is by then: somebody else had the terminal.
pub fn forget_status() {
    SHOWN.store(NOTHING, Ordering::Relaxed);
}

fn erase(sign: u8) -> &'static str {
    match sign {
        NOTHING => "",
        IN_PLACE => "\r\x1b[J",
        _ => "\x1b7\x1b[B\r\x1b[J\x1b8",
    }
}

/// The beginning of a text that is no wider than this. What is not ASCII may take two columns.
fn cut(text: &str, width: usize) -> String {
    let room = |character: char| if character.is_ascii() { 1 } else { 2 };
    if text.chars().map(room).sum::<usize>() <= width {
        return text.to_owned();
    }
    let mut left = width.saturating_sub(room('…'));
    let fits = |character: &char| {
        let fits = room(*character) <= left;
        left = left.saturating_sub(room(*character));
        fits
    };
    let mut cut: String = text.chars().take_while(fits).collect();
    if width >= room('…') {
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Lines share what is known of the terminal.
    static ONE: Mutex<()> = Mutex::new(());

    fn drawn(draw: impl FnOnce(&mut StatusLine<&mut Vec<u8>>)) -> String {
        let _one = ONE.lock().unwrap();
        let mut bytes = Vec::new();
        draw(&mut StatusLine::new(&mut bytes, false));
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn only_what_changes_is_written_and_nothing_is_left() {
        let bytes = drawn(|line| {
            for second in [8, 9, 9] {
                let text = format!("-- 0:0{second} npm ci …");
                line.show(&text, Cursor::AtStart, 80).unwrap();
            }
        });
        assert_eq!(bytes, "\r-- 0:08 npm ci …\x1b[K\r\r\x1b[7G9\r\r\x1b[J");
    }

    #[test]
    fn a_line_that_is_open_is_not_touched() {
        let bytes = drawn(|line| {
            line.show("one", Cursor::Within, 80).unwrap();
            line.show("two", Cursor::Within, 80).unwrap();
            line.hide().unwrap();
            line.hide().unwrap();
        });
        assert_eq!(
            bytes,
            "\x1bD\x1b[A\x1b7\x1b[B\rone\x1b[K\x1b8\x1b7\x1b[B\r\x1b[1Gtwo\x1b8\x1b7\x1b[B\r\x1b[J\x1b8"
        );
    }

    #[test]
    fn a_terminal_of_another_width_is_drawn_anew() {
        let bytes = drawn(|line| {
            line.show("a long text", Cursor::AtStart, 80).unwrap();
            line.show("a long text", Cursor::AtStart, 8).unwrap();
        });
        assert_eq!(bytes, "\ra long text\x1b[K\r\r\x1b[Ja lon…\x1b[K\r\r\x1b[J");
    }

    #[test]
    fn a_text_is_cut_to_its_room() {
        for (text, width, shown) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "a…"),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日…"),
            ("abc", 1, ""),
            ("abc", 0, ""),
        ] {
            assert_eq!(cut(text, width), shown, "{text} {width}");
        }
    }

    #[test]
    fn a_text_does_nothing_to_a_terminal() {
        let bytes = drawn(|line| {
            line.show("a\x1b[2Jb\n", Cursor::AtStart, 80).unwrap();
        });
        assert!(bytes.contains("a^[[2Jb^J"), "{bytes:?}");
    }
}
