//! What cobuild needs of a container engine, at the level of container primitives.
//!
//! [`docker`] speaks to a real engine, which [`endpoint`] finds or [`podman`] starts; `fake` scripts
//! one for the tests of the run loop.

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
    /// Tells what the engine is and where it runs.
    fn facts(&self) -> impl Future<Output = Result<EngineFacts, EngineError>> + Send;

    /// Tells more of the engine, for people who want to know what they have.
    fn details(&self) -> impl Future<Output = Result<EngineDetails, EngineError>> + Send;

    /// Returns what the engine knows of an image, `None` when it does not have it.
    fn inspect_image(
        &self,
        image: &str,
    ) -> impl Future<Output = Result<Option<ImageFacts>, EngineError>> + Send;

    /// Fetches an image; it is there when the stream has ended without an error. What it fails for is
    /// a [`PullFailure`].
    fn pull_image(&self, request: &PullRequest) -> PullStream;

    /// Makes an image of a tar of its files.
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

    /// Removes an image that no container uses, by its name or id. One that is gone is no error; one
    /// that is in use is [`EngineError::is_conflict`].
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

    /// Starts a container.
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

    /// Whether a container has not ended yet. One that stands still has not; one that is gone has.
    fn is_alive(
        &self,
        container: &ContainerId,
    ) -> impl Future<Output = Result<bool, EngineError>> + Send;

    /// Waits until a container is gone, volumes included. One that is gone already is no error.
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

    /// Kills and removes a container, whatever state it is in. One that is gone is no error.
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

    /// Lists containers that carry this label: all of them, or those in this state.
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

    /// Lists the volumes without names of their own that were made with a container.
    fn nameless_volumes(
        &self,
        container: &ContainerId,
    ) -> impl Future<Output = Result<Vec<String>, EngineError>> + Send;

    /// Removes a volume. One that is gone is no error; one that is in use is
    /// [`EngineError::is_conflict`].
    fn remove_volume(&self, name: &str) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Lists networks that carry this label.
    fn list_networks(
        &self,
        label: &str,
    ) -> impl Future<Output = Result<Vec<ListedObject>, EngineError>> + Send;

    /// Removes a network. One that is gone is no error.
    fn remove_network(&self, name: &str) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Unpacks a tar stream below `directory`, which must exist in the container.
    fn upload(
        &self,
        container: &ContainerId,
        directory: &str,
        tar: UploadStream,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Packs a path of the container, with all below it, into a tar stream. The entries' names begin
    /// with the path's last component. A missing path is [`EngineError::is_not_found`].
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
    /// Its id.
    pub id: ContainerId,
    /// What of the request has no effect there, in the engine's words.
    pub warnings: Vec<String>,
}

/// Whose engine it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Product {
    /// Docker's own.
    Docker,
    /// Podman, which speaks Docker's language with a few words of its own.
    Podman,
    /// Any other that speaks it.
    #[default]
    Other,
}

/// What an engine says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EngineFacts {
    /// Whose it is.
    pub product: Product,
    /// Its version.
    pub version: String,
    /// How it stacks the layers of images, such as `overlay2`.
    pub storage_driver: String,
    /// The processor architecture of its machine, as `uname -m` says it.
    pub architecture: String,
    /// How many processors its machine has, when it says so.
    pub cpus: Option<u32>,
    /// How much memory its machine has, in bytes, when it says so.
    pub memory: Option<u64>,
    /// What its machine has of processes and threads.
    pub pids: Pids,
    /// Whether it runs without the rights of root.
    pub is_rootless: bool,
    /// Whether paths of this host mean the same to the engine: it runs on this very system.
    pub shares_host: bool,
    /// Whether it may be asked to put an init process into a container.
    pub has_init: bool,
}

impl EngineFacts {
    /// What its machine has.
    pub fn machine(&self) -> Machine {
        Machine {
            cpus: self.cpus,
            memory: self.memory.map(Memory),
            pids: self.pids,
        }
    }
}

/// What an engine says of itself to people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EngineDetails {
    /// What it calls itself, such as `Docker Engine - Community`.
    pub product: String,
    /// Its version.
    pub version: String,
    /// The newest version of the API that it speaks.
    pub api_version: String,
    /// The version of the control groups that limit its containers.
    pub cgroup_version: String,
    /// Where it keeps images, containers and volumes, on its own machine.
    pub data_root: String,
    /// Its clock, as RFC 3339.
    pub time: String,
    /// What it warns of.
    pub warnings: Vec<String>,
}

