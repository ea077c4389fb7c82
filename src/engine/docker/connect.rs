//! Creates clients for each transport.

use bollard::errors::Error as BollardError;
use bollard::{BollardRequest, ClientVersion};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::TokioExecutor;

use super::answers::{Metering, budget_of, count};
use super::errors::failed;
use super::ssh::SshConnector;
use super::tls;
use super::unix::UnixConnector;
use crate::engine::endpoint::{Endpoint, Tls, Transport};
use crate::engine::{EngineError, Operation};

/// The client library's own limit, in seconds: never reached, since it covers the whole of an upload
/// and nothing of an answer but its head. [`Limits`](super::limits::Limits) has those that count.
const REQUEST_TIMEOUT: u64 = 7 * 24 * 60 * 60;

/// The version of the API that is spoken.
const VERSION: &ClientVersion = bollard::API_DEFAULT_VERSION;

/// Creates a client for an engine; sends nothing.
pub(super) fn client(endpoint: &Endpoint) -> Result<bollard::Docker, EngineError> {
    let client = match &endpoint.address.transport {
        Transport::Unix(socket) if !socket.exists() => Err(BollardError::SocketNotFoundError(
            socket.to_string_lossy().into_owned(),
        )),
        Transport::Unix(socket) => over(
            UnixConnector::new(socket.clone()),
            // The host name is not used: the connector knows the socket.
            "http://docker".to_owned(),
            Reuse::Never,
        ),
        Transport::Tcp(place) => match &endpoint.tls {
            None => over(
                HttpConnector::new(),
                format!("http://{}", place.authority(false)),
                Reuse::Never,
            ),
            Some(tls) => over(
                tls_connector(tls)?,
                format!("https://{}", place.authority(true)),
                Reuse::AsLongAsOpen,
            ),
        },
        // The host name is not used: ssh knows the host.
        Transport::Ssh(place) => over(
            SshConnector::new(place.clone()),
            "http://docker".to_owned(),
            Reuse::AsLongAsOpen,
        ),
    };
    client.map_err(failed(Operation::Connect))
}

/// Whether a connection is used for the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reuse {
    /// A new one costs nothing.
    Never,
    /// A new one takes its time.
    AsLongAsOpen,
}

fn tls_connector(tls: &Tls) -> Result<hyper_rustls::HttpsConnector<HttpConnector>, EngineError> {
    let config = tls::config(tls).map_err(|error| EngineError {
        operation: Operation::Connect,
        status: None,
        source: Box::new(error),
    })?;
    Ok(hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_only()
        .enable_http1()
        .build())
}

/// Creates a client over the connections of a connector, and bounds what is read.
fn over<C>(connector: C, address: String, reuse: Reuse) -> Result<bollard::Docker, BollardError>
where
    Metering<C>: Connect + Clone + Send + Sync + 'static,
{
    let mut builder = Client::builder(TokioExecutor::new());
    if reuse == Reuse::Never {
        builder.pool_max_idle_per_host(0);
    }
    let client = builder.build(Metering(connector));
    let transport = move |mut request: BollardRequest| {
        let client = client.clone();
        async move {
            let budget = budget_of(&mut request);
            let response = client.request(request).await?;
            count(&response, budget);
            Ok(response)
        }
    };
    bollard::Docker::connect_with_custom_transport(
        transport,
        Some(address),
        REQUEST_TIMEOUT,
        VERSION,
    )
}
