//! The ways to an engine.

use bollard::{BollardRequest, ClientVersion};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::TokioExecutor;

use super::failure::failed;
use super::ssh::SshConnector;
use super::tls;
use crate::engine::endpoint::{Endpoint, Reach, Tls};
use crate::engine::{EngineError, Operation};

/// The client library's own limit, in seconds: never reached, since it covers the whole of an upload
/// and nothing of an answer but its head. [`Limits`](super::limits::Limits) has those that count.
const REQUEST_TIMEOUT: u64 = 7 * 24 * 60 * 60;

/// The version of the API that is spoken.
const VERSION: &ClientVersion = bollard::API_DEFAULT_VERSION;

/// Prepares to speak to an engine; nothing is sent yet.
pub(super) fn client(endpoint: &Endpoint) -> Result<bollard::Docker, EngineError> {
    let client = match &endpoint.address.reach {
        Reach::Unix(socket) => {
            bollard::Docker::connect_with_unix(&socket.to_string_lossy(), REQUEST_TIMEOUT, VERSION)
        }
        Reach::Tcp(place) => match &endpoint.tls {
            None => bollard::Docker::connect_with_http(
                &place.authority(false),
                REQUEST_TIMEOUT,
                VERSION,
            ),
            Some(tls) => over(
                tls_connector(tls)?,
                format!("https://{}", place.authority(true)),
            ),
        },
        // The host is the other side's own, whatever it is called.
        Reach::Ssh(place) => over(SshConnector::new(place.clone()), "http://docker".to_owned()),
    };
    client.map_err(failed(Operation::Connect))
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

/// Speaks over what a connector makes.
fn over<C>(connector: C, address: String) -> Result<bollard::Docker, bollard::errors::Error>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let transport = move |request: BollardRequest| {
        let client = client.clone();
        async move { Ok(client.request(request).await?) }
    };
    bollard::Docker::connect_with_custom_transport(
        transport,
        Some(address),
        REQUEST_TIMEOUT,
        VERSION,
    )
}
