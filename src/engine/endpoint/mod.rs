//! Chooses the engine, and remembers why it was chosen.

mod address;
mod contexts;
mod inputs;
mod sockets;
#[cfg(test)]
mod tests;
mod tls;

use std::fmt;
use std::path::PathBuf;

pub use address::{Address, AddressError, SshAddress, TcpAddress, Transport};
pub use contexts::UnknownContext;
pub use inputs::EndpointInputs;
pub use sockets::{DEFAULT_SOCKET, DeadSocket};
pub use tls::{ClientCertificate, Tls};

use contexts::Contexts;
use sockets::{find_listening, usual_sockets};

/// An engine's address and the reason for choosing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub address: Address,
    /// `None` for a connection without TLS.
    pub tls: Option<Tls>,
    pub found_by: EndpointOrigin,
}

/// Where an engine's address was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndpointOrigin {
    /// Given as `--host`.
    Flag,
    /// The Docker context given as `--context`.
    ContextFlag(String),
    DockerHost,
    /// The Docker context named by the variable `DOCKER_CONTEXT`.
    ContextVariable(String),
    CurrentContext(String),
    ContainerHost,
    /// One of the usual sockets, because it accepts connections.
    UsualSocket,
    OwnPodman,
    /// The default socket of Docker, because only these dead sockets were found.
    Default(Vec<DeadSocket>),
}

impl fmt::Display for EndpointOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("given as --host"),
            Self::ContextFlag(name) => write!(f, "from the context `{name}` given as --context"),
            Self::DockerHost => f.write_str("from the variable DOCKER_HOST"),
            Self::ContextVariable(name) => {
                write!(
                    f,
                    "from the context `{name}` named by the variable DOCKER_CONTEXT"
                )
            }
            Self::CurrentContext(name) => write!(f, "from the current Docker context `{name}`"),
            Self::ContainerHost => f.write_str("from the variable CONTAINER_HOST"),
            Self::UsualSocket => f.write_str("found among the usual sockets"),
            Self::OwnPodman => f.write_str("Podman, started for this command"),
            Self::Default(_) => f.write_str("Docker's default; no other socket was found"),
        }
    }
}

/// Why no engine can be chosen.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EndpointError {
    #[error(transparent)]
    Context(#[from] UnknownContext),
    #[error("cannot use the engine address {found_by}")]
    Address {
        found_by: EndpointOrigin,
        source: AddressError,
    },
}

/// The names of the Docker contexts that there are, the built-in `default` included.
pub fn context_names(surroundings: &EndpointInputs) -> Vec<String> {
    let mut names = Contexts::of(surroundings).names();
    names.insert(0, "default".to_owned());
    names
}

impl Endpoint {
    /// Chooses the engine: `--host`, `--context`, `DOCKER_HOST`, `DOCKER_CONTEXT`, the current
    /// context, `CONTAINER_HOST`, the usual sockets.
    pub fn resolve(surroundings: &EndpointInputs) -> Result<Self, EndpointError> {
        let given = |value: &Option<String>| value.clone().filter(|text| !text.is_empty());
        let contexts = Contexts::of(surroundings);
        if let Some(url) = given(&surroundings.host) {
            return Self::new(&url, surroundings.tls(), EndpointOrigin::Flag);
        }
        if let Some(name) = given(&surroundings.context) {
            // The one that has no file: what there is without contexts.
            if name == "default" {
                return Self::without_contexts(surroundings);
            }
            let context = contexts.find(&name, "given as --context")?;
            return Self::new(
                &context.host,
                context.tls,
                EndpointOrigin::ContextFlag(name),
            );
        }
        if given(&surroundings.docker_host).is_some() {
            return Self::without_contexts(surroundings);
        }
        if let Some(name) = given(&surroundings.docker_context) {
            if name == "default" {
                return Self::without_contexts(surroundings);
            }
            let context = contexts.find(&name, "named by the variable DOCKER_CONTEXT")?;
            return Self::new(
                &context.host,
                context.tls,
                EndpointOrigin::ContextVariable(name),
            );
        }
        if let Some(name) = contexts.current() {
            let context = contexts.find(&name, "the client's current one")?;
            return Self::new(
                &context.host,
                context.tls,
                EndpointOrigin::CurrentContext(name),
            );
        }
        Self::without_contexts(surroundings)
    }

    /// Returns the endpoint of the Podman that cobuild started.
    pub fn own_podman(socket: PathBuf) -> Self {
        Self {
            address: Address::unix(socket),
            tls: None,
            found_by: EndpointOrigin::OwnPodman,
        }
    }

    fn without_contexts(surroundings: &EndpointInputs) -> Result<Self, EndpointError> {
        let given = |value: &Option<String>| value.clone().filter(|text| !text.is_empty());
        if let Some(url) = given(&surroundings.docker_host) {
            return Self::new(&url, surroundings.tls(), EndpointOrigin::DockerHost);
        }
        if let Some(url) = given(&surroundings.container_host) {
            return Self::new(&url, None, EndpointOrigin::ContainerHost);
        }
        let (socket, found_by) = match find_listening(usual_sockets(surroundings)) {
            Ok(socket) => (socket, EndpointOrigin::UsualSocket),
            Err(dead) => (DEFAULT_SOCKET.into(), EndpointOrigin::Default(dead)),
        };
        Ok(Self {
            address: Address::unix(socket),
            tls: None,
            found_by,
        })
    }

    fn new(url: &str, tls: Option<Tls>, found_by: EndpointOrigin) -> Result<Self, EndpointError> {
        let address: Address = match url.parse() {
            Ok(address) => address,
            Err(source) => return Err(EndpointError::Address { found_by, source }),
        };
        // An address of its own kind needs no certificates to be one of TLS.
        let tls = match &address.transport {
            Transport::Tcp(place) if place.is_https => Some(tls.unwrap_or_default()),
            Transport::Tcp(_) => tls,
            Transport::Unix(_) | Transport::Ssh(_) => None,
        };
        Ok(Self {
            address,
            tls,
            found_by,
        })
    }
}
