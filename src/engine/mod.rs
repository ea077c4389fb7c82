//! The interface to a container engine, at the level of container primitives.
//!
//! [`docker`] implements it over the Docker API. [`endpoint`] finds a running engine, [`podman`]
//! starts one, and `fake` is a scripted one for the tests of the run loop.

pub mod docker;
pub mod endpoint;
mod error;
#[cfg(test)]
pub(crate) mod fake;
pub mod pipe;
pub mod podman;
pub mod process;
mod pull;
mod refusal;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;
use tokio::io::AsyncWrite;

pub use error::{EngineError, Operation};
pub use process::{Process, ProcessOutput};
pub use pull::{LayerState, PullFailure, PullRequest, PullStep, PullStream, RegistryCredential};
pub use refusal::{Refusal, says_no_shell, says_other_processor};

use crate::resources::{Extras, Limits, Machine, Memory, Pids};

/// A stream of bytes from the engine.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, EngineError>> + Send>>;

/// A stream of bytes to the engine; an error ends the upload.
pub type UploadStream = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>;

/// A container engine.
///
/// Every operation fails with an [`EngineError`] that names it; none of them waits longer than the
/// engine does, and each may be dropped at any await.
pub trait Engine: Send + Sync {
    /// Returns the properties of the engine that builds depend on.
    fn facts(&self) -> impl Future<Output = Result<EngineFacts, EngineError>> + Send;

    /// Returns more properties of the engine, for display.
    fn details(&self) -> impl Future<Output = Result<EngineDetails, EngineError>> + Send;

    /// Inspects an image; `None` when the engine does not have it.
    fn inspect_image(
        &self,
        image: &str,
    ) -> impl Future<Output = Result<Option<ImageFacts>, EngineError>> + Send;

    /// Pulls an image. It is available once the stream has ended without an error; [`PullFailure`]
    /// classifies the errors.
    fn pull_image(&self, request: &PullRequest) -> PullStream;

