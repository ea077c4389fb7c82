//! Text to tree: the one file that names the YAML parser.

mod positions;
#[cfg(test)]
mod tests;

use libyaml::{Collection, Event, EventData, Mark, Parser, ScalarStyle};

use super::anchors::Anchors;
use super::budget::Budget;
use super::limits::MAX_DEPTH;
use super::merge::{is_merge, merge};
use super::node::{Entry, Node, Position, Scalar, Span, Style, Value};
use super::problems::Problem;
use super::refusal::{Reason, SyntaxContext, SyntaxProblem};

use positions::Positions;

/// Reads the first document of a text; `None` when there is none.
pub(super) fn read(text: &str) -> Result<Option<Node>, Problem> {
    let mut builder = Builder {
        events: Parser::new(text, MAX_DEPTH),
        positions: Positions::of(text),
        anchors: Anchors::new(text),
        budget: Budget::default(),
        open: Vec::new(),
    };
    builder.document()
}

/// Makes the tree, event by event.
struct Builder<'text> {
    events: Parser<'text>,
    positions: Positions<'text>,
    anchors: Anchors<'text>,
    budget: Budget,
    /// The lists and maps around the place that is being read, each with its bracket if it has one.
    open: Vec<Option<Mark>>,
}

impl Builder<'_> {
    fn document(&mut self) -> Result<Option<Node>, Problem> {
        loop {
            match self.next()?.data {
                EventData::StreamEnd => return Ok(None),
                EventData::DocumentStart => break,
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

    fn next(&mut self) -> Result<Event, Problem> {
        match self.events.next() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(self.problem(error)),
            // Nobody asks for what follows the last event.
            None => Ok(Event {
                data: EventData::StreamEnd,
                start: Mark::default(),
                end: Mark::default(),
            }),
        }
    }

    fn problem(&self, error: libyaml::Error) -> Problem {
        let start = Position { line: 1, column: 1 };
        match error {
            libyaml::Error::Syntax(error) => {
                let syntax = SyntaxProblem {
                    problem: error.problem,
                    line: error.mark.line,
                    context: error.context.map(|context| SyntaxContext {
                        text: context.text,
                        place: self.positions.of_mark(context.mark),
                    }),
                    bracket: self.bracket(),
                };
                let place = self.positions.of_mark(error.mark);
                Problem::at(place, Reason::Syntax(Box::new(syntax)))
            }
            libyaml::Error::TooDeep { mark, .. } => self.too_deep(mark),
            libyaml::Error::TooManyBlanks => Problem::at(start, Reason::TooManyBlanks),
            libyaml::Error::TooManyDirectives => Problem::at(start, Reason::TooManyDirectives),
        }
    }

    /// Returns where the innermost bracket is, if that is what holds the place that is being read.
    fn bracket(&self) -> Option<Position> {
        let behind = self.open.last().copied().flatten()?;
        let mut place = self.positions.of_mark(behind);
        place.column -= 1;
        Some(place)
    }

    fn too_deep(&self, mark: Mark) -> Problem {
        let line = mark.line + 1;
        Problem::at(self.positions.of_mark(mark), Reason::TooDeep { line })
    }

    fn node(&mut self, event: Event) -> Result<Node, Problem> {
        let Event { data, start, end } = event;
        let place = self.positions.of_mark(start);
        let here = |reason| Problem::at(place, reason);
        self.budget.read(start.line + 1).map_err(here)?;
        match data {
            EventData::Scalar(scalar) => self.anchored(scalar.anchor.clone(), start, |builder| {
                Ok(builder.scalar(scalar, start, end))
            }),
            EventData::SequenceStart(list) => {
                self.anchored(list.anchor.clone(), start, |builder| {
                    builder.sequence(&list, start, end)
                })
            }
            EventData::MappingStart(map) => self.anchored(map.anchor.clone(), start, |builder| {
                builder.mapping(&map, start, end)
            }),
            EventData::Alias(name) => self.alias(name, start, end),
            // No other event stands where a node does.
            _ => self.alias(String::new(), start, end),
        }
    }

    /// Reads a node that may have an anchor.
    fn anchored(
        &mut self,
        anchor: Option<String>,
        start: Mark,
        read: impl FnOnce(&mut Self) -> Result<Node, Problem>,
    ) -> Result<Node, Problem> {
        let anchor = anchor.and_then(|name| self.anchors.open(name));
        let node = read(self)?;
        if let Some(anchor) = anchor {
            let place = self.positions.of_mark(start);
            self.anchors
                .close(&anchor, &node, &mut self.budget)
                .map_err(|reason| Problem::at(place, reason))?;
        }
        Ok(node)
    }

    fn sequence(
        &mut self,
        collection: &Collection,
        start: Mark,
        end: Mark,
    ) -> Result<Node, Problem> {
        self.open.push(collection.flow.then_some(end));
        let mut items: Vec<Node> = Vec::new();
        let closing = loop {
            let event = self.next()?;
            match event.data {
                EventData::SequenceEnd => break event.end,
                _ => items.push(self.node(event)?),
            }
        };
        self.open.pop();
        let last = items.last().map(|item| item.span.end);
        Ok(Node {
            span: self.enclose(collection, start, end, last, closing),
            value: Value::Sequence(items),
        })
    }

    fn mapping(
        &mut self,
        collection: &Collection,
        start: Mark,
        end: Mark,
    ) -> Result<Node, Problem> {
        self.open.push(collection.flow.then_some(end));
        let mut entries = Vec::new();
        let mut merged = Vec::new();
        let mut last = None;
        let closing = loop {
            let event = self.next()?;
            if event.data == EventData::MappingEnd {
                break event.end;
            }
            let key = self.node(event)?;
            let value = self.next()?;
            let value = self.node(value)?;
            last = Some(value.span.end);
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
        let place = self.positions.of_mark(start);
        merge(&mut entries, merged).map_err(|reason| Problem::at(place, reason))?;
        Ok(Node {
            span: self.enclose(collection, start, end, last, closing),
            value: Value::Mapping(entries),
        })
    }

    fn alias(&mut self, name: String, start: Mark, end: Mark) -> Result<Node, Problem> {
        let span = self.span(start, end);
        let levels = (MAX_DEPTH + 1).saturating_sub(self.open.len());
        let value = self.anchors.resolve(name, levels, &mut self.budget);
        match value.map_err(|reason| Problem { span, reason })? {
            Some(value) => Ok(Node { span, value }),
            None => Err(self.too_deep(start)),
        }
    }

    fn scalar(&self, scalar: libyaml::Scalar, start: Mark, end: Mark) -> Node {
        let has_properties = scalar.anchor.is_some() || scalar.tag.is_some();
        let start = if has_properties {
            self.positions.behind_properties(start, end)
        } else {
            start
        };
        // A tag other than that of null makes it text.
        let is_text = scalar
            .tag
            .is_some_and(|tag| tag != "tag:yaml.org,2002:null");
        let style = match scalar.style {
            ScalarStyle::Plain if !is_text => Style::Plain,
            ScalarStyle::Plain | ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                Style::Quoted
            }
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        };
        let mut span = self.span(start, end);
        if start == end {
            // A value that is not there is behind its `:` or `-`, whatever follows.
            let blanks = self.positions.blanks_before(start);
            span.start.column -= blanks;
            span.end = span.start;
        }
        Node {
            span,
            value: Value::Scalar(Scalar {
                text: scalar.value,
                style,
            }),
        }
    }

    fn span(&self, start: Mark, end: Mark) -> Span {
        Span {
            start: self.positions.of_mark(start),
            end: self.positions.of_mark(end),
        }
    }

    /// The span of a list or map: a block one ends where its last child does, not where the parser
    /// noticed.
    fn enclose(
        &self,
        collection: &Collection,
        start: Mark,
        opening: Mark,
        last: Option<Position>,
        closing: Mark,
    ) -> Span {
        let has_properties = collection.anchor.is_some() || collection.tag.is_some();
        let start = if has_properties {
            let end = if collection.flow { opening } else { closing };
            self.positions.behind_properties(start, end)
        } else {
            start
        };
        let whole = self.span(start, closing);
        Span {
            start: whole.start,
            end: last.filter(|_| !collection.flow).unwrap_or(whole.end),
        }
    }
}
