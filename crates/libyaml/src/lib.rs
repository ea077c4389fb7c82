//! The events of libyaml, as a safe iterator.
//!
//! CodeBuild's agent reads YAML with Go's port of libyaml. Another port of libyaml stops at the same
//! places, for the same reasons and in the same words; any other parser does so only by imitation.
//!
//! The port is [`libyaml_rs`], which the YAML organisation keeps. Its library is `unsafe-libyaml`
//! 0.2.11, byte for byte but for the address of its documentation, so the two read alike and take the
//! same time; `unsafe-libyaml` is archived, and that decides. `libyaml-safer` 0.3.0 panics on a block
//! of text that ends with the file.
//!
//! What libyaml does not bound, and this crate does, so that reading takes time and memory in
//! proportion to the text:
//!
//! - how deep lists and maps nest: the caller says how deep they may;
//! - long runs of blanks among many short ones: libyaml clears a buffer as long as the longest run of
//!   a scalar after each of its runs;
//! - `%TAG` directives, each of which is compared with all others.
//!
//! A text comes as `str`. libyaml refuses most control characters itself. The port counts the length
//! of a key in bytes where libyaml and Go's port count characters, so of a key with more than 512
//! characters beyond ASCII it may say that it is too long.

mod cost;
mod parser;

use thiserror::Error;

use parser::RawParser;

/// A place in a text; everything is counted from 0, as libyaml does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    /// How many bytes come before.
    pub offset: usize,
    /// How many line breaks come before: besides `\n`, `\r` and `\r\n` there are U+0085, U+2028 and
    /// U+2029.
    pub line: usize,
    /// How many characters of the line come before.
    pub column: usize,
}

/// An event with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What the event says.
    pub data: EventData,
    /// Where it begins.
    pub start: Mark,
    /// Where it ends.
    pub end: Mark,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventData {
    /// The first event.
    StreamStart,
    /// The last event.
    StreamEnd,
    /// A document begins.
    DocumentStart,
    /// A document ends.
    DocumentEnd,
    /// The node with this anchor once more; whether there is one is not looked at.
    Alias(String),
    /// A text.
    Scalar(Scalar),
    /// A list begins.
    SequenceStart(Collection),
    /// A list ends.
    SequenceEnd,
    /// A map begins: its keys and values follow in turn.
    MappingStart(Collection),
    /// A map ends.
    MappingEnd,
}

/// A text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The text after unquoting and folding.
    pub value: String,
    /// How it is written.
    pub style: ScalarStyle,
    /// Its anchor.
    pub anchor: Option<String>,
    /// Its tag, with the handle resolved.
    pub tag: Option<String>,
}

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalarStyle {
    /// Without quotes.
    Plain,
    /// In single quotes.
    SingleQuoted,
    /// In double quotes.
    DoubleQuoted,
    /// As a `|` block.
    Literal,
    /// As a `>` block.
    Folded,
}

/// The beginning of a list or map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// Whether it is in brackets or braces.
    pub flow: bool,
    /// Its anchor.
    pub anchor: Option<String>,
    /// Its tag, with the handle resolved.
    pub tag: Option<String>,
}

/// Why a text is read no further.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// It is not YAML.
    #[error("{}", .0.problem)]
    Syntax(SyntaxError),
    /// Lists and maps nest deeper than the caller allows.
    #[error("exceeded max depth of {limit}")]
    TooDeep {
        /// How deep they may nest.
        limit: usize,
        /// The first that is deeper.
        mark: Mark,
    },
    /// Runs of blanks and line breaks are so long and so many that reading them would take long.
    #[error("found too many blanks")]
    TooManyBlanks,
    /// There are more `%TAG` directives than anybody writes.
    #[error("found too many %TAG directives")]
    TooManyDirectives,
}

/// What libyaml says of a text that is no YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong.
    pub problem: String,
    /// Where libyaml stopped.
    pub mark: Mark,
    /// What it was reading.
    pub context: Option<Context>,
}

/// What libyaml was reading when it stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// What it says, such as `while parsing a block mapping`.
    pub text: String,
    /// Where that begins.
    pub mark: Mark,
}

/// Reads a text event by event. The last item is [`EventData::StreamEnd`] or an error.
#[derive(Debug)]
pub struct Parser<'text> {
    raw: RawParser<'text>,
    limit: usize,
    depth: usize,
    /// What refuses the text before anything of it is read.
    costs: Option<Error>,
    ended: bool,
}

impl<'text> Parser<'text> {
    /// Begins to read a text in which lists and maps may nest `limit` deep.
    pub fn new(text: &'text str, limit: usize) -> Self {
        Self {
            raw: RawParser::new(text),
            limit,
            depth: 0,
            costs: cost::check(text.as_bytes()).err(),
            ended: false,
        }
    }

    fn read(&mut self) -> Result<Event, Error> {
        if let Some(error) = self.costs.take() {
            return Err(error);
        }
        let event = self.raw.parse().map_err(Error::Syntax)?;
        match event.data {
            EventData::SequenceStart(_) | EventData::MappingStart(_) => {
                if self.depth == self.limit {
                    return Err(Error::TooDeep {
                        limit: self.limit,
                        mark: event.start,
                    });
                }
                self.depth += 1;
            }
            EventData::SequenceEnd | EventData::MappingEnd => self.depth -= 1,
            _ => {}
        }
        Ok(event)
    }
}

impl Iterator for Parser<'_> {
    type Item = Result<Event, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let event = self.read();
        self.ended = event
            .as_ref()
            .map_or(true, |event| event.data == EventData::StreamEnd);
        Some(event)
    }
}
