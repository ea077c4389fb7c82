//! Every section and every known or unknown key of a tree, as a flat list.

use super::super::field;
use super::super::keys::{Key, Section};
use super::super::model::Version;
use super::super::node::{Entry, Node, Value};

/// A known key with its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyUse<'tree> {
    pub(super) section: Section,
    pub(super) key: &'static Key,
    pub(super) entry: &'tree Entry,
}

/// What a tree holds, each list in the order of [`Section::walk`].
#[derive(Debug)]
pub(super) struct KeyUses<'tree> {
    pub(super) version: Version,
    pub(super) known: Vec<KeyUse<'tree>>,
    pub(super) unknown: Vec<(Section, &'tree Entry)>,
}

impl<'tree> KeyUses<'tree> {
    pub(super) fn of(root: &'tree Node, version: Version) -> Self {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        Section::Root.walk(root, version, &mut |section, key, entry| match key {
            Some(key) => known.push(KeyUse {
                section,
                key,
                entry,
            }),
            None => unknown.push((section, entry)),
        });
        Self {
            version,
            known,
            unknown,
        }
    }

    /// Returns the value of a key, wherever its section stands; the last of several.
    pub(super) fn last(&self, section: Section, name: &str) -> Option<&KeyUse<'tree>> {
        self.all(section, name).last()
    }

    /// Returns every value of a key that is not null.
    pub(super) fn all<'this>(
        &'this self,
        section: Section,
        name: &str,
    ) -> impl Iterator<Item = &'this KeyUse<'tree>> {
        debug_assert!(section.has(name), "{name} is not in the table of keys");
        self.known.iter().filter(move |place| {
            place.section == section && place.key.name == name && !place.entry.value.is_null()
        })
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
    field::last(node.entries(), name)
}
