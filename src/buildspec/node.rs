//! A YAML document as a tree in which every key and value knows where it stands.

/// A place in the text, in lines and characters, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character within the line.
    pub column: usize,
}

/// A stretch of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its first character.
    pub start: Position,
    /// The place after its last character.
    pub end: Position,
}

/// A value with its place.
///
/// What an alias stands for has the alias's place; what lies within it has the place where it was
/// written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// Where it stands.
    pub(super) span: Span,
    /// What it is.
    pub(super) value: Value,
}

/// The three kinds of YAML value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Text, whatever type YAML may see in it.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// A map, in the order of the text and with every repetition of a key.
    Mapping(Vec<Entry>),
}

/// A scalar as written: `3.10` stays `3.10`, `yes` stays `yes` (contract §1.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scalar {
    /// The text, after unquoting and line folding.
    pub(super) text: String,
    /// How it was written.
    pub(super) style: Style,
}

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Without quotes: the only style that can mean null.
    Plain,
    /// In quotes of either kind, or with an explicit tag that makes it text.
    Quoted,
    /// As a `|` or `>` block.
    Block,
}

/// One key of a map with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The key.
    pub(super) key: Key,
    /// The value.
    pub(super) value: Node,
}

/// The key of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// Where it stands.
    pub(super) span: Span,
    /// Its text; `None` when it is a list or a map, which YAML allows and a buildspec never means.
    pub(super) text: Option<String>,
}

impl Node {
    /// Returns whether this is YAML's null: nothing at all, `~`, or the word.
    pub(super) fn is_null(&self) -> bool {
        match &self.value {
            Value::Scalar(scalar) => scalar.is_null(),
            Value::Sequence(_) | Value::Mapping(_) => false,
        }
    }

    /// Makes this the key of a map.
    pub(super) fn into_key(self) -> Key {
        Key {
            span: self.span,
            text: match self.value {
                Value::Scalar(scalar) => Some(scalar.text),
                Value::Sequence(_) | Value::Mapping(_) => None,
            },
        }
    }

    /// Returns how large a copy of this would be, and how many levels deep it is.
    pub(super) fn weight(&self) -> Weight {
        match &self.value {
            Value::Scalar(scalar) => Weight {
                size: NODE_SIZE.saturating_add(scalar.text.len()),
                depth: 1,
            },
            Value::Sequence(items) => items
                .iter()
                .map(Self::weight)
                .fold(Weight::COLLECTION, Weight::with_child),
            Value::Mapping(entries) => entries
                .iter()
                .map(|entry| {
                    let mut weight = entry.value.weight();
                    let key = entry.key.text.as_ref().map_or(0, String::len);
                    weight.size = weight.size.saturating_add(key);
                    weight
                })
                .fold(Weight::COLLECTION, Weight::with_child),
        }
    }
}

impl Scalar {
    /// Returns whether this is YAML's null.
    pub(super) fn is_null(&self) -> bool {
        self.style == Style::Plain
            && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }
}

/// Roughly what a node costs beside its text.
const NODE_SIZE: usize = 100;

/// How much a tree holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Weight {
    /// Bytes of memory, roughly.
    pub(super) size: usize,
    /// Levels, counting the node itself.
    pub(super) depth: usize,
}

impl Weight {
    const COLLECTION: Self = Self {
        size: NODE_SIZE,
        depth: 1,
    };

    fn with_child(self, child: Self) -> Self {
        Self {
            size: self.size.saturating_add(child.size),
            depth: self.depth.max(child.depth + 1),
        }
    }
}