/// An image to make of files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportSpec {
    /// Its name, with a tag.
    pub name: String,
    /// The platform that its programs are for, such as `linux/arm64`; the engine's own when empty.
    pub platform: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
}

/// What an engine says of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageFacts {
    /// `ENV`, in order, as name and value.
    pub environment: Vec<(String, String)>,
    /// `ENTRYPOINT`, in its exec form.
    pub entrypoint: Vec<String>,
    /// The system it is for, such as `linux`; empty when it does not say.
    pub system: String,
    /// The processor it is for, such as `amd64`; empty when it does not say.
    pub architecture: String,
    /// Which kind of that processor, when it says so.
    pub variant: Option<String>,
    /// How large it is on the engine's disk, in bytes.
    pub size: u64,
}

/// A container to create.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContainerSpec {
    /// Its name.
    pub name: String,
    /// The image.
    pub image: String,
    /// The platform that the image must be for, when that matters.
    pub platform: Option<String>,
    /// The main process; replaces the image's entrypoint and command.
    pub command: Vec<String>,
    /// Variables, besides those of the image.
    pub environment: Vec<(String, String)>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// The working directory; made when it is not there.
    pub working_directory: String,
    /// Whether the container is privileged.
    pub privileged: bool,
    /// Whether an init process reaps orphans.
    pub init: bool,
    /// What is mounted, by path in the container.
    pub mounts: BTreeMap<String, Mount>,
    /// How much of the machine it may use.
    pub limits: Limits,
    /// What else it gets of the machine.
    pub extras: Extras,
}

/// Something mounted into a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mount {
    /// A directory of the host, as it is.
    Bind(PathBuf),
    /// A copy-on-write view of a directory of the host: changes go to `upper`.
    CopyOnWrite(CopyOnWrite),
    /// A file system in memory.
    Memory,
    /// An empty volume that goes with the container.
    Volume,
    /// A volume that stays; it is made when it is not there.
    NamedVolume(NamedVolume),
}

/// A volume with a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedVolume {
    /// The name.
    pub name: String,
    /// The labels that it gets when it is made.
    pub labels: BTreeMap<String, String>,
}

/// The directories of an overlay, on the engine's host; their paths are text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyOnWrite {
    /// What is seen, the topmost first; never written.
    pub lower: Vec<PathBuf>,
    /// Where changes go; `upper` and `work` are on one file system.
    pub upper: PathBuf,
    /// The kernel's own.
    pub work: PathBuf,
    /// Features of the file system that are turned off.
    pub without: Vec<&'static str>,
}

/// The standard streams of a container.
pub struct Attachment {
    /// The container's stdin.
    pub input: Pin<Box<dyn AsyncWrite + Send>>,
    /// Its stdout and stderr.
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
    /// The command.
    pub command: Vec<String>,
    /// The user that runs it.
    pub user: String,
    /// Variables besides the container's.
    pub environment: Vec<(String, String)>,
}

/// The size of a terminal, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerminalSize {
    /// Lines.
    pub rows: u16,
    /// Columns.
    pub columns: u16,
}

/// A terminal's id, as the engine gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminalId(pub String);

/// A terminal in a container; it ends when its command does.
#[derive(Debug)]
pub struct Terminal {
    /// Its id.
    pub id: TerminalId,
    /// What is typed, and what is shown.
    pub streams: Attachment,
}

/// A container as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedContainer {
    /// Its id.
    pub id: ContainerId,
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// The id of its image.
    pub image_id: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// What it does, in the engine's word: `created`, `running`, `exited` and others.
    pub state: String,
    /// When it was made, in seconds since 1970.
    pub created: Option<u64>,
}

/// A volume as a list shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedVolume {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// What its driver was told.
    pub options: BTreeMap<String, String>,
}

/// An image or a network as a list shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedObject {
    /// Its id.
    pub id: String,
    /// What it goes by: a name, or an id where it has none.
    pub name: String,
    /// What else it goes by.
    pub other_names: Vec<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// When it was made, in seconds since 1970.
    pub created: Option<u64>,
    /// How large it is, in bytes.
    pub size: Option<u64>,
}

/// Hides what has a meaning in the options of an overlay mount.
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
