//! An engine behind the Docker API: Docker itself, or another engine that speaks it.
//!
//! Only this module uses bollard. Each kind of object of the API has a file; each function in it
//! implements one operation of [`Engine`].

mod answers;
mod archives;
mod connect;
mod containers;
mod create_body;
mod errors;
mod events;
mod facts;
mod images;
mod limits;
mod networks;
mod podman;
mod processes;
mod resources;
mod ssh;
mod tls;
mod unix;
mod volumes;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use limits::{Limits, within};

use super::endpoint::{Endpoint, Transport};
use super::{
    Attachment, ByteStream, ContainerId, ContainerSpec, CreatedContainer, Engine, EngineDetails,
    EngineError, EngineFacts, ImageFacts, ImportSpec, ListedContainer, ListedObject, ListedVolume,
    Operation, Process, Product, PullRequest, PullStream, Terminal, TerminalId, TerminalSize,
    TerminalSpec, UploadStream,
};

/// An engine that speaks the Docker API.
#[derive(Debug, Clone)]
pub struct Docker {
    client: bollard::Docker,
    /// Its socket on this system.
    socket: Option<PathBuf>,
    limits: Limits,
    /// Known after the first request that needs it.
    product: Arc<OnceLock<Product>>,
}

impl Docker {
    /// Creates a client for the engine at `endpoint`; the first request connects.
    pub fn connect(endpoint: &Endpoint) -> Result<Self, EngineError> {
        Ok(Self {
            client: connect::client(endpoint)?,
            socket: match &endpoint.address.transport {
                Transport::Unix(socket) => Some(socket.clone()),
                Transport::Tcp(_) | Transport::Ssh(_) => None,
            },
            limits: Limits::default(),
            product: Arc::default(),
        })
    }

    /// Sets the time limit of each request; the default is 10 s for the first and 60 s for the
    /// others.
    #[must_use]
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.limits = Limits::of(limit);
        self
    }

    async fn product(&self) -> Result<Product, EngineError> {
        if let Some(product) = self.product.get() {
            return Ok(*product);
        }
        let product = facts::product(&self.client).await?;
        Ok(*self.product.get_or_init(|| product))
    }
}

impl Engine for Docker {
    async fn facts(&self) -> Result<EngineFacts, EngineError> {
        let facts = facts::facts(&self.client, self.socket.as_deref());
        let facts = within(self.limits.answer, Operation::Connect, facts).await?;
        self.product.get_or_init(|| facts.product);
        Ok(facts)
    }

    async fn details(&self) -> Result<EngineDetails, EngineError> {
        let details = facts::details(&self.client);
        within(self.limits.answer, Operation::Facts, details).await
    }

    async fn inspect_image(&self, image: &str) -> Result<Option<ImageFacts>, EngineError> {
        let operation = Operation::InspectImage(image.to_owned());
        let inspected = images::inspect(&self.client, image);
        self.limits.request(operation, inspected).await
    }

    fn pull_image(&self, request: &PullRequest) -> PullStream {
        images::pull(&self.client, request, self.limits)
    }

    async fn import_image(&self, spec: &ImportSpec, tar: Bytes) -> Result<(), EngineError> {
        let imported = images::import(&self.client, spec, tar);
        self.limits.request(Operation::ImportImage, imported).await
    }

    async fn list_images(&self, label: Option<&str>) -> Result<Vec<ListedObject>, EngineError> {
        let listed = images::list(&self.client, label);
        self.limits.request(Operation::ListImages, listed).await
    }

    async fn remove_image(&self, name: &str) -> Result<(), EngineError> {
        let operation = Operation::RemoveImage(name.to_owned());
        let removed = images::remove(&self.client, name);
        self.limits.request(operation, removed).await
    }

    async fn create_container(
        &self,
        spec: &ContainerSpec,
    ) -> Result<CreatedContainer, EngineError> {
        let created = async {
            let product = self.product().await?;
            containers::create(&self.client, product, spec).await
        };
        let operation = Operation::CreateContainer;
        self.limits.request(operation, created).await
    }

    async fn attach(&self, container: &ContainerId) -> Result<Attachment, EngineError> {
        let attached = containers::attach(&self.client, container, self.limits);
        self.limits.request(Operation::Attach, attached).await
    }

