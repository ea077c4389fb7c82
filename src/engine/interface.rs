//! What cobuild asks of an engine.

use std::future::Future;

use bytes::Bytes;

use super::container::{ContainerId, ContainerSpec, CreatedContainer};
use super::error::EngineError;
use super::facts::{EngineDetails, EngineFacts};
use super::image::{ImageFacts, ImportSpec};
use super::listed::{ListedContainer, ListedObject, ListedVolume};
use super::pull::{PullRequest, PullStream};
use super::streams::{Attachment, ByteStream, Process, UploadStream};
use super::terminal::{Terminal, TerminalId, TerminalSize, TerminalSpec};

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

    /// Pulls an image. It is available once the stream has ended without an error; [`PullFailure`](super::PullFailure)
    /// classifies the errors.
    fn pull_image(&self, request: &PullRequest) -> PullStream;

    /// Imports an image from a tar of its files.
    fn import_image(
        &self,
        spec: &ImportSpec,
        tar: Bytes,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Lists the images that carry this label, or all that have a name or are no part of another.
    fn list_images(
        &self,
        label: Option<&str>,
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
