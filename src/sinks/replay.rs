//! Shows a stored stream of events as if its build ran.

use std::io::{self, BufRead, Read};

use super::Sink;
use crate::event::{LineError, parse};

/// The longest line that is read. The longest that is written lists the changes of a large source.
const LONGEST_LINE: u64 = 256 * 1024 * 1024;

/// Why a stream cannot be shown to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("cannot read line {line} of the events")]
    Read {
        /// The line, counted from 1.
        line: usize,
        #[source]
        source: io::Error,
    },
    #[error("line {line} of the events is longer than {LONGEST_LINE} bytes")]
    TooLong {
        /// The line, counted from 1.
        line: usize,
    },
    #[error("line {line} of the events cannot be used")]
    Line {
        /// The line, counted from 1.
        line: usize,
        #[source]
        source: LineError,
    },
    #[error("cannot write the output")]
    Write(#[source] io::Error),
}

/// Shows the events of a stream, one line after the other. What comes before a line that cannot be used
/// is shown.
pub fn replay(mut events: impl BufRead, sinks: &mut [Box<dyn Sink>]) -> Result<(), ReplayError> {
    let replayed = each_line(&mut events, sinks);
    let flushed = sinks.iter_mut().try_for_each(|sink| sink.flush());
    replayed.and(flushed.map_err(ReplayError::Write))
}

fn each_line(events: &mut impl BufRead, sinks: &mut [Box<dyn Sink>]) -> Result<(), ReplayError> {
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        let read = events
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut text)
            .map_err(|source| ReplayError::Read { line, source })?;
        if read == 0 {
            break;
        }
        if text.len() as u64 == LONGEST_LINE && !text.ends_with(b"\n") {
            return Err(ReplayError::TooLong { line });
        }
        let event = parse(&text).map_err(|source| ReplayError::Line { line, source })?;
        sinks
            .iter_mut()
            .try_for_each(|sink| sink.event(&event))
            .map_err(ReplayError::Write)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use jiff::Timestamp;

    use super::*;
    use crate::event::{CommandEvent, Event, Timestamped, line, tests::examples};

    /// Keeps what it is shown.
    #[derive(Default, Clone)]
    struct Kept {
        events: Arc<Mutex<Vec<Event>>>,
        flushed: Arc<Mutex<usize>>,
    }

    impl Sink for Kept {
        fn event(&mut self, event: &Timestamped) -> io::Result<()> {
            self.events.lock().unwrap().push(event.event.clone());
            Ok(())
        }

        fn flush(&mut self) -> io::Result<()> {
            let events = self.events.lock().unwrap();
            *self.flushed.lock().unwrap() = events.len();
            Ok(())
        }
    }

    fn stream(events: &[Event]) -> Vec<u8> {
        let time = Timestamp::UNIX_EPOCH;
        let lines = events.iter().cloned();
        let lines = lines.map(|event| line(&Timestamped { time, event }).unwrap());
        lines.collect::<String>().into_bytes()
    }

    fn replayed(stream: &[u8]) -> (Vec<Event>, Result<(), ReplayError>) {
        let kept = Kept::default();
        let mut sinks: [Box<dyn Sink>; 1] = [Box::new(kept.clone())];
        let result = replay(stream, &mut sinks);
        let events = kept.events.lock().unwrap().clone();
        assert_eq!(*kept.flushed.lock().unwrap(), events.len());
        (events, result)
    }

    #[test]
    fn sinks_are_shown_every_event() {
        let events = examples(|| "a\nb".to_owned());
        let (seen, result) = replayed(&stream(&events));
        result.unwrap();
        assert_eq!(seen, events);
    }

    #[test]
    fn what_comes_before_a_line_that_is_none_is_shown() {
        let event: Event = CommandEvent::Mocked.into();
        let mut two = stream(&[event.clone(), event.clone()]);
        two.truncate(two.len() - 3);
        let (seen, result) = replayed(&two);
        assert_eq!(seen, [event]);
        let Err(ReplayError::Line { line: 2, source }) = result else {
            panic!("{result:?}");
        };
        assert!(matches!(source, LineError::Json(_)), "{source:?}");
    }

    #[test]
    fn a_sink_that_fails_ends_it() {
        struct Full;
        impl Sink for Full {
            fn event(&mut self, _: &Timestamped) -> io::Result<()> {
                Err(io::ErrorKind::StorageFull.into())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut sinks: [Box<dyn Sink>; 1] = [Box::new(Full)];
        let one = stream(&[CommandEvent::Mocked.into()]);
        let result = replay(&one[..], &mut sinks);
        assert!(matches!(result, Err(ReplayError::Write(_))), "{result:?}");
    }
}
