//! The values of keys: from a node of the tree to the plain value that its key takes.
//!
//! What is wrong goes to the problems, and reading goes on as if it were not there.

use std::collections::HashMap;

use super::keys::Section;
use super::node::{Entry, Node, Value};
use super::problems::Problems;
use super::refusal::ValueKind;

/// The keys of one section, as written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'tree> {
    section: Section,
    entries: &'tree [Entry],
}

impl<'tree> Fields<'tree> {
    /// Takes the value of `key` as a map with the keys of a section; null is a map without any.
    pub(super) fn of(
        section: Section,
        key: &str,
        value: &'tree Node,
        problems: &mut Problems,
    ) -> Self {
        Self {
            section,
            entries: entries(key, value, problems),
        }
    }

    /// Returns a key with its value, unless that is null.
    ///
    /// Case does not matter, and the last of several wins: both assumed.
    pub(super) fn entry(&self, name: &'static str) -> Option<&'tree Entry> {
        debug_assert!(self.section.has(name), "{name} is not in the table of keys");
        last(self.entries, name).filter(|entry| !entry.value.is_null())
    }

    /// Returns the value of a key, unless that is null.
    pub(super) fn get(&self, name: &'static str) -> Option<&'tree Node> {
        self.entry(name).map(|entry| &entry.value)
    }

    /// Returns the text of a key.
    pub(super) fn text(&self, name: &'static str, problems: &mut Problems) -> Option<String> {
        self.get(name).map(|node| text(name, node, problems))
    }

    /// Returns the text of a key that is as good as absent when it is empty (assumed).
    pub(super) fn filled_text(
        &self,
        name: &'static str,
        problems: &mut Problems,
    ) -> Option<String> {
        self.text(name, problems).filter(|text| !text.is_empty())
    }

    /// Returns whether a key is on; it is off when absent.
    pub(super) fn boolean(&self, name: &'static str, problems: &mut Problems) -> bool {
        self.optional_boolean(name, problems).unwrap_or_default()
    }

    /// Returns whether a key is on, unless it is absent.
    pub(super) fn optional_boolean(
        &self,
        name: &'static str,
        problems: &mut Problems,
    ) -> Option<bool> {
        self.get(name).map(|node| boolean(name, node, problems))
    }

    /// Returns the texts of a key; none when it is absent.
    pub(super) fn texts(&self, name: &'static str, problems: &mut Problems) -> Vec<String> {
        self.get(name)
            .map(|node| texts(name, node, problems))
            .unwrap_or_default()
    }

    /// Returns the names of a key with a text for each; none when it is absent.
    pub(super) fn named_texts(
        &self,
        name: &'static str,
        problems: &mut Problems,
    ) -> Vec<(String, String)> {
        self.named(name, problems, text)
    }

    /// Returns the names of a key with what is read for each; none when it is absent.
    pub(super) fn named<T>(
        &self,
        name: &'static str,
        problems: &mut Problems,
        read: impl Fn(&str, &Node, &mut Problems) -> T,
    ) -> Vec<(String, T)> {
        self.get(name)
            .map(|node| named(name, node, problems, read))
            .unwrap_or_default()
    }
}

/// Returns the last entry with a name, without regard to case.
pub(super) fn last<'tree>(entries: &'tree [Entry], name: &str) -> Option<&'tree Entry> {
    entries.iter().rev().find(|entry| {
        let written = entry.key.text.as_deref();
        written.is_some_and(|written| written.eq_ignore_ascii_case(name))
    })
}

/// Returns the keys of the map that the value of `key` is; null has none.
pub(super) fn entries<'tree>(
    key: &str,
    value: &'tree Node,
    problems: &mut Problems,
) -> &'tree [Entry] {
    match &value.value {
        Value::Mapping(entries) => {
            for entry in entries.iter().filter(|entry| entry.key.text.is_none()) {
                problems.add_key_kind(entry.key.span);
            }
            entries
        }
        Value::Scalar(scalar) if scalar.is_null() => &[],
        Value::Scalar(_) | Value::Sequence(_) => {
            problems.add_value_kind(key, value, ValueKind::Map);
            &[]
        }
    }
}

/// Refuses a key that is a map or a list, such as a template's `{{ name }}`, wherever it stands:
/// even where nothing is read, Go's YAML library takes no such key.
pub(super) fn only_text_keys(node: &Node, problems: &mut Problems) {
    match &node.value {
        Value::Scalar(_) => {}
        Value::Sequence(items) => {
            for item in items {
                only_text_keys(item, problems);
            }
        }
        Value::Mapping(entries) => {
            for entry in entries {
                if entry.key.text.is_none() {
                    problems.add_key_kind(entry.key.span);
                }
                only_text_keys(&entry.value, problems);
            }
        }
    }
}

/// Reads a map from names of the author's choice. The last of several equal names wins (assumed),
/// in the place of the first.
pub(super) fn named<T>(
    key: &str,
    value: &Node,
    problems: &mut Problems,
    read: impl Fn(&str, &Node, &mut Problems) -> T,
) -> Vec<(String, T)> {
    let mut all: Vec<(String, T)> = Vec::new();
    let mut places = HashMap::new();
    for entry in entries(key, value, problems) {
        let Some(name) = entry.key.text.as_deref() else {
            continue;
        };
        let value = read(name, &entry.value, problems);
        if let Some(&place) = places.get(name) {
            let (_, old): &mut (String, T) = &mut all[place];
            *old = value;
        } else {
            places.insert(name, all.len());
            all.push((name.to_owned(), value));
        }
    }
    all
}

/// Returns a text as written; null is the empty text.
pub(super) fn text(key: &str, value: &Node, problems: &mut Problems) -> String {
    match &value.value {
        Value::Scalar(scalar) if scalar.is_null() => String::new(),
        Value::Scalar(scalar) => scalar.text.clone(),
        Value::Sequence(_) | Value::Mapping(_) => {
            problems.add_value_kind(key, value, ValueKind::Text);
            String::new()
        }
    }
}

/// Returns a list of texts, without what is null; one text stands for a list of one.
pub(super) fn texts(key: &str, value: &Node, problems: &mut Problems) -> Vec<String> {
    match &value.value {
        Value::Scalar(_) => vec![text(key, value, problems)],
        Value::Sequence(items) => items
            .iter()
            .filter(|item| !item.is_null())
            .map(|item| text(key, item, problems))
            .collect(),
        Value::Mapping(_) => {
            problems.add_value_kind(key, value, ValueKind::Texts);
            Vec::new()
        }
    }
}

/// Returns whether a value says yes in any spelling of YAML 1.1, quoted or not; whatever else it
/// says is no (assumed).
fn boolean(key: &str, value: &Node, problems: &mut Problems) -> bool {
    match &value.value {
        Value::Scalar(scalar) => ["y", "yes", "on", "true"]
            .iter()
            .any(|yes| scalar.text.trim().eq_ignore_ascii_case(yes)),
        Value::Sequence(_) | Value::Mapping(_) => {
            problems.add_value_kind(key, value, ValueKind::Boolean);
            false
        }
    }
}
