//! Keys that the table does not have: named in the log, never fatal (contract §1.2).

use super::keys::{Section, Shape};
use super::node::{Entry, Node, Value};
use super::{UnknownKeys, Version};

/// Lists the unknown keys of a buildspec by section, sections and keys in the order of the text.
pub(super) fn unknown_keys(root: &Node, version: Version) -> Vec<UnknownKeys> {
    let mut walk = Walk {
        version,
        found: Vec::new(),
    };
    walk.section(Section::Root, root);
    walk.found
}

struct Walk {
    version: Version,
    found: Vec<UnknownKeys>,
}

impl Walk {
    fn section(&mut self, section: Section, node: &Node) {
        let mut inner = Vec::new();
        for entry in entries(node) {
            let Some(name) = entry.key.text.as_deref() else {
                continue;
            };
            match section.key(name, self.version) {
                Some(key) => inner.push((key.shape, &entry.value)),
                None => self.add(section, name),
            }
        }
        for (shape, value) in inner {
            self.value(shape, value);
        }
    }

    fn value(&mut self, shape: Shape, node: &Node) {
        match shape {
            Shape::Part(section) => self.section(section, node),
            Shape::ListOf(section) => {
                if let Value::Sequence(items) = &node.value {
                    for item in items {
                        self.section(section, item);
                    }
                }
            }
            Shape::MapOf(section) => {
                for entry in entries(node) {
                    self.section(section, &entry.value);
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

    fn add(&mut self, section: Section, name: &str) {
        let section = section.log_name();
        let place = self.found.iter().position(|one| one.section == section);
        let keys = match place {
            Some(place) => &mut self.found[place].keys,
            None => {
                self.found.push(UnknownKeys {
                    section: section.to_owned(),
                    keys: Vec::new(),
                });
                let last = self.found.len() - 1;
                &mut self.found[last].keys
            }
        };
        if !keys.iter().any(|key| key == name) {
            keys.push(name.to_owned());
        }
    }
}

/// Whether a value has the right kind is not asked here: what does not is no map with keys.
fn entries(node: &Node) -> &[Entry] {
    match &node.value {
        Value::Mapping(entries) => entries,
        Value::Scalar(_) | Value::Sequence(_) => &[],
    }
}
