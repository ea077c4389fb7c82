//! Masks events, and holds output back that may begin a secret.

use std::borrow::Cow;

use bytes::Bytes;

use crate::event::{CommandEvent, Event, Notice, Output};
use crate::mask::{MaskStream, Masker};

/// Masks the secrets in events. Without secrets, events pass unchanged.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    secrets: Option<(Masker, MaskStream)>,
    /// The beginning of a character, at the end of the output so far.
    begun: Vec<u8>,
}

impl Outgoing {
    /// Takes the next event and returns the output that was held back, then the masked event.
    pub(super) fn pass(&mut self, event: Event) -> [Option<Event>; 2] {
        match event {
            Event::Command(CommandEvent::Output(Output { bytes })) => {
                let bytes = match &mut self.secrets {
                    Some((_, stream)) => stream.push(bytes),
                    None => bytes,
                };
                [output(self.whole_characters(bytes)), None]
            }
            Event::Notice(Notice::Stopping { .. }) => [None, Some(event)],
            mut event => {
                if let Some((masker, _)) = &self.secrets {
                    mask(&mut event, masker);
                }
                [self.end_output(), Some(event)]
            }
        }
    }

    /// Replaces the secrets. Returns the output that was held back.
    pub(super) fn mask(&mut self, masker: Masker) -> Option<Event> {
        let waited = self.end_output();
        let stream = masker.stream();
        self.secrets = Some((masker, stream));
        waited
    }

    /// Ends the output; returns what was held back.
    fn end_output(&mut self) -> Option<Event> {
        let rest = match &mut self.secrets {
            Some((_, stream)) => stream.finish(),
            None => Bytes::new(),
        };
        output(self.after_begun(rest))
    }

    /// Holds an incomplete character back.
    fn whole_characters(&mut self, bytes: Bytes) -> Bytes {
        let bytes = self.after_begun(bytes);
        let end = end_of_characters(&bytes);
        self.begun.extend_from_slice(&bytes[end..]);
        bytes.slice(..end)
    }

    /// Prepends what was held back.
    fn after_begun(&mut self, bytes: Bytes) -> Bytes {
        if self.begun.is_empty() {
            return bytes;
        }
        let mut begun = std::mem::take(&mut self.begun);
        begun.extend_from_slice(&bytes);
        begun.into()
    }
}

fn output(bytes: Bytes) -> Option<Event> {
    (!bytes.is_empty()).then(|| CommandEvent::Output(Output { bytes }).into())
}

fn mask(event: &mut Event, masker: &Masker) {
    for text in event.texts_mut() {
        if let Cow::Owned(masked) = masker.mask(text) {
            *text = masked;
        }
    }
}

/// The length without an incomplete character at the end; invalid UTF-8 counts as complete.
fn end_of_characters(bytes: &[u8]) -> usize {
    let longest_begun = 3.min(bytes.len());
    (1..=longest_begun)
        .map(|back| bytes.len() - back)
        .find(|start| bytes[*start] >= 0xc0)
        .filter(|start| {
            let end = std::str::from_utf8(&bytes[*start..]);
            end.is_err_and(|error| error.error_len().is_none())
        })
        .unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::event::tests::examples;

    /// What leaves of events, with `hunter2` for a secret from the first on.
    fn passed(events: impl IntoIterator<Item = Event>) -> Vec<Event> {
        let mut outgoing = Outgoing::default();
        assert_eq!(outgoing.mask(Masker::new(["hunter2"])), None);
        let pass = |event| outgoing.pass(event).into_iter().flatten();
        events.into_iter().flat_map(pass).collect()
    }

    fn printed(bytes: &[u8]) -> Event {
        let bytes = Bytes::copy_from_slice(bytes);
        CommandEvent::Output(Output { bytes }).into()
    }

    fn mocked() -> Event {
        CommandEvent::Mocked.into()
    }

    fn stopping() -> Event {
        let grace = Duration::from_secs(1);
        Notice::Stopping { grace }.into()
    }

    #[test]
    fn output_that_waits_comes_before_what_ends_it() {
        let mut outgoing = Outgoing::default();
        let before = [printed(b"hunter2 "), printed(b"\xc3")];
        let seen = before.map(|event| outgoing.pass(event));
        assert_eq!(seen, [[Some(printed(b"hunter2 ")), None], [None, None]]);
        let masker = Masker::new(["hunter2"]);
        assert_eq!(outgoing.mask(masker), Some(printed(b"\xc3")));
        let seen = passed([
            printed(b"a hun"),
            stopping(),
            printed(b"ter2 hu"),
            mocked(),
            printed(b"nter2"),
            mocked(),
        ]);
        assert_eq!(
            seen,
            [
                printed(b"a "),
                stopping(),
                printed(b"*** "),
                printed(b"hu"),
                mocked(),
                printed(b"nter2"),
                mocked()
            ]
        );
    }

    #[test]
    fn output_that_is_nothing_but_the_beginning_of_a_secret_waits() {
        assert_eq!(
            passed([printed(b"hun"), printed(b"ter2")]),
            [printed(b"***")]
        );
    }

    #[test]
    fn a_character_waits_for_its_end() {
        assert_eq!(
            passed([
                printed("é".as_bytes()),
                printed(b"a\xc3"),
                printed(b"\xa9b")
            ]),
            [
                printed("é".as_bytes()),
                printed(b"a"),
                printed("éb".as_bytes())
            ]
        );
        // What is no text has no characters.
        assert_eq!(passed([printed(b"\xe9t")]), [printed(b"\xe9t")]);
    }

    #[test]
    fn no_text_of_an_event_passes_unmasked() {
        let text = || "a hunter2 b".to_owned();
        for mut event in examples(text) {
            let count = event.texts_mut().len();
            let seen = format!("{:?}", passed([event]));
            assert!(!seen.contains("hunter2"), "{seen}");
            assert_eq!(seen.matches("a *** b").count(), count, "{seen}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_byte_is_lost_and_text_stays_text(text in any::<String>(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5)) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks = cuts.windows(2).map(|pair| printed(&bytes[pair[0]..pair[1]]));
            let mut joined = String::new();
            for event in passed(chunks.chain([mocked()])) {
                if let Event::Command(CommandEvent::Output(Output { bytes })) = event {
                    joined.push_str(std::str::from_utf8(&bytes).unwrap());
                }
            }
            prop_assert_eq!(joined, text);
        }
    }
}
