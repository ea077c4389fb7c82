//! Text to tree: the one file that names the YAML parser.

use std::collections::HashSet;

use granit_parser::{
    ErrorKind, Event, Marker, Options, Parser, ScalarStyle, ScanError, Span as EventSpan, StrInput,
    StructureStyle, Tag,
};

use super::Refusal;
use super::anchors::Anchors;
use super::block;
use super::limits::{Budget, MAX_DEPTH, MAX_REREAD};
use super::merge::{is_merge, merge};
use super::node::{Entry, Node, Position, Scalar, Span, Style, Value};
use super::source::{Pushed, Source};
use super::syntax::{self, Brackets, Failure, Problem, Within};
use super::tabs;

/// Reads the first document of a text; `None` when there is none.
pub(super) fn read(text: &str) -> Result<Option<Node>, Refusal> {
    let mut source = Source::new(text);
    let mut aliased = HashSet::new();
    // Each quoted text that stands too far left means reading everything again.
    let mut left = MAX_REREAD;
    loop {
        let line = match Builder::new(&source, &aliased).document() {
            Ok(Some(root)) => {
                tabs::check(text, &root)?;
                return Ok(Some(root));
            }
            Ok(None) => return Ok(None),
            Err(Stop::Refused(refusal)) => return Err(refusal),
            Err(Stop::AnchorNotKept) => {
                aliased = anchors_with_aliases(source.text());
                continue;
            }
            Err(Stop::QuotedTooFarLeft { line }) => line,
        };
        let quote = opening_quote(source.before_line(line)).and_then(|quote| quote.byte_offset());
        match quote.map_or(Pushed::NotClosed, |quote| source.push_quoted(quote, line)) {
            Pushed::Done if source.text().len() <= left => left -= source.text().len(),
            Pushed::Done | Pushed::TooFar => {
                let problem = ErrorKind::InvalidQuotedScalarIndent.to_string();
                return Err(Refusal::syntax(&problem, line));
            }
            Pushed::NotClosed => return Err(syntax::unclosed_quote(text, line)),
        }
    }
}

/// Why reading stopped.
enum Stop {
    /// For good.
    Refused(Refusal),
    /// For a line within quotes that is nothing to libyaml.
    QuotedTooFarLeft { line: usize },
    /// For an alias: what anchors stand for is kept only where that is known to be wanted.
    AnchorNotKept,
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

type Spanned<'input> = (Event<'input>, EventSpan);

struct Builder<'source> {
    source: &'source Source<'source>,
    events: Parser<'source, StrInput<'source>>,
    anchors: Anchors<'source>,
    budget: Budget,
    /// The lists and maps around the place that is being read, outermost first.
    open: Vec<Within>,
}

impl<'source> Builder<'source> {
    fn new(source: &'source Source<'source>, aliased: &'source HashSet<usize>) -> Self {
        Self {
            source,
            events: Parser::new_from_str_with_options(source.text(), options()),
            anchors: Anchors::new(aliased),
            budget: Budget::default(),
            open: Vec::new(),
        }
    }

