//! The properties of an engine.

use crate::resources::{Machine, Memory, Pids};

/// The engine product.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Product {
    Docker,
    /// Speaks the Docker API with small differences.
    Podman,
    /// Any other engine with the Docker API.
    #[default]
    Other,
}

/// Which numbers the users of a container have on the engine's machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UserNumbers {
    /// The same.
    #[default]
    Same,
    /// Others, since the engine was told so.
    Remapped,
    /// Others, since the engine runs without root privileges.
    Rootless,
}

/// The properties of an engine that builds depend on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EngineFacts {
    pub product: Product,
    pub version: String,
    /// Such as `overlay2`.
    pub storage_driver: String,
    /// As `uname -m` prints it.
    pub architecture: String,
    /// The processors of its machine.
    pub cpus: Option<u32>,
    /// The memory of its machine, in bytes.
    pub memory: Option<u64>,
    pub pids: Pids,
    pub users: UserNumbers,
    /// Whether the engine runs on this system, so that it sees the same paths.
    pub shares_host: bool,
    /// Whether it can start an init process in a container.
    pub has_init: bool,
}

impl EngineFacts {
    /// Returns why its containers cannot have a copy-on-write view of a directory that is as good as a copy;
    /// `None` when they may.
    pub fn copy_on_write_obstacle(&self) -> Option<&'static str> {
        if !self.shares_host {
            Some("the engine does not run on this system")
        } else if self.is_rootless() {
            // The kernel keeps what such a view needs from users.
            Some(
                "in an overlay of a rootless engine no directory of the source can be renamed or removed",
            )
        } else if self.product == Product::Podman {
            Some(
                "in an overlay of Podman no directory of the source can be renamed, and no hard link holds",
            )
        } else if self.users == UserNumbers::Remapped {
            Some("the engine gives users other numbers, so that nobody can make an overlay root's")
        } else {
            None
        }
    }

    /// Whether it runs without root privileges.
    pub fn is_rootless(&self) -> bool {
        self.users == UserNumbers::Rootless
    }

    /// Returns the capacity of its machine.
    pub fn machine(&self) -> Machine {
        Machine {
            cpus: self.cpus,
            memory: self.memory.map(Memory),
            pids: self.pids,
        }
    }
}

/// The properties of an engine that are shown to people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EngineDetails {
    /// Such as `Docker Engine - Community`.
    pub product: String,
    pub version: String,
    /// The newest version that it supports.
    pub api_version: String,
    /// `1` or `2`.
    pub cgroup_version: String,
    /// The directory of images, containers and volumes, on the engine's machine.
    pub data_root: String,
    /// RFC 3339.
    pub time: String,
    pub warnings: Vec<String>,
}
