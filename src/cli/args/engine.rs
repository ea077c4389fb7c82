//! Which engine to speak to.

use std::time::Duration;

use clap::Args;

use super::duration::parse_timeout;
use super::heading;
use crate::cli::failure::Failure;
use crate::engine::EngineError;
use crate::engine::docker::Docker;
use crate::engine::endpoint::{Endpoint, EndpointError, EndpointOrigin};
use crate::engine::podman::PodmanService;
use crate::settings::Environment;

/// The engine that is meant.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::ENGINE)]
pub(crate) struct EngineArgs {
    /// Address of the engine [default: as the docker command].
    ///
    /// unix:///PATH, tcp://HOST:PORT, https://HOST:PORT or ssh://[USER@]HOST[:PORT]. Without this flag it is
    /// the engine of the docker command, else any engine that listens on its usual socket.
    #[arg(
        long,
        value_name = "URL",
        conflicts_with = "context",
        hide_short_help = true
    )]
    host: Option<String>,

    /// Docker context whose engine is used; `docker context ls` lists them.
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    context: Option<String>,

    /// Time that the engine has to answer a request [default: 60s, and 10s for the first].
    #[arg(long, value_name = "DURATION", value_parser = parse_timeout, hide_short_help = true)]
    engine_timeout: Option<Duration>,
}

impl EngineArgs {
    /// Finds the engine, which may be a Podman that is started for it; whether it answers shows at the
    /// first request.
    pub(crate) async fn connect(&self, environment: &Environment) -> Result<Connection, Failure> {
        let endpoint = self.choose(environment).map_err(Failure::endpoint)?;
        let EndpointOrigin::Default(dead) = &endpoint.found_by else {
            return self.open(endpoint, None);
        };
        let root = environment.runtime_directory();
        match PodmanService::start(&root).await {
            Ok(Some(service)) => {
                let endpoint = Endpoint::own_podman(service.socket().to_owned());
                self.open(endpoint, Some(service))
            }
            Ok(None) => self.open(endpoint, None),
            Err(error) => Err(Failure::podman(error, dead)),
        }
    }

    /// Finds the engine where one is running; starts none.
    pub(crate) fn connect_to_running(
        &self,
        environment: &Environment,
    ) -> Result<Connection, Failure> {
        self.open(self.choose(environment).map_err(Failure::endpoint)?, None)
    }

    /// Chooses the engine among those that are running.
    pub(crate) fn choose(&self, environment: &Environment) -> Result<Endpoint, EndpointError> {
        let surroundings = environment.surroundings(self.host.clone(), self.context.clone());
        Endpoint::resolve(&surroundings)
    }

    fn open(
        &self,
        endpoint: Endpoint,
        service: Option<PodmanService>,
    ) -> Result<Connection, Failure> {
        tracing::info!("engine at `{}`, {}", endpoint.address, endpoint.found_by);
        match Docker::connect(&endpoint) {
            Ok(engine) => Ok(Connection {
                engine: match self.engine_timeout {
                    Some(limit) => engine.with_limit(limit),
                    None => engine,
                },
                endpoint,
                service,
            }),
            Err(error) => Err(Failure::engine(error, &endpoint)),
        }
    }
}

/// An engine, and how it was found.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) engine: Docker,
    pub(crate) endpoint: Endpoint,
    /// The engine itself, where it lives only as long as this.
    service: Option<PodmanService>,
}

impl Connection {
    /// The command by which people reach the same engine.
    pub(crate) fn client(&self) -> String {
        let Endpoint {
            address, found_by, ..
        } = &self.endpoint;
        match found_by {
            EndpointOrigin::OwnPodman => "podman".to_owned(),
            EndpointOrigin::ContextFlag(name) => format!("docker --context {name}"),
            EndpointOrigin::DockerHost
            | EndpointOrigin::ContextVariable(_)
            | EndpointOrigin::CurrentContext(_)
            | EndpointOrigin::Default(_) => "docker".to_owned(),
            EndpointOrigin::UsualSocket if address.is_default() => "docker".to_owned(),
            EndpointOrigin::Flag | EndpointOrigin::ContainerHost | EndpointOrigin::UsualSocket => {
                format!("docker --host {address}")
            }
        }
    }

    /// Ends what was started for it.
    pub(crate) async fn close(self) {
        if let Some(service) = self.service {
            service.stop().await;
        }
    }

    /// Words an error of this engine.
    pub(crate) fn failure(&self, error: EngineError) -> Failure {
        Failure::engine(error, &self.endpoint)
    }
}