    fn document(mut self) -> Result<Option<Node>, Stop> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(None),
                (Event::DocumentStart(..), _) => break,
                _ => {}
            }
        }
        let root = self.next()?;
        let root = self.node(root)?;
        // What follows the first document does not count, but it must begin as a document does:
        // the second of these two events fails when it does not.
        self.next()?;
        self.next()?;
        Ok(Some(root))
    }

    /// Returns the next event that is not about an anchor.
    fn next(&mut self) -> Result<Spanned<'source>, Stop> {
        loop {
            match self.events.next_event() {
                Some(Ok((Event::Anchor(_, name), span))) => {
                    syntax::anchor_name(&name, span.start.line())?;
                }
                Some(Ok(event)) => return Ok(event),
                Some(Err(error)) => return Err(self.stop(&error)),
                None => return Ok((Event::StreamEnd, EventSpan::default())),
            }
        }
    }

    fn stop(&self, error: &ScanError) -> Stop {
        let place = position(*error.marker());
        let text = self.source.text();
        let before = error.marker().byte_offset().and_then(|at| text.get(..at));
        let problem = match error.kind() {
            ErrorKind::InvalidQuotedScalarIndent | ErrorKind::TabInIndentation => {
                return Stop::QuotedTooFarLeft { line: place.line };
            }
            ErrorKind::InvalidTrailingSingleQuotedScalar
            | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
                trailing_content(before.unwrap_or_default())
            }
            kind => problem(kind),
        };
        let failure = Failure {
            text,
            problem,
            place,
            brackets: before.and_then(brackets),
            open: &self.open,
        };
        Stop::Refused(failure.refuse())
    }

    fn node(&mut self, (event, span): Spanned<'source>) -> Result<Node, Stop> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Refusal::syntax(&too_deep(), span.start.line()).into());
        }
        self.budget.read(span.start.line())?;
        let anchor = event.anchor_id();
        let node = match event {
            Event::Scalar(text, style, _, tag) => self.scalar(&text, style, tag.as_deref(), span),
            Event::SequenceStart(StructureStyle::Flow, ..) => {
                self.sequence(Within::FlowSequence, span)?
            }
            Event::SequenceStart(StructureStyle::Block, ..) => {
                let column = self.dashes(span);
                let mut node = self.sequence(Within::BlockSequence { column }, span)?;
                node.span.start = self.source.written(Position {
                    line: span.start.line(),
                    column,
                });
                node
            }
            Event::MappingStart(StructureStyle::Flow, ..) => {
                self.mapping(Within::FlowMapping, span)?
            }
            Event::MappingStart(StructureStyle::Block, ..) => {
                let column = position(span.start).column;
                self.mapping(Within::BlockMapping { column }, span)?
            }
            Event::Alias(anchor) => self.alias(anchor, span)?,
            // An alias to nothing; nothing else that is no node comes here.
            _ => {
                let name = self.alias_name(span)?;
                return Err(syntax::unknown_anchor(name).into());
            }
        };
        if let Some(anchor) = anchor.filter(|anchor| self.anchors.wants(*anchor)) {
            self.anchors.keep(anchor, &node, &mut self.budget)?;
        }
        Ok(node)
    }

    fn sequence(&mut self, kind: Within, start: EventSpan) -> Result<Node, Stop> {
        self.open.push(kind);
        let mut items = Vec::new();
        let end = loop {
            match self.next()? {
                (Event::SequenceEnd, span) => break span,
                event => items.push(self.node(event)?),
            }
        };
        self.open.pop();
        let last = items.last().map(|item: &Node| item.span.end);
        Ok(Node {
            span: self.enclose(start, last, end),
            value: Value::Sequence(items),
        })
    }

    fn mapping(&mut self, kind: Within, start: EventSpan) -> Result<Node, Stop> {
        self.open.push(kind);
        let mut entries = Vec::new();
        let mut merged = Vec::new();
        let end = loop {
            let (event, span) = match self.next()? {
                (Event::MappingEnd, span) => break span,
                event => event,
            };
            if kind != Within::FlowMapping && is_missing_key(&event, span, self.source.text()) {
                return Err(Refusal::syntax("did not find expected key", span.start.line()).into());
            }
            let key = self.node((event, span))?;
            let value = self.next()?;
            let value = self.node(value)?;
            if is_merge(&key) {
                merged.push(value);
            } else {
                entries.push(Entry {
                    key: key.into_key(),
                    value,
                });
            }
        };
        self.open.pop();
        let last = entries
            .iter()
            .map(|entry: &Entry| entry.value.span.end)
            .chain(merged.iter().map(|value| value.span.end))
            .max();
        merge(&mut entries, merged)?;
        Ok(Node {
            span: self.enclose(start, last, end),
            value: Value::Mapping(entries),
        })
    }

    fn alias(&mut self, anchor: usize, span: EventSpan) -> Result<Node, Stop> {
        if !self.anchors.wants(anchor) {
            return Err(Stop::AnchorNotKept);
        }
        let name = self.alias_name(span)?;
        let levels = MAX_DEPTH.saturating_sub(self.open.len());
        match self
            .anchors
            .resolve(anchor, name, levels, &mut self.budget)?
        {
            Some(value) => Ok(Node {
                span: self.span(span.start, span.end),
                value,
            }),
            None => Err(Refusal::syntax(&too_deep(), span.start.line()).into()),
        }
    }

    fn alias_name(&self, span: EventSpan) -> Result<&'source str, Refusal> {
        let name = span.slice(self.source.text()).unwrap_or_default();
        syntax::anchor_name(name.trim_start_matches('*'), span.start.line())
    }

    fn scalar(&self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: EventSpan) -> Node {
        let mut place = self.span(span.start, span.end);
        let is_text = tag.is_some_and(|tag| !tag.is_yaml_core_schema_tag("null"));
        let mut text = text;
        let style = match style {
            ScalarStyle::Plain => {
                // For a value that is not there the parser sends a `~` that is nowhere in the text.
                if is_empty(span) {
                    text = "";
                    place.start = self.place_of_nothing(span);
                    place.end = place.start;
                }
                if is_text { Style::Quoted } else { Style::Plain }
            }
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let source = self.source.text();
                let content = span.start.byte_offset().unwrap_or_default();
                if let Some((lines, before)) = block::header_before(source, content) {
                    place.start.line -= lines;
                    place.start.column = before + 1;
                }
                if span.end.byte_offset() == Some(source.len()) {
                    text = block::without_added_break(text, source);
                }
                Style::Block
            }
        };
        Node {
            span: place,
            value: Value::Scalar(Scalar {
                text: text.to_owned(),
                style,
            }),
        }
    }

    /// Returns the place of a value that is not there: behind its `:` or `-`. The parser puts it
    /// before the one and behind any comment after the other.
    fn place_of_nothing(&self, span: EventSpan) -> Position {
        let mut place = self.span(span.start, span.end).start;
        let rest = span
            .start
            .byte_offset()
            .and_then(|at| self.source.text().get(at..));
        match self.open.last() {
            Some(Within::BlockSequence { column }) if self.is_dash(span.start, *column) => {
                place.column = column + 1;
            }
            _ if rest.is_some_and(|rest| rest.starts_with(':')) => place.column += 1,
            _ => {}
        }
        place
    }

    /// Returns the column of a list's dashes. Where they are in line with the keys of the map around
    /// the list, the parser puts the list behind the first of them.
    fn dashes(&self, span: EventSpan) -> usize {
        match self.open.last() {
            Some(Within::BlockMapping { column }) if self.is_dash(span.start, *column) => *column,
            _ => position(span.start).column,
        }
    }

    /// Whether a line has a dash in a column, before a place on it.
    fn is_dash(&self, place: Marker, column: usize) -> bool {
        let before = place
            .byte_offset()
            .and_then(|at| self.source.text().get(..at));
        let line = before.and_then(|before| before.rsplit('\n').next());
        let character = line.and_then(|line| line.chars().nth(column - 1));
        character == Some('-')
    }

    fn span(&self, start: Marker, end: Marker) -> Span {
        Span {
            start: self.source.written(position(start)),
            end: self.source.written(position(end)),
        }
    }

    /// The span of a list or map: a block one ends where its last child does, not where the parser
    /// noticed.
    fn enclose(&self, start: EventSpan, last: Option<Position>, end: EventSpan) -> Span {
        let whole = self.span(start.start, end.end);
        Span {
            start: whole.start,
            end: last.filter(|_| is_empty(end)).unwrap_or(whole.end),
        }
    }
}