    async fn start_container(&self, container: &ContainerId) -> Result<(), EngineError> {
        let started = containers::start(&self.client, container);
        self.limits
            .request(Operation::StartContainer, started)
            .await
    }

    async fn is_alive(&self, container: &ContainerId) -> Result<bool, EngineError> {
        let operation = Operation::InspectContainer;
        containers::is_alive(&self.client, container, operation, self.limits)().await
    }

    async fn wait_removed(&self, container: &ContainerId) -> Result<(), EngineError> {
        containers::wait_removed(&self.client, container, self.limits).await
    }

    async fn ran_out_of_memory(&self, container: &ContainerId) -> Result<bool, EngineError> {
        events::ran_out_of_memory(&self.client, container).await
    }

    async fn remove_container(&self, container: &ContainerId) -> Result<(), EngineError> {
        let removed = containers::remove(&self.client, container);
        let operation = Operation::RemoveContainer;
        self.limits.request(operation, removed).await
    }

    async fn list_containers(
        &self,
        label: &str,
        state: Option<&str>,
    ) -> Result<Vec<ListedContainer>, EngineError> {
        let listed = containers::list(&self.client, label, state);
        self.limits.request(Operation::ListContainers, listed).await
    }

    async fn spawn(
        &self,
        container: &ContainerId,
        command: &[&str],
    ) -> Result<Process, EngineError> {
        processes::spawn(&self.client, container, command, self.limits).await
    }

    async fn open_terminal(
        &self,
        container: &ContainerId,
        spec: &TerminalSpec,
    ) -> Result<Terminal, EngineError> {
        let opened = processes::open_terminal(&self.client, container, spec, self.limits);
        self.limits.request(Operation::OpenTerminal, opened).await
    }

    async fn resize_terminal(
        &self,
        terminal: &TerminalId,
        size: TerminalSize,
    ) -> Result<(), EngineError> {
        let resized = processes::resize_terminal(&self.client, terminal, size);
        self.limits.request(Operation::OpenTerminal, resized).await
    }

    async fn rename_container(
        &self,
        container: &ContainerId,
        name: &str,
    ) -> Result<(), EngineError> {
        let renamed = containers::rename(&self.client, container, name);
        let operation = Operation::RenameContainer;
        self.limits.request(operation, renamed).await
    }

    async fn list_volumes(&self, label: &str) -> Result<Vec<ListedVolume>, EngineError> {
        let listed = volumes::list(&self.client, label);
        self.limits.request(Operation::ListVolumes, listed).await
    }

    async fn inspect_volume(&self, name: &str) -> Result<Option<ListedVolume>, EngineError> {
        let inspected = volumes::inspect(&self.client, name);
        self.limits.request(Operation::ListVolumes, inspected).await
    }

    async fn volume_users(&self, name: &str) -> Result<Vec<ContainerId>, EngineError> {
        let listed = volumes::users(&self.client, name);
        self.limits.request(Operation::ListContainers, listed).await
    }

    async fn nameless_volumes(&self, container: &ContainerId) -> Result<Vec<String>, EngineError> {
        let listed = volumes::nameless(&self.client, container);
        let operation = Operation::InspectContainer;
        self.limits.request(operation, listed).await
    }

    async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        let operation = Operation::RemoveVolume(name.to_owned());
        let removed = volumes::remove(&self.client, name);
        self.limits.request(operation, removed).await
    }

    async fn list_networks(&self, label: &str) -> Result<Vec<ListedObject>, EngineError> {
        let listed = networks::list(&self.client, label);
        self.limits.request(Operation::ListNetworks, listed).await
    }

    async fn remove_network(&self, name: &str) -> Result<(), EngineError> {
        let operation = Operation::RemoveNetwork(name.to_owned());
        let removed = networks::remove(&self.client, name);
        self.limits.request(operation, removed).await
    }

    async fn upload(
        &self,
        container: &ContainerId,
        directory: &str,
        tar: UploadStream,
    ) -> Result<(), EngineError> {
        archives::upload(&self.client, container, directory, tar, self.limits).await
    }

    fn download(&self, container: &ContainerId, path: &str) -> ByteStream {
        archives::download(&self.client, container, path, self.limits)
    }
}