    /// Imports an image from a tar of its files.
    fn import_image(
        &self,
        spec: &ImportSpec,
        tar: Bytes,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Lists images that carry this label.
    fn list_images(
        &self,
        label: &str,
    ) -> impl Future<Output = Result<Vec<ListedObject>, EngineError>> + Send;

    /// Removes an image by its name or id. A missing image is no error; an image in use is
    /// [`EngineError::is_conflict`].
    fn remove_image(&self, name: &str) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Creates a container that removes itself, and its anonymous volumes, when it ends.
    fn create_container(
        &self,
        spec: &ContainerSpec,
    ) -> impl Future<Output = Result<CreatedContainer, EngineError>> + Send;

    /// Connects to the standard streams of a container not yet started. The container's stdin ends
    /// when [`Attachment::input`] is dropped or this process dies.
    fn attach(
        &self,
        container: &ContainerId,
    ) -> impl Future<Output = Result<Attachment, EngineError>> + Send;

    fn start_container(
        &self,
        container: &ContainerId,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Runs a command in a running container as root, without a terminal, beside everything else
    /// there. A program that is not there ends with 126 or 127, and no error.
    ///
    /// Dropping the process's streams leaves it running: it ends with its input, or the container.
    fn spawn(
        &self,
        container: &ContainerId,
        command: &[&str],
    ) -> impl Future<Output = Result<Process, EngineError>> + Send;

    /// Runs a command in a running container, on a terminal of its own.
    fn open_terminal(
        &self,
        container: &ContainerId,
        spec: &TerminalSpec,
    ) -> impl Future<Output = Result<Terminal, EngineError>> + Send;

    /// Tells a terminal how large it is.
    fn resize_terminal(
        &self,
        terminal: &TerminalId,
        size: TerminalSize,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Whether a container has not ended. A paused one has not; a removed one has.
    fn is_alive(
        &self,
        container: &ContainerId,
    ) -> impl Future<Output = Result<bool, EngineError>> + Send;

    /// Waits until a container and its volumes are removed. A missing container is no error.
    fn wait_removed(
        &self,
        container: &ContainerId,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Whether the kernel killed a process of this container for lack of memory, as far as the engine
    /// remembers; the container may be gone.
    fn ran_out_of_memory(
        &self,
        container: &ContainerId,
    ) -> impl Future<Output = Result<bool, EngineError>> + Send;

    /// Kills and removes a container in any state. A missing one is no error.
    fn remove_container(
        &self,
        container: &ContainerId,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Gives a container another name.
    fn rename_container(
        &self,
        container: &ContainerId,
        name: &str,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Lists the containers with this label, in all states or in one.
    fn list_containers(
        &self,
        label: &str,
        state: Option<&str>,
    ) -> impl Future<Output = Result<Vec<ListedContainer>, EngineError>> + Send;

    /// Lists volumes that carry this label.
    fn list_volumes(
        &self,
        label: &str,
    ) -> impl Future<Output = Result<Vec<ListedVolume>, EngineError>> + Send;

    /// Looks up a volume by its name, `None` when there is none.
    fn inspect_volume(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Option<ListedVolume>, EngineError>> + Send;

    /// Lists the containers, running or not, that use a volume.
    fn volume_users(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Vec<ContainerId>, EngineError>> + Send;

    /// Lists the anonymous volumes of a container.
    fn nameless_volumes(
        &self,
        container: &ContainerId,
    ) -> impl Future<Output = Result<Vec<String>, EngineError>> + Send;

    /// Removes a volume. A missing one is no error; one in use is [`EngineError::is_conflict`].
    fn remove_volume(&self, name: &str) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Lists networks that carry this label.
    fn list_networks(
        &self,
        label: &str,
    ) -> impl Future<Output = Result<Vec<ListedObject>, EngineError>> + Send;

    /// Removes a network. A missing one is no error.
    fn remove_network(&self, name: &str) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Unpacks a tar stream into `directory`, which must exist in the container.
    fn upload(
        &self,
        container: &ContainerId,
        directory: &str,
        tar: UploadStream,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Packs a path of the container, recursively, into a tar stream. Entry names begin with the
    /// last component of the path. A missing path is [`EngineError::is_not_found`].
    fn download(&self, container: &ContainerId, path: &str) -> ByteStream;
}

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
    /// Whether it runs without root privileges.
    pub is_rootless: bool,
    /// Whether the engine runs on this system, so that it sees the same paths.
    pub shares_host: bool,
    /// Whether it can start an init process in a container.
    pub has_init: bool,
}

impl EngineFacts {
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

/// An image to import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportSpec {
    /// Its name, with a tag.
    pub name: String,
    /// Such as `linux/arm64`; empty for the engine's own.
    pub platform: String,
    pub labels: BTreeMap<String, String>,
}

/// The properties of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageFacts {
    /// `ENV`, in order, as name and value.
    pub environment: Vec<(String, String)>,
    pub entrypoint: Vec<String>,
    /// Such as `linux`; may be empty.
    pub system: String,
    /// Such as `amd64`; may be empty.
    pub architecture: String,
    /// The variant of the architecture, such as `v8`.
    pub variant: Option<String>,
    /// The size on the engine's disk, in bytes.
    pub size: u64,
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

/// Something mounted into a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mount {
    Bind(PathBuf),
    /// A copy-on-write view of a directory of the host: changes go to `upper`.
    CopyOnWrite(CopyOnWrite),
    Memory,
    /// An empty volume that goes with the container.
    Volume,
    /// A persistent volume; created when missing.
    NamedVolume(NamedVolume),
}

/// A volume with a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedVolume {
    pub name: String,
    /// Set when the volume is created.
    pub labels: BTreeMap<String, String>,
}

/// The directories of an overlay, on the engine's host; their paths are text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyOnWrite {
    /// The read-only layers, the topmost first.
    pub lower: Vec<PathBuf>,
    /// Where changes go; `upper` and `work` are on one file system.
    pub upper: PathBuf,
    /// The work directory of the kernel.
    pub work: PathBuf,
    /// Features of the overlay to turn off.
    pub without: Vec<&'static str>,
}

/// The standard streams of a container.
pub struct Attachment {
    pub input: Pin<Box<dyn AsyncWrite + Send>>,
    pub output: ByteStream,
}

impl std::fmt::Debug for Attachment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attachment").finish_non_exhaustive()
    }
}

/// A command to run on a terminal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TerminalSpec {
    pub command: Vec<String>,
    pub user: String,
    /// Variables besides the container's.
    pub environment: Vec<(String, String)>,
}

/// The size of a terminal, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerminalSize {
    pub rows: u16,
    pub columns: u16,
}

/// A terminal's id, as the engine gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminalId(pub String);

/// A terminal in a container; it ends when its command does.
#[derive(Debug)]
pub struct Terminal {
    pub id: TerminalId,
    pub streams: Attachment,
}

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

/// Escapes the characters with a meaning in the options of an overlay mount.
pub fn escape_option(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for character in path.chars() {
        if matches!(character, '\\' | ',' | ':') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
