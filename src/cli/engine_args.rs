//! Which engine to speak to.

use clap::Args;

use super::Failure;
use crate::engine::EngineError;
use crate::engine::docker::Docker;
use crate::engine::endpoint::Endpoint;
use crate::settings::Environment;

/// The engine that is meant.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct EngineArgs {
    /// Address of the engine, unix:///PATH or tcp://HOST:PORT [default: as the docker command].
    #[arg(long, value_name = "URL")]
    host: Option<String>,
}

impl EngineArgs {
    /// Finds the engine; whether it answers shows at the first request.
    pub(super) fn connect(&self, environment: &Environment) -> Result<Connection, Failure> {
        let endpoint =
            Endpoint::resolve(&environment.surroundings(self.host.clone())).map_err(|error| {
                Failure::no_verdict(error).hint("`docker context ls` lists the contexts there are")
            })?;
        match Docker::connect(&endpoint) {
            Ok(engine) => Ok(Connection { engine, endpoint }),
            Err(error) => Err(Failure::engine(error, &endpoint)),
        }
    }

    /// The address that was given.
    pub(super) fn host(&self) -> Option<&str> {
        self.host.as_deref()
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
