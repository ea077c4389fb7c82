//! Every section and every known or unknown key of a tree, as a flat list.

use super::super::Version;
use super::super::keys::{Key, Section, Shape};
use super::super::node::{Entry, Node, Value};

/// A known key with its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'tree> {
    pub(super) section: Section,
    pub(super) key: &'static Key,
    pub(super) entry: &'tree Entry,
}

/// What a tree holds, each list in the order of the text, outer before inner.
#[derive(Debug)]
pub(super) struct Places<'tree> {
    pub(super) version: Version,
    pub(super) known: Vec<Place<'tree>>,
    pub(super) unknown: Vec<(Section, &'tree Entry)>,
}

impl<'tree> Places<'tree> {
    pub(super) fn of(root: &'tree Node, version: Version) -> Self {
        let mut places = Self {
            version,
            known: Vec::new(),
            unknown: Vec::new(),
        };
        places.section(Section::Root, root);
        places
    }

    /// Returns the value of a key, wherever its section stands; the last of several.
    pub(super) fn last(&self, section: Section, name: &str) -> Option<&Place<'tree>> {
        self.all(section, name).last()
    }

    /// Returns every value of a key that is not null.
    pub(super) fn all<'this>(
        &'this self,
        section: Section,
        name: &str,
    ) -> impl Iterator<Item = &'this Place<'tree>> {
        debug_assert!(section.has(name), "{name} is not in the table of keys");
        self.known.iter().filter(move |place| {
            place.section == section && place.key.name == name && !place.entry.value.is_null()
        })
    }

    fn section(&mut self, section: Section, node: &'tree Node) {
        for entry in entries(node) {
            let Some(name) = entry.key.text.as_deref() else {
                continue;
            };
            let Some(key) = section.key(name, self.version) else {
                self.unknown.push((section, entry));
                continue;
            };
            self.known.push(Place {
                section,
                key,
                entry,
            });
            match key.shape {
                Shape::Part(inner) => self.section(inner, &entry.value),
                Shape::ListOf(inner) => {
                    for item in sequence(&entry.value) {
                        self.section(inner, item);
                    }
                }
                Shape::MapOf(inner) => {
                    for named in entries(&entry.value) {
                        self.section(inner, &named.value);
                    }
                }
                Shape::Text
                | Shape::Boolean
                | Shape::Number
                | Shape::Choice(_)
                | Shape::List
                | Shape::Map
                | Shape::MapOfLists
                | Shape::Foreign => {}
            }
        }
    }
}

/// Returns the entries of a map; what is none has none.
pub(super) fn entries(node: &Node) -> &[Entry] {
    match &node.value {
        Value::Mapping(entries) => entries,
        Value::Scalar(_) | Value::Sequence(_) => &[],
    }
}

/// Returns the items of a list; what is none has none.
pub(super) fn sequence(node: &Node) -> &[Node] {
    match &node.value {
        Value::Sequence(items) => items,
        Value::Scalar(_) | Value::Mapping(_) => &[],
    }
}

/// Returns the texts of a list, where one text stands for a list of one.
pub(super) fn texts(node: &Node) -> impl Iterator<Item = (&Node, &str)> {
    let items = match &node.value {
        Value::Sequence(items) => items.as_slice(),
        Value::Scalar(_) => std::slice::from_ref(node),
        Value::Mapping(_) => &[],
    };
    items
        .iter()
        .filter_map(|item| text(item).map(|text| (item, text)))
}

/// Returns a text that is not null.
pub(super) fn text(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar(scalar) if !scalar.is_null() => Some(&scalar.text),
        Value::Scalar(_) | Value::Sequence(_) | Value::Mapping(_) => None,
    }
}

/// Returns an entry of a map by name, without regard to case; the last of several.
pub(super) fn last<'tree>(node: &'tree Node, name: &str) -> Option<&'tree Entry> {
    entries(node).iter().rev().find(|entry| {
        let written = entry.key.text.as_deref();
        written.is_some_and(|written| written.eq_ignore_ascii_case(name))
    })
}
