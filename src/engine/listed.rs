//! Containers, volumes, images and networks as lists show them.

use std::collections::BTreeMap;

use super::container::ContainerId;

/// A container as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedContainer {
    pub id: ContainerId,
    pub name: String,
    pub image: String,
    pub image_id: String,
    pub labels: BTreeMap<String, String>,
    /// The state as the engine names it: `created`, `running`, `exited` and others.
    pub state: String,
    /// When it was made, in seconds since 1970.
    pub created: Option<u64>,
}

/// A volume as a list shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedVolume {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub options: BTreeMap<String, String>,
}

/// An image or a network as a list shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedObject {
    pub id: String,
    /// A name, or the id of an object without one.
    pub name: String,
    /// Further names or tags.
    pub other_names: Vec<String>,
    pub labels: BTreeMap<String, String>,
    /// When it was made, in seconds since 1970.
    pub created: Option<u64>,
    /// In bytes.
    pub size: Option<u64>,
}

impl ListedObject {
    /// Returns all its names or tags.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let others = self.other_names.iter().map(String::as_str);
        std::iter::once(self.name.as_str()).chain(others)
    }
}
