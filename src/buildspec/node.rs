//! A YAML document as a tree in which every key and value knows where it stands.

/// A place in the text, in lines and characters, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

    /// Returns the entries of a map; what is none has none.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Mapping(entries) => entries,
            Value::Scalar(_) | Value::Sequence(_) => &[],
        }
    }

    /// Returns the items of a list; what is none has none.
    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            Value::Sequence(items) => items,
            Value::Scalar(_) | Value::Mapping(_) => &[],
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

    /// Returns how much this holds.
    pub(super) fn weight(&self) -> Weight {
        match &self.value {
            Value::Scalar(scalar) => Weight::of_text(&scalar.text),
            Value::Sequence(items) => Weight::around(items.iter().map(Self::weight)),
            Value::Mapping(entries) => Weight::around(entries.iter().flat_map(|entry| {
                let key = entry.key.text.as_deref().unwrap_or_default();
                [Weight::of_text(key), entry.value.weight()]
            })),
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

/// How much a tree holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Weight {
    /// Keys and values, lists and maps among them.
    pub(super) values: usize,
    /// Bytes of text.
    pub(super) bytes: usize,
    /// Levels, counting the node itself.
    pub(super) depth: usize,
}

impl Weight {
    fn of_text(text: &str) -> Self {
        Self {
            values: 1,
            bytes: text.len(),
            depth: 1,
        }
    }

    /// Returns the weight of a list or map around these.
    fn around(children: impl Iterator<Item = Self>) -> Self {
        let children = children.fold(Self::default(), Self::with);
        Self {
            values: children.values + 1,
            depth: children.depth + 1,
            ..children
        }
    }

    /// Returns the weight of the two, side by side.
    pub(super) fn with(self, other: Self) -> Self {
        Self {
            values: self.values + other.values,
            bytes: self.bytes + other.bytes,
            depth: self.depth.max(other.depth),
        }
    }
}
