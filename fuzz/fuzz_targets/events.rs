//! Any text may come as YAML: its events end, each beginning has its end, and all marks are in the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use libyaml::{Error, EventData, Mark, Parser};

const LIMIT: usize = 100;

fuzz_target!(|text: &str| {
    let is_in_text = |mark: Mark| text.is_char_boundary(mark.offset) && mark.line <= mark.offset;
    let mut depth = 0_usize;
    let mut ended = false;
    for event in Parser::new(text, LIMIT) {
        assert!(!ended, "nothing follows the end");
        let event = match event {
            Ok(event) => event,
            Err(Error::Syntax(error)) => {
                assert!(!error.problem.is_empty());
                assert!(is_in_text(error.mark), "{error:?}");
                let context = error.context.as_ref();
                assert!(context.is_none_or(|context| is_in_text(context.mark)), "{error:?}");
                return;
            }
            Err(Error::TooDeep { limit, mark }) => {
                assert!(limit == LIMIT && depth == LIMIT && is_in_text(mark));
                return;
            }
            Err(Error::TooManyBlanks | Error::TooManyDirectives) => return,
        };
        assert!(is_in_text(event.start) && is_in_text(event.end), "{event:?}");
        assert!(event.start.offset <= event.end.offset, "{event:?}");
        match event.data {
            EventData::SequenceStart(_) | EventData::MappingStart(_) => depth += 1,
            EventData::SequenceEnd | EventData::MappingEnd => depth -= 1,
            EventData::StreamEnd => ended = true,
            _ => {}
        }
    }
    assert!(ended && depth == 0);
});
