//! Text to tree: the one file that names the YAML parser.

use std::collections::HashMap;

use granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StrInput, Tag};

use super::Refusal;
use super::node::{Entry, Key, Node, Position, Scalar, Span, Style, Value, Weight};

/// How deep lists and maps may nest, aliases included.
///
/// No buildspec needs ten levels; the bound keeps every walk over the tree within the stack.
const MAX_DEPTH: usize = 200;

/// How many bytes anchors and aliases may copy, roughly: enough for any buildspec, too little for a "billion
/// laughs".
const MAX_COPIED: usize = 8 << 20;

/// Reads the first document of a text; `None` when there is none.
pub(super) fn read(text: &str) -> Result<Option<Node>, Refusal> {
    let options = granit_parser::options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut builder = Builder {
        text,
        events: Parser::new_from_str_with_options(text, options),
        anchors: HashMap::new(),
        copied: 0,
    };
    loop {
        match builder.next()? {
            (Event::StreamEnd, _) => return Ok(None),
            (Event::DocumentStart(..), _) => break,
            _ => {}
        }
    }
    let root = builder.next()?;
    let root = builder.node(root, 1)?;
    // What follows the first document does not count, but it must begin as a document does: the
    // second of these two events fails when it does not.
    builder.next()?;
    builder.next()?;
    Ok(Some(root))
}

type Spanned<'input> = (Event<'input>, granit_parser::Span);

struct Builder<'input> {
    text: &'input str,
    events: Parser<'input, StrInput<'input>>,
    /// What each anchor stands for; `None` as long as its node is being read.
    anchors: HashMap<usize, Option<Node>>,
    /// How many bytes anchors and aliases have copied so far, roughly.
    copied: usize,
}

impl<'input> Builder<'input> {
    fn next(&mut self) -> Result<Spanned<'input>, Refusal> {
        match self.events.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(refuse(&error, self.text)),
            None => Ok((Event::StreamEnd, granit_parser::Span::default())),
        }
    }

    fn node(&mut self, (event, span): Spanned<'input>, depth: usize) -> Result<Node, Refusal> {
        if depth > MAX_DEPTH {
            return Err(too_deep(span.start.line()));
        }
        let anchor = event.anchor_id();
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, None);
        }
        let node = match event {
            Event::Scalar(text, style, _, tag) => Node {
                span: convert(span),
                value: Value::Scalar(scalar(&text, style, tag.as_deref(), span)),
            },
            Event::SequenceStart(..) => self.sequence(span, depth)?,
            Event::MappingStart(..) => self.mapping(span, depth)?,
            Event::Alias(anchor) => self.alias(anchor, span, depth)?,
            Event::UnresolvedAlias(name) => {
                return Err(Refusal::unlocated(format!(
                    "unknown anchor '{name}' referenced"
                )));
            }
            // Nothing else is a node; the parser never sends it here.
            _ => Node {
                span: convert(span),
                value: Value::Sequence(Vec::new()),
            },
        };
        if let Some(anchor) = anchor {
            self.charge(node.weight())?;
            self.anchors.insert(anchor, Some(node.clone()));
        }
        Ok(node)
    }

    /// Accounts for a copy before it is made.
    fn charge(&mut self, weight: Weight) -> Result<(), Refusal> {
        self.copied = self.copied.saturating_add(weight.size);
        if self.copied > MAX_COPIED {
            return Err(Refusal::unlocated("document contains excessive aliasing"));
        }
        Ok(())
    }

    fn sequence(&mut self, start: granit_parser::Span, depth: usize) -> Result<Node, Refusal> {
        let mut items = Vec::new();
        let end = loop {
            match self.next()? {
                (Event::SequenceEnd, span) => break span,
                event => items.push(self.node(event, depth + 1)?),
            }
        };
        let last = items.last().map(|item: &Node| item.span.end);
        Ok(Node {
            span: enclose(start, last, end),
            value: Value::Sequence(items),
        })
    }

    fn mapping(&mut self, start: granit_parser::Span, depth: usize) -> Result<Node, Refusal> {
        let mut entries = Vec::new();
        let mut merged = Vec::new();
        let end = loop {
            let event = match self.next()? {
                (Event::MappingEnd, span) => break span,
                event => event,
            };
            let key = self.node(event, depth + 1)?;
            let value = self.next()?;
            let value = self.node(value, depth + 1)?;
            if is_merge(&key) {
                merged.push(value);
            } else {
                entries.push(Entry {
                    key: into_key(key),
                    value,
                });
            }
        };
        let last = entries
            .iter()
            .map(|entry: &Entry| entry.value.span.end)
            .chain(merged.iter().map(|value| value.span.end))
            .max();
        for value in merged {
            merge(&mut entries, value)?;
        }
        Ok(Node {
            span: enclose(start, last, end),
            value: Value::Mapping(entries),
        })
    }

    fn alias(
        &mut self,
        anchor: usize,
        span: granit_parser::Span,
        depth: usize,
    ) -> Result<Node, Refusal> {
        let weight = match self.anchors.get(&anchor) {
            Some(Some(target)) => target.weight(),
            _ => return Err(recursive(span, self.text)),
        };
        if depth + weight.depth > MAX_DEPTH {
            return Err(too_deep(span.start.line()));
        }
        self.charge(weight)?;
        match self.anchors.get(&anchor) {
            Some(Some(target)) => Ok(Node {
                span: convert(span),
                value: target.value.clone(),
            }),
            _ => Err(recursive(span, self.text)),
        }
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>, span: granit_parser::Span) -> Scalar {
    let tagged = tag.is_some_and(|tag| !tag.is_yaml_core_schema_tag("null"));
    Scalar {
        style: match style {
            ScalarStyle::Plain if tagged => Style::Quoted,
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        },
        // For a value that is not there the parser sends a `~` that is nowhere in the text.
        text: if style == ScalarStyle::Plain && span.byte_range().is_some_and(|r| r.is_empty()) {
            String::new()
        } else {
            text.to_owned()
        },
    }
}

