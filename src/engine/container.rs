//! A container to create, and one that was created.

use std::collections::BTreeMap;

use super::mount::Mount;
use crate::resources::{Extras, Limits};

/// A container's id, as the engine gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerId(pub String);

impl ContainerId {
    /// Returns the first twelve digits: the container's default host name.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

/// A container that was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedContainer {
    pub id: ContainerId,
    /// The engine's warnings about settings without effect.
    pub warnings: Vec<String>,
}

/// A container to create.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContainerSpec {
    pub name: String,
    pub image: String,
    /// The platform that the image must have; `None` accepts any.
    pub platform: Option<String>,
    /// The main process; replaces the image's entrypoint and command.
    pub command: Vec<String>,
    /// Variables, besides those of the image.
    pub environment: Vec<(String, String)>,
    pub labels: BTreeMap<String, String>,
    /// Created when missing.
    pub working_directory: String,
    pub privileged: bool,
    pub init: bool,
    /// What is mounted, by path in the container.
    pub mounts: BTreeMap<String, Mount>,
    pub limits: Limits,
    /// Devices, networks, directories and other settings.
    pub extras: Extras,
}
