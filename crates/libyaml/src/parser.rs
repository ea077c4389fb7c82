//! The unsafe part: a parser of the port, and its events as values of our own.
#![expect(
    unsafe_code,
    reason = "the port has libyaml's interface, which is made of pointers"
)]

use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};
use std::slice;

use libyaml_rs as port;

use crate::{Collection, Context, Event, EventData, Mark, Scalar, ScalarStyle, SyntaxError};

/// A parser that reads a text.
///
/// It lives on the heap and is reached through this pointer alone, because it points to itself.
#[derive(Debug)]
pub(crate) struct RawParser<'text> {
    parser: NonNull<port::yaml_parser_t>,
    /// What the parser points to.
    text: &'text str,
}

impl<'text> RawParser<'text> {
    pub(crate) fn new(text: &'text str) -> Self {
        let parser = Box::leak(Box::new(MaybeUninit::<port::yaml_parser_t>::uninit()));
        let parser = NonNull::from(parser).cast::<port::yaml_parser_t>();
        // SAFETY: the pointer is to memory of the right size and alignment that nobody else has. All
        // of it is written before any of it is read.
        let made = unsafe { port::yaml_parser_initialize(parser.as_ptr()) };
        // It has no way to fail: without memory the process ends.
        debug_assert!(made.ok);
        // SAFETY: the parser is initialized, and its encoding has not been set before.
        unsafe { port::yaml_parser_set_encoding(parser.as_ptr(), port::YAML_UTF8_ENCODING) };
        // SAFETY: the parser is initialized and has no input yet. The pointer and the length are those
        // of a text that lives for 'text, and this value does not outlive that.
        unsafe {
            port::yaml_parser_set_input_string(parser.as_ptr(), text.as_ptr(), text.len() as u64);
        };
        Self { parser, text }
    }

    /// Reads the next event. Nothing is to be read after the end of the stream or an error.
    pub(crate) fn parse(&mut self) -> Result<Event, SyntaxError> {
        let mut event = MaybeUninit::<port::yaml_event_t>::uninit();
        // SAFETY: `new` has initialized the parser, and `&mut self` is the only way to it. The event
        // may be anything: it is cleared before anything else happens.
        let parsed = unsafe { port::yaml_parser_parse(self.parser.as_ptr(), event.as_mut_ptr()) };
        if parsed.ok {
            // SAFETY: the port has written the event.
            let event = RawEvent(unsafe { event.assume_init() });
            Ok(event.read())
        } else {
            Err(self.error())
        }
    }

    fn error(&self) -> SyntaxError {
        // SAFETY: `new` has initialized the parser, and nobody writes to it while `self` is borrowed.
        let parser: &port::yaml_parser_t = unsafe { self.parser.as_ref() };
        // SAFETY: what the port says is null or a text of its own that ends with a NUL.
        let problem = unsafe { c_text(parser.problem.cast()) };
        // SAFETY: as above.
        let context = unsafe { c_text(parser.context.cast()) };
        SyntaxError {
            problem: problem.map_or_else(String::new, as_libyaml_spells_it),
            // A character that YAML does not allow is met ahead of all marks.
            mark: if parser.error == port::YAML_READER_ERROR {
                let offset = usize::try_from(parser.problem_offset).unwrap_or_default();
                mark_before(self.text.get(..offset).unwrap_or_default())
            } else {
                mark_of(parser.problem_mark)
            },
            context: context.map(|text| Context {
                text,
                mark: mark_of(parser.context_mark),
            }),
        }
    }
}

impl Drop for RawParser<'_> {
    fn drop(&mut self) {
        // SAFETY: `new` has initialized the parser, and it is deleted only here. What it holds it has
        // allocated itself, but for the text, which it leaves alone.
        unsafe { port::yaml_parser_delete(self.parser.as_ptr()) };
        let memory = self.parser.cast::<MaybeUninit<port::yaml_parser_t>>();
        // SAFETY: the memory is that of the box which `new` leaked, and nothing points to it any more.
        drop(unsafe { Box::from_raw(memory.as_ptr()) });
    }
}

/// An event of the port, freed with all that it points to.
struct RawEvent(port::yaml_event_t);

impl RawEvent {
    fn read(&self) -> Event {
        Event {
            data: self.data(),
            start: mark_of(self.0.start_mark),
            end: mark_of(self.0.end_mark),
        }
    }

