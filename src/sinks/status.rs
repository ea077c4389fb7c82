//! A line at the bottom of a terminal that says what runs while nothing else is shown.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use tokio::time::Instant;

use super::Sink;
use super::activity::{Activity, Running};
use crate::event::{CommandEvent, Event, PhaseEvent, PullEvent, Timestamped};
use crate::terminal::{Cursor, StatusLine, stdout_width};

/// How long it has to be quiet before the line comes.
const QUIET: Duration = Duration::from_secs(1);

/// How far apart output comes at the least for the line to stay: it would flicker, and take up a slow
/// line to a terminal, if it were drawn more often.
const STEADY: Duration = Duration::from_millis(250);

/// A terminal that is narrower has no line, in characters.
const NARROW: usize = 20;

/// The width of a terminal that does not know it, in characters.
const USUAL_WIDTH: usize = 80;

/// Shows what runs on stdout, which is a terminal. It comes before all other sinks, and takes its line
/// away for them.
#[derive(Debug)]
pub struct Status {
    line: StatusLine<io::Stdout>,
    activity: Activity,
    cursor: Column,
    /// Whether the line comes back without waiting for quiet.
    stays: bool,
    /// Whether bars show a pull.
    has_bars: bool,
}

impl Status {
    /// Makes a sink for stdout. Where a pull `has_bars` there is no line meanwhile.
    pub fn new(is_colored: bool, has_bars: bool) -> Self {
        Self {
            line: StatusLine::stdout(is_colored),
            activity: Activity::default(),
            cursor: Column::default(),
            stays: false,
            has_bars,
        }
    }
}

impl Sink for Status {
    fn event(&mut self, event: &Timestamped) -> io::Result<()> {
        let event = &event.event;
        if matches!(event, Event::Pull(PullEvent::Layer { .. })) {
            return Ok(());
        }
        let now = Instant::now();
        if self.line.is_shown() {
            let last = self.activity.last_sign();
            self.stays = last.is_some_and(|last| now.saturating_duration_since(last) >= STEADY);
            self.line.hide()?;
        }
        self.activity.observe(event, now);
        self.cursor.observe(event);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn wait(&mut self, now: Instant) -> io::Result<Option<Instant>> {
        let is_hidden = self.has_bars && self.activity.is_pulling();
        let Some(running) = self.activity.running(now).filter(|_| !is_hidden) else {
            return Ok(None);
        };
        if running.silence < QUIET && !self.line.is_shown() && !self.stays {
            return Ok(Some(now + QUIET.saturating_sub(running.silence)));
        }
        self.stays = false;
        let width = stdout_width().filter(|width| *width > 0);
        let width = width.unwrap_or(USUAL_WIDTH);
        if let Some(cursor) = self.cursor.at(width).filter(|_| width >= NARROW) {
            self.line.show(&text(&running), cursor, width)?;
        }
        // When the next second is full.
        let part = Duration::from_nanos(running.time.subsec_nanos().into());
        let rest = Duration::from_secs(1).saturating_sub(part);
        Ok(Some(now + rest))
    }

    fn make_way(&mut self) -> io::Result<()> {
        self.stays = false;
        self.line.hide()
    }
}

/// What the line says. The times come first, so that only the beginning of the line changes, and so that
/// a narrow terminal shows them.
fn text(running: &Running) -> String {
    let Running {
        place,
        text,
        time,
        total,
        silence: _,
    } = running;
    let mut line = format!("-- {}", clock(*time));
    if time.as_secs() != total.as_secs() {
        // Writing to a `String` does not fail.
        let _ = write!(line, " of {}", clock(*total));
    }
    let _ = write!(line, " {place}");
    if let Some(text) = text {
        let _ = write!(line, ": {text}");
    }
    line
}

/// Minutes and seconds, and hours where there are any.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours == 0 {
        format!("{minutes}:{seconds:02}")
    } else {
        format!("{hours}:{minutes:02}:{seconds:02}")
    }
}

/// How far the line of output has come in which the cursor is.
#[derive(Debug, Default)]
struct Column {
    /// The most columns that it can have.
    most: usize,
    /// Whether it has just as many.
    is_exact: bool,
    /// Whether anything is in it.
    is_open: bool,
}

impl Column {
    fn observe(&mut self, event: &Event) {
        match event {
            Event::Command(CommandEvent::Output(output)) => self.output(&output.bytes),
            // What the log says of these ends the line of output.
            Event::Command(
                CommandEvent::Started { .. }
                | CommandEvent::Finished { .. }
                | CommandEvent::Interrupted { .. },
            )
            | Event::Phase(PhaseEvent::Started { .. } | PhaseEvent::Finished { .. }) => {
                *self = Self::default();
            }
            _ => {}
        }
    }

    fn output(&mut self, bytes: &[u8]) {
        let ended = memchr::memrchr(b'\n', bytes);
        if ended.is_some() {
            *self = Self::default();
        }
        let line = &bytes[ended.map_or(0, |newline| newline + 1)..];
        if line.is_empty() {
            return;
        }
        if !self.is_open {
            self.is_exact = true;
        }
        self.is_open = true;
        // A character that is not ASCII takes two columns at the most, and a tab eight. The bytes of
        // a colour take none, but that is nothing to rely on.
        let room = |byte: &u8| match byte {
            b'\t' => 8,
            b' '..=b'~' => 1,
            _ => 4,
        };
        self.most = self.most.saturating_add(line.iter().map(room).sum());
        self.is_exact &= line.iter().all(|byte| matches!(byte, b' '..=b'~'));
    }

    /// Where the cursor is on a terminal of this width; `None` where it may stand behind the last column,
    /// in which case no terminal comes back to the same place.
    fn at(&self, width: usize) -> Option<Cursor> {
        if !self.is_open {
            return Some(Cursor::AtStart);
        }
        let is_within = self.most < width || (self.is_exact && !self.most.is_multiple_of(width));
        is_within.then_some(Cursor::Within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_names_the_times_the_place_and_the_command() {
        let running = |time, total, command: Option<&str>| Running {
            place: "BUILD command 2 of 5".to_owned(),
            text: command.map(str::to_owned),
            time: Duration::from_secs(time),
            total: Duration::from_secs(total),
            silence: Duration::ZERO,
        };
        assert_eq!(
            text(&running(42, 192, Some("npm ci"))),
            "-- 0:42 of 3:12 BUILD command 2 of 5: npm ci"
        );
        assert_eq!(
            text(&running(3601, 3601, None)),
            "-- 1:00:01 BUILD command 2 of 5"
        );
    }

    fn at(chunks: &[&str], width: usize) -> Option<Cursor> {
        let mut column = Column::default();
        for chunk in chunks {
            column.output(chunk.as_bytes());
        }
        column.at(width)
    }

    #[test]
    fn the_cursor_is_known_but_at_the_last_column() {
        for (chunks, expected) in [
            (&[][..], Some(Cursor::AtStart)),
            (&["a\n"], Some(Cursor::AtStart)),
            (&["a", "\n"], Some(Cursor::AtStart)),
            (&["a\nb"], Some(Cursor::Within)),
            (&["123456789"], Some(Cursor::Within)),
            (&["12345", "67890"], None),
            (&["12345", "678901"], Some(Cursor::Within)),
            (&["50%\r"], Some(Cursor::Within)),
            (&["日本語"], None),
            (&["\t1234567890"], None),
        ] {
            assert_eq!(at(chunks, 10), expected, "{chunks:?}");
        }
    }
}