fn into_key(node: Node) -> Key {
    Key {
        span: node.span,
        text: match node.value {
            Value::Scalar(scalar) => Some(scalar.text),
            Value::Sequence(_) | Value::Mapping(_) => None,
        },
    }
}

fn is_merge(key: &Node) -> bool {
    matches!(&key.value, Value::Scalar(scalar) if scalar.style == Style::Plain && scalar.text == "<<")
}

/// Adds what a `<<` brings in: never over a key that the map, or an earlier `<<`, has.
fn merge(entries: &mut Vec<Entry>, value: Node) -> Result<(), Refusal> {
    let sources = match value.value {
        Value::Mapping(source) => vec![source],
        Value::Sequence(items) => items
            .into_iter()
            .map(|item| match item.value {
                Value::Mapping(source) => Ok(source),
                Value::Sequence(_) | Value::Scalar(_) => Err(bad_merge()),
            })
            .collect::<Result<_, _>>()?,
        Value::Scalar(_) => return Err(bad_merge()),
    };
    for source in sources {
        let known: std::collections::HashSet<_> =
            entries.iter().map(|entry| entry.key.text.clone()).collect();
        let new = source
            .into_iter()
            .filter(|entry| !known.contains(&entry.key.text));
        entries.extend(new);
    }
    Ok(())
}

fn recursive(alias: granit_parser::Span, text: &str) -> Refusal {
    let name = alias.slice(text).unwrap_or_default();
    let name = name.trim_start_matches('*');
    Refusal::unlocated(format!("anchor '{name}' value contains itself"))
}

fn bad_merge() -> Refusal {
    Refusal::unlocated("map merge requires map or sequence of maps as the value")
}

fn too_deep(line: usize) -> Refusal {
    Refusal::syntax(&format!("exceeded max depth of {MAX_DEPTH}"), line)
}

fn position(marker: Marker) -> Position {
    Position {
        line: marker.line(),
        column: marker.col() + 1,
    }
}

fn convert(span: granit_parser::Span) -> Span {
    Span {
        start: position(span.start),
        end: position(span.end),
    }
}

/// The span of a list or map: a block one ends where its last child does, not where the parser
/// noticed.
fn enclose(start: granit_parser::Span, last: Option<Position>, end: granit_parser::Span) -> Span {
    let closed = end.byte_range().is_some_and(|range| !range.is_empty());
    Span {
        start: position(start.start),
        end: match last {
            Some(last) if !closed => last,
            _ => position(end.end),
        },
    }
}

fn refuse(error: &ScanError, _text: &str) -> Refusal {
    Refusal::syntax(&error.info(), error.marker().line())
}