    fn data(&self) -> EventData {
        match self.0.type_ {
            port::YAML_STREAM_START_EVENT => EventData::StreamStart,
            port::YAML_DOCUMENT_START_EVENT => EventData::DocumentStart,
            port::YAML_DOCUMENT_END_EVENT => EventData::DocumentEnd,
            port::YAML_ALIAS_EVENT => {
                // SAFETY: an alias has this variant of the union.
                let alias = unsafe { self.0.data.alias };
                // SAFETY: the anchor is null or a text of this event that ends with a NUL.
                EventData::Alias(unsafe { c_text(alias.anchor) }.unwrap_or_default())
            }
            port::YAML_SCALAR_EVENT => EventData::Scalar(self.scalar()),
            port::YAML_SEQUENCE_START_EVENT => {
                // SAFETY: the beginning of a list has this variant of the union.
                let start = unsafe { self.0.data.sequence_start };
                EventData::SequenceStart(Collection {
                    flow: start.style == port::YAML_FLOW_SEQUENCE_STYLE,
                    // SAFETY: the anchor is null or a text of this event that ends with a NUL.
                    anchor: unsafe { c_text(start.anchor) },
                    // SAFETY: so is the tag.
                    tag: unsafe { c_text(start.tag) },
                })
            }
            port::YAML_SEQUENCE_END_EVENT => EventData::SequenceEnd,
            port::YAML_MAPPING_START_EVENT => {
                // SAFETY: the beginning of a map has this variant of the union.
                let start = unsafe { self.0.data.mapping_start };
                EventData::MappingStart(Collection {
                    flow: start.style == port::YAML_FLOW_MAPPING_STYLE,
                    // SAFETY: the anchor is null or a text of this event that ends with a NUL.
                    anchor: unsafe { c_text(start.anchor) },
                    // SAFETY: so is the tag.
                    tag: unsafe { c_text(start.tag) },
                })
            }
            port::YAML_MAPPING_END_EVENT => EventData::MappingEnd,
            // There is no other, and without one there is nothing more to come.
            _ => EventData::StreamEnd,
        }
    }

    fn scalar(&self) -> Scalar {
        // SAFETY: `data` asks only for a scalar, which has this variant of the union.
        let scalar = unsafe { self.0.data.scalar };
        let length = usize::try_from(scalar.length).unwrap_or_default();
        let value = if scalar.value.is_null() {
            &[]
        } else {
            // SAFETY: the value is an allocation of at least this many bytes, all of them written, that
            // the event owns: it lives as long as `self`.
            unsafe { slice::from_raw_parts(scalar.value, length) }
        };
        Scalar {
            value: String::from_utf8_lossy(value).into_owned(),
            style: match scalar.style {
                port::YAML_SINGLE_QUOTED_SCALAR_STYLE => ScalarStyle::SingleQuoted,
                port::YAML_DOUBLE_QUOTED_SCALAR_STYLE => ScalarStyle::DoubleQuoted,
                port::YAML_LITERAL_SCALAR_STYLE => ScalarStyle::Literal,
                port::YAML_FOLDED_SCALAR_STYLE => ScalarStyle::Folded,
                _ => ScalarStyle::Plain,
            },
            // SAFETY: the anchor is null or a text of this event that ends with a NUL.
            anchor: unsafe { c_text(scalar.anchor) },
            // SAFETY: so is the tag.
            tag: unsafe { c_text(scalar.tag) },
        }
    }
}

impl Drop for RawEvent {
    fn drop(&mut self) {
        // SAFETY: the port has written the event, and it is deleted only here.
        unsafe { port::yaml_event_delete(ptr::from_mut(&mut self.0)) };
    }
}

fn mark_of(mark: port::yaml_mark_t) -> Mark {
    let number = |number| usize::try_from(number).unwrap_or(usize::MAX);
    Mark {
        offset: number(mark.index),
        line: number(mark.line),
        column: number(mark.column),
    }
}

/// Undoes the one correction that the port makes to libyaml's words.
fn as_libyaml_spells_it(problem: String) -> String {
    if problem == "did not find expected hexadecimal number" {
        "did not find expected hexdecimal number".to_owned()
    } else {
        problem
    }
}

/// Returns the mark of what follows a text.
fn mark_before(text: &str) -> Mark {
    let mut mark = Mark::default();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        mark.offset += character.len_utf8();
        let ends_line = match character {
            '\r' => characters.peek() != Some(&'\n'),
            other => matches!(other, '\n' | '\u{85}' | '\u{2028}' | '\u{2029}'),
        };
        if ends_line {
            mark.line += 1;
            mark.column = 0;
        } else {
            mark.column += 1;
        }
    }
    mark
}

/// Copies a text of the port; `None` for a null pointer.
///
/// # Safety
///
/// The pointer must be null, or to a text that ends with a NUL and that nobody writes to meanwhile.
unsafe fn c_text(text: *const u8) -> Option<String> {
    let text = NonNull::new(text.cast_mut())?;
    // SAFETY: the caller answers for it.
    let text = unsafe { CStr::from_ptr(text.as_ptr().cast::<c_char>()) };
    Some(text.to_string_lossy().into_owned())
}
