//! The engine behind the Docker API: Docker itself, and whatever speaks like it.
//!
//! Nothing but this module names bollard. One file for each kind of object that the API knows; each
//! function there does one operation of [`Engine`].

mod archives;
mod connect;
mod containers;
mod create_body;
mod events;
mod facts;
mod failure;
mod images;
mod networks;
mod processes;
mod resources;
mod ssh;
mod tls;
mod volumes;

use bytes::Bytes;

use super::endpoint::{Endpoint, Reach};
use super::{
    Attachment, ByteStream, ContainerId, ContainerSpec, Created, Engine, EngineDetails,
    EngineError, EngineFacts, ImageFacts, ImportSpec, ListedContainer, ListedObject, NamedVolume,
    Process, Terminal, TerminalId, TerminalSize, TerminalSpec, UploadStream,
};

/// An engine that speaks the Docker API.
#[derive(Debug, Clone)]
pub struct Docker {
    client: bollard::Docker,
    local_socket: bool,
}

impl Docker {
    /// Prepares to speak to the engine at `endpoint`; whether it answers shows at the first request.
    pub fn connect(endpoint: &Endpoint) -> Result<Self, EngineError> {
        Ok(Self {
            client: connect::client(endpoint)?,
            local_socket: matches!(endpoint.address.reach, Reach::Unix(_)),
        })
    }
}

impl Engine for Docker {
    async fn facts(&self) -> Result<EngineFacts, EngineError> {
        facts::facts(&self.client, self.local_socket).await
    }

    async fn details(&self) -> Result<EngineDetails, EngineError> {
        facts::details(&self.client).await
    }

    async fn inspect_image(&self, image: &str) -> Result<Option<ImageFacts>, EngineError> {
        images::inspect(&self.client, image).await
    }

    async fn pull_image(&self, image: &str) -> Result<(), EngineError> {
        images::pull(&self.client, image).await
    }

    async fn import_image(&self, spec: &ImportSpec, tar: Bytes) -> Result<(), EngineError> {
        images::import(&self.client, spec, tar).await
    }

    async fn list_images(&self, label: &str) -> Result<Vec<ListedObject>, EngineError> {
        images::list(&self.client, label).await
    }

    async fn remove_image(&self, name: &str) -> Result<(), EngineError> {
        images::remove(&self.client, name).await
    }

    async fn create_container(&self, spec: &ContainerSpec) -> Result<Created, EngineError> {
        containers::create(&self.client, spec).await
    }

    async fn attach(&self, container: &ContainerId) -> Result<Attachment, EngineError> {
        containers::attach(&self.client, container).await
    }

    async fn start_container(&self, container: &ContainerId) -> Result<(), EngineError> {
        containers::start(&self.client, container).await
    }

    async fn wait_removed(&self, container: &ContainerId) -> Result<(), EngineError> {
        containers::wait_removed(&self.client, container).await
    }

    async fn ran_out_of_memory(&self, container: &ContainerId) -> Result<bool, EngineError> {
        events::ran_out_of_memory(&self.client, container).await
    }

    async fn remove_container(&self, container: &ContainerId) -> Result<(), EngineError> {
        containers::remove(&self.client, container).await
    }

    async fn list_containers(
        &self,
        label: &str,
        state: Option<&str>,
    ) -> Result<Vec<ListedContainer>, EngineError> {
        containers::list(&self.client, label, state).await
    }

    async fn spawn(
        &self,
        container: &ContainerId,
        command: &[&str],
    ) -> Result<Process, EngineError> {
        processes::spawn(&self.client, container, command).await
    }

    async fn open_terminal(
        &self,
        container: &ContainerId,
        spec: &TerminalSpec,
    ) -> Result<Terminal, EngineError> {
        processes::open_terminal(&self.client, container, spec).await
    }

    async fn resize_terminal(
        &self,
        terminal: &TerminalId,
        size: TerminalSize,
    ) -> Result<(), EngineError> {
        processes::resize_terminal(&self.client, terminal, size).await
    }

    async fn list_volumes(&self, label: &str) -> Result<Vec<NamedVolume>, EngineError> {
        volumes::list(&self.client, label).await
    }

    async fn volume_users(&self, name: &str) -> Result<Vec<ContainerId>, EngineError> {
        volumes::users(&self.client, name).await
    }

    async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        volumes::remove(&self.client, name).await
    }

    async fn list_networks(&self, label: &str) -> Result<Vec<ListedObject>, EngineError> {
        networks::list(&self.client, label).await
    }

    async fn remove_network(&self, name: &str) -> Result<(), EngineError> {
        networks::remove(&self.client, name).await
    }

    async fn upload(
        &self,
        container: &ContainerId,
        directory: &str,
        tar: UploadStream,
    ) -> Result<(), EngineError> {
        archives::upload(&self.client, container, directory, tar).await
    }

    fn download(&self, container: &ContainerId, path: &str) -> ByteStream {
        archives::download(&self.client, container, path)
    }
}
