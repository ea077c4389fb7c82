//! The resources of a build container: processors, memory, devices, networks, directories.
//!
//! Shared by the command line, the plan and the engine. Pure: nothing here looks at a machine.
//! [`FromStr`](std::str::FromStr) parses what a user writes, with errors that say what to write.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod amount;
mod compute_type;
mod device;
mod error;
mod limits;
mod network;
mod pids;
mod ulimit;
mod volume;
mod written_amount;

pub use amount::{Cpus, Memory};
pub use compute_type::{ComputeType, EnvironmentType, Size};
pub use device::{Device, Gpus};
pub use error::ResourceError;
pub use limits::{Compute, Limits, Machine};
pub use network::{HOST_NETWORK, HostEntry};
pub use pids::{Pids, PidsLimit};
pub use ulimit::Ulimit;
pub use volume::{FileSystem, Volume};

use core::net::IpAddr;

/// The resources of a container besides processors and memory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Extras {
    /// The network: `none`, `host`, `bridge`, or one of the engine by its name.
    pub network: Option<String>,
    /// Entries for `/etc/hosts`.
    pub hosts: Vec<HostEntry>,
    /// Name servers.
    pub dns: Vec<IpAddr>,
    /// Devices of the engine's host.
    pub devices: Vec<Device>,
    /// GPUs of the engine's host.
    pub gpus: Option<Gpus>,
    /// The size of `/dev/shm`.
    pub shm_size: Option<Memory>,
    /// Limits of each process.
    pub ulimits: Vec<Ulimit>,
    /// Directories and files of the host.
    pub volumes: Vec<Volume>,
}
