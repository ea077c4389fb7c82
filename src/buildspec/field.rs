//! The values of keys: from a node of the tree to the plain value that its key takes.

use super::Refusal;
use super::keys::Section;
use super::node::{Entry, Node, Value};

/// The keys of one section, as written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'tree> {
    section: Section,
    entries: &'tree [Entry],
}

impl<'tree> Fields<'tree> {
    /// Takes a node as a map with the keys of a section; null is a map without any.
    pub(super) fn of(section: Section, node: &'tree Node) -> Result<Self, Refusal> {
        Ok(Self {
            section,
            entries: entries(node)?,
        })
    }

    /// Returns the value of a key, unless that is null.
    ///
    /// Case does not matter, and the last of several wins: both assumed.
    pub(super) fn get(&self, name: &'static str) -> Option<&'tree Node> {
        debug_assert!(self.section.has(name), "{name} is not in the table of keys");
        self.entries
            .iter()
            .rev()
            .find(|entry| {
                let written = entry.key.text.as_deref();
                written.is_some_and(|written| written.eq_ignore_ascii_case(name))
            })
            .map(|entry| &entry.value)
            .filter(|value| !value.is_null())
    }

    /// Returns the text of a key.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<String>, Refusal> {
        self.get(name).map(text).transpose()
    }

    /// Returns the text of a key that is as good as absent when it is empty (assumed).
    pub(super) fn filled_text(&self, name: &'static str) -> Result<Option<String>, Refusal> {
        Ok(self.text(name)?.filter(|text| !text.is_empty()))
    }

    /// Returns whether a key is on; it is off when absent.
    pub(super) fn boolean(&self, name: &'static str) -> Result<bool, Refusal> {
        self.get(name).map_or(Ok(false), boolean)
    }

    /// Returns whether a key is on, unless it is absent.
    pub(super) fn optional_boolean(&self, name: &'static str) -> Result<Option<bool>, Refusal> {
        self.get(name).map(boolean).transpose()
    }

    /// Returns the texts of a key; none when it is absent.
    pub(super) fn texts(&self, name: &'static str) -> Result<Vec<String>, Refusal> {
        self.get(name).map_or(Ok(Vec::new()), texts)
    }

    /// Returns the names of a key with a text for each; none when it is absent.
    pub(super) fn named_texts(&self, name: &'static str) -> Result<Vec<(String, String)>, Refusal> {
        self.get(name)
            .map_or(Ok(Vec::new()), |node| named(node, text))
    }
}

/// Returns the keys of a map; null has none.
pub(super) fn entries(node: &Node) -> Result<&[Entry], Refusal> {
    match &node.value {
        Value::Mapping(entries) if entries.iter().all(|entry| entry.key.text.is_some()) => {
            Ok(entries)
        }
        // A key that is a map itself, such as a template's `{{ name }}`.
        Value::Mapping(_) => Err(Refusal::kind("map", "string")),
        Value::Scalar(scalar) if scalar.is_null() => Ok(&[]),
        Value::Scalar(_) => Err(Refusal::kind("string", "map")),
        Value::Sequence(_) => Err(Refusal::kind("list", "map")),
    }
}

/// Refuses a key that is a map or a list, such as a template's `{{ name }}`, wherever it stands:
/// even where nothing is read, Go's YAML library takes no such key.
pub(super) fn only_text_keys(node: &Node) -> Result<(), Refusal> {
    match &node.value {
        Value::Scalar(_) => Ok(()),
        Value::Sequence(items) => items.iter().try_for_each(only_text_keys),
        Value::Mapping(_) => entries(node)?
            .iter()
            .try_for_each(|entry| only_text_keys(&entry.value)),
    }
}

/// Reads a map from names of the author's choice. The last of several equal names wins (assumed),
/// in the place of the first.
pub(super) fn named<T>(
    node: &Node,
    read: impl Fn(&Node) -> Result<T, Refusal>,
) -> Result<Vec<(String, T)>, Refusal> {
    let mut all: Vec<(String, T)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for entry in entries(node)? {
        let name = entry.key.text.as_deref().unwrap_or_default();
        let value = read(&entry.value)?;
        if let Some(&place) = places.get(name) {
            let (_, old): &mut (String, T) = &mut all[place];
            *old = value;
        } else {
            places.insert(name, all.len());
            all.push((name.to_owned(), value));
        }
    }
    Ok(all)
}

/// Returns a text as written; null is the empty text.
pub(super) fn text(node: &Node) -> Result<String, Refusal> {
    match &node.value {
        Value::Scalar(scalar) if scalar.is_null() => Ok(String::new()),
        Value::Scalar(scalar) => Ok(scalar.text.clone()),
        Value::Sequence(_) => Err(Refusal::kind("list", "string")),
        Value::Mapping(_) => Err(Refusal::kind("map", "string")),
    }
}

/// Returns a list of texts, without what is null; one text stands for a list of one.
pub(super) fn texts(node: &Node) -> Result<Vec<String>, Refusal> {
    match &node.value {
        Value::Scalar(_) => Ok(vec![text(node)?]),
        Value::Sequence(items) => items
            .iter()
            .filter(|item| !item.is_null())
            .map(text)
            .collect(),
        Value::Mapping(_) => Err(Refusal::kind("map", "list")),
    }
}

/// Returns whether a node says yes in any spelling of YAML 1.1, quoted or not; whatever else it
/// says is no (assumed).
fn boolean(node: &Node) -> Result<bool, Refusal> {
    match &node.value {
        Value::Scalar(scalar) => Ok(["y", "yes", "on", "true"]
            .iter()
            .any(|yes| scalar.text.trim().eq_ignore_ascii_case(yes))),
        Value::Sequence(_) => Err(Refusal::kind("list", "bool")),
        Value::Mapping(_) => Err(Refusal::kind("map", "bool")),
    }
}