fn options() -> Options {
    granit_parser::options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    }
}

/// Whether a map goes on with a colon and no key before it, which only our parser takes for a key.
fn is_missing_key(event: &Event<'_>, span: EventSpan, text: &str) -> bool {
    let rest = || text.get(span.start.byte_offset()?..);
    matches!(event, Event::Scalar(_, ScalarStyle::Plain, ..))
        && is_empty(span)
        && rest().is_some_and(|rest| rest.starts_with(':'))
}

fn too_deep() -> String {
    format!("exceeded max depth of {MAX_DEPTH}")
}

fn is_empty(span: EventSpan) -> bool {
    span.byte_range().is_some_and(|range| range.is_empty())
}

fn position(marker: Marker) -> Position {
    Position {
        line: marker.line().max(1),
        column: marker.col() + 1,
    }
}

/// Returns the anchors that aliases refer to.
fn anchors_with_aliases(text: &str) -> HashSet<usize> {
    Parser::new_from_str_with_options(text, options())
        .map_while(Result::ok)
        .filter_map(|(event, _)| match event {
            Event::Alias(anchor) => Some(anchor),
            _ => None,
        })
        .collect()
}

/// Returns where and why the parser stops in a text, if it does.
fn stop_within(text: &str) -> Option<ScanError> {
    Parser::new_from_str_with_options(text, options()).find_map(Result::err)
}

/// Returns where the quotes open in which a text ends.
fn opening_quote(text: &str) -> Option<Marker> {
    // Without the line break the text ends before its next line could stand too far left.
    let error = stop_within(text.trim_end_matches([' ', '\t', '\r', '\n', '\\']))?;
    match error.kind() {
        ErrorKind::UnclosedQuotedScalar => Some(*error.marker()),
        _ => None,
    }
}

/// Returns the brackets in which a text ends. In a long text, some in the midst of others may have
/// to do for the outermost.
fn brackets(text: &str) -> Option<Brackets> {
    let (innermost, mut outermost) = opening_bracket(text)?;
    for _ in 0..MAX_REREAD / text.len().max(1) {
        let before = outermost.byte_offset().and_then(|at| text.get(..at));
        let Some((_, outer)) = before.and_then(opening_bracket) else {
            break;
        };
        outermost = outer;
    }
    Some(Brackets {
        outermost: position(outermost),
        innermost: Within::brackets(innermost),
    })
}

