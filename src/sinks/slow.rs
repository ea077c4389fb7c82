//! Tells of commands that print nothing for long, where nothing else shows that the build goes on.

use std::io::{self, Write};
use std::time::Duration;

use tokio::time::Instant;

use super::Sink;
use super::activity::Activity;
use super::words::duration;
use crate::event::{Event, Timestamped};
use crate::terminal::Out;

/// After how much silence the first line comes; each further one after twice as much as the last.
const FIRST: Duration = Duration::from_mins(1);

/// Writes a line now and then while a build is silent.
pub struct Slow<W: Write> {
    out: Out<W>,
    activity: Activity,
    /// After how much silence the next line comes.
    patience: Duration,
    /// Whether bars show a pull.
    has_bars: bool,
}

impl<W: Write> std::fmt::Debug for Slow<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slow").finish_non_exhaustive()
    }
}

impl<W: Write> Slow<W> {
    /// Makes a sink that writes to `out`. Where a pull `has_bars` nothing is said of it.
    pub fn new(out: Out<W>, has_bars: bool) -> Self {
        Self {
            out,
            activity: Activity::default(),
            patience: FIRST,
            has_bars,
        }
    }

    fn observe(&mut self, event: &Event, now: Instant) {
        self.activity.observe(event, now);
        if self.activity.last_sign() == Some(now) {
            self.patience = FIRST;
        }
    }
}

impl<W: Write + Send> Sink for Slow<W> {
    fn event(&mut self, event: &Timestamped) -> io::Result<()> {
        self.observe(&event.event, Instant::now());
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn wait(&mut self, now: Instant) -> io::Result<Option<Instant>> {
        let is_shown = self.has_bars && self.activity.is_pulling();
        let Some(running) = self.activity.running(now).filter(|_| !is_shown) else {
            return Ok(None);
        };
        if running.silence >= self.patience {
            self.patience *= 2;
            let text = running
                .text
                .map_or_else(String::new, |it| format!(": {it}"));
            let (place, time) = (running.place, duration(running.time));
            writeln!(self.out, "still running: {place} for {time}{text}")?;
            self.out.flush()?;
        }
        let last_sign = self.activity.last_sign();
        Ok(last_sign.map(|last_sign| last_sign + self.patience))
    }
}

#[cfg(test)]
mod tests {
    use super::super::activity::tests::{command_started, phase_started, printed, registered};
    use super::*;
    use crate::phase::PhaseType;

    #[test]
    fn silence_is_told_of_less_and_less_often() {
        let start = Instant::now();
        let mut slow = Slow::new(Out::file(Vec::new()), false);
        for event in [
            registered(5),
            phase_started(PhaseType::Build),
            command_started("npm ci"),
        ] {
            slow.observe(&event, start);
        }
        let mut now = start;
        let mut times = Vec::new();
        while times.len() < 3 {
            now = slow.wait(now).unwrap().unwrap();
            times.push((now - start).as_secs());
        }
        assert_eq!(times, [60, 120, 240]);
        slow.observe(&printed(b"."), now);
        let next = slow.wait(now).unwrap().unwrap();
        assert_eq!((next - start).as_secs(), 300);
        slow.wait(next).unwrap();
        let told = String::from_utf8(slow.out.into_inner()).unwrap();
        assert_eq!(
            told,
            "still running: BUILD command 2 of 5 for 1 m: npm ci
still running: BUILD command 2 of 5 for 2 m: npm ci
still running: BUILD command 2 of 5 for 5 m: npm ci
"
        );
    }

    #[test]
    fn nothing_is_told_when_nothing_runs() {
        let mut slow = Slow::new(Out::file(Vec::new()), false);
        assert_eq!(slow.wait(Instant::now()).unwrap(), None);
    }
}
