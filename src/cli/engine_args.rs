//! Which engine to speak to.

use std::time::Duration;

use clap::Args;

use super::Failure;
use super::build_args::parse_timeout;
use crate::engine::EngineError;
use crate::engine::docker::Docker;
use crate::engine::endpoint::{Endpoint, EndpointError};
use crate::settings::Environment;

/// The engine that is meant.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct EngineArgs {
    /// Address of the engine: unix:///PATH, tcp://HOST:PORT or ssh://[USER@]HOST [default: as the
    /// docker command, else any engine that listens on its usual socket].
    #[arg(long, value_name = "URL", conflicts_with = "context")]
    host: Option<String>,

    /// Docker context whose engine it is; `docker context ls` lists them.
    #[arg(long, value_name = "NAME")]
    context: Option<String>,

    /// How long the engine may take to answer a request [default: 60s, and 10s for the first].
    #[arg(long, value_name = "DURATION", value_parser = parse_timeout)]
    engine_timeout: Option<Duration>,
}

impl EngineArgs {
    /// Finds the engine; whether it answers shows at the first request.
    pub(super) fn connect(&self, environment: &Environment) -> Result<Connection, Failure> {
        let endpoint = self.choose(environment).map_err(Failure::endpoint)?;
        tracing::info!("engine at `{}`, {}", endpoint.address, endpoint.found_by);
        match Docker::connect(&endpoint) {
            Ok(engine) => Ok(Connection {
                engine: match self.engine_timeout {
                    Some(limit) => engine.with_limit(limit),
                    None => engine,
                },
                endpoint,
            }),
            Err(error) => Err(Failure::engine(error, &endpoint)),
        }
    }

    /// Chooses the engine.
    pub(super) fn choose(&self, environment: &Environment) -> Result<Endpoint, EndpointError> {
        let surroundings = environment.surroundings(self.host.clone(), self.context.clone());
        Endpoint::resolve(&surroundings)
    }

    /// The same engine on the command line of `docker`.
    pub(super) fn of_docker(&self) -> String {
        match (&self.host, &self.context) {
            (Some(host), _) => format!("--host {host} "),
            (None, Some(context)) => format!("--context {context} "),
            (None, None) => String::new(),
        }
    }
}

/// An engine, and how it was found.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) engine: Docker,
    pub(super) endpoint: Endpoint,
}

impl Connection {
    /// Words an error of this engine.
    pub(super) fn failure(&self, error: EngineError) -> Failure {
        Failure::engine(error, &self.endpoint)
    }
}