/// Returns the innermost bracket that is open where a text ends.
fn opening_bracket(text: &str) -> Option<(char, Marker)> {
    let error = stop_within(text)?;
    match error.kind() {
        ErrorKind::UnclosedFlowCollection { open } => Some((*open, *error.marker())),
        _ => None,
    }
}

/// Finds the quoted text that content trails.
fn trailing_content(before: &str) -> Problem {
    let before = before.trim_end_matches([' ', '\t']);
    let open = before
        .char_indices()
        .next_back()
        .map(|(end, _)| &before[..end]);
    match open.and_then(opening_quote) {
        Some(quote) => Problem::TrailingContent {
            quoted: position(quote),
        },
        None => Problem::Unexpected,
    }
}

/// Translates why the parser stopped.
fn problem(kind: &ErrorKind) -> Problem {
    match kind {
        ErrorKind::SimpleKeyExpected => Problem::MissingColon,
        ErrorKind::TabInBlockIndentation => Problem::TabInIndentation,
        ErrorKind::TabInPlainScalar => Problem::TabInPlainScalar,
        ErrorKind::TabAtBlockScalarStart => Problem::TabInBlockScalar,
        ErrorKind::UnclosedQuotedScalar => Problem::UnclosedQuote,
        ErrorKind::DocumentIndicatorInQuotedScalar => Problem::MarkerInQuotes,
        ErrorKind::CommentInterceptedScalar => Problem::ContinuedAfterComment,
        ErrorKind::UnclosedFlowCollection { open } => Problem::UnclosedBracket { open: *open },
        ErrorKind::MismatchedFlowCollectionEnd { open, .. } => {
            Problem::MismatchedBracket { open: *open }
        }
        ErrorKind::BlockEntryInFlowCollection => Problem::ItemInBrackets,
        ErrorKind::InvalidColonPlacement => Problem::Unexpected,
        ErrorKind::RecursionLimitExceeded => Problem::Other(too_deep()),
        kind => match same(kind) {
            Some(words) => Problem::Same(words),
            None => Problem::Other(kind.to_string()),
        },
    }
}

/// Returns libyaml's words for what stops both parsers at the same place.
fn same(kind: &ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::ExpectedDocumentStart => "did not find expected <document start>",
        ErrorKind::ExpectedNodeContent | ErrorKind::MisplacedFlowCollectionEnd => {
            "did not find expected node content"
        }
        ErrorKind::ExpectedBlockMappingKey => "did not find expected key",
        ErrorKind::ExpectedBlockSequenceEntry => "did not find expected '-' indicator",
        ErrorKind::ExpectedFlowMappingSeparator => "did not find expected ',' or '}'",
        ErrorKind::ExpectedFlowSequenceSeparator => "did not find expected ',' or ']'",
        ErrorKind::UndeclaredTagHandle => "found undefined tag handle",
        ErrorKind::DuplicateVersionDirective => "found duplicate %YAML directive",
        ErrorKind::DuplicateTagDirective => "found duplicate %TAG directive",
        ErrorKind::UnsupportedYamlMajorVersion => "found incompatible YAML document",
        ErrorKind::MissingDirectiveName => "could not find expected directive name",
        ErrorKind::InvalidDirectiveName => "found unexpected non-alphabetical character",
        ErrorKind::UnexpectedCharacter { .. } => "found character that cannot start any token",
        ErrorKind::MissingAnchorOrAliasName => syntax::BAD_ANCHOR,
        ErrorKind::BlockSequenceEntryNotAllowed => {
            "block sequence entries are not allowed in this context"
        }
        ErrorKind::MappingKeyNotAllowed => "mapping keys are not allowed in this context",
        ErrorKind::MappingValueNotAllowed => "mapping values are not allowed in this context",
        ErrorKind::ZeroBlockScalarIndent => "found an indentation indicator equal to 0",
        ErrorKind::InvalidBlockScalarHeader => "did not find expected comment or line break",
        ErrorKind::UnknownQuotedScalarEscape => "found unknown escape character",
        ErrorKind::InvalidQuotedScalarHexEscape => "did not find expected hexdecimal number",
        ErrorKind::InvalidUnicodeEscape => "found invalid Unicode character escape code",
        ErrorKind::InvalidTagTerminator => "did not find expected whitespace or line break",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
