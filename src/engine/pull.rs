//! Pulling an image: the request, its progress, and the reasons of failures.

use std::fmt;
use std::pin::Pin;

use futures_util::Stream;

use super::EngineError;

/// An image to pull. `Debug` shows no secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PullRequest {
    pub image: String,
    /// Such as `linux/arm64`; `None` for the engine's own.
    pub platform: Option<String>,
    pub credential: Option<RegistryCredential>,
}

/// Credentials for a registry. `Debug` shows no secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RegistryCredential {
    pub username: Option<String>,
    pub password: Option<String>,
    /// A token that stands for user and password.
    pub identity_token: Option<String>,
    /// A token that the registry takes as it is.
    pub registry_token: Option<String>,
}

impl RegistryCredential {
    /// Returns the values to mask.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        [&self.password, &self.identity_token, &self.registry_token]
            .into_iter()
            .filter_map(|secret| secret.as_deref())
    }
}

impl fmt::Debug for RegistryCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryCredential")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// The progress of a pull. Dropping the stream ends the pull.
pub type PullStream = Pin<Box<dyn Stream<Item = Result<PullStep, EngineError>> + Send>>;

/// A step of a pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullStep {
    /// The layer, in the engine's short form.
    pub layer: String,
    pub state: LayerState,
}

/// The progress of a layer. Numbers are bytes; an unknown total is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayerState {
    Waiting,
    Downloading {
        done: u64,
        total: u64,
    },
    Downloaded,
    Extracting {
        /// What has been unpacked, of the packed form.
        done: u64,
        total: u64,
    },
    Complete,
    AlreadyThere,
    /// The engine lost the connection and goes on with it soon.
    Retrying,
}

/// Why an image cannot be pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullFailure {
    NotFound,
    /// The image does not exist or needs credentials: the registry does not say which.
    NotFoundOrPrivate,
    Unauthorised,
    Expired,
    RateLimited,
    /// The engine's disk is full.
    NoSpace,
    /// The image is not for this platform.
    WrongPlatform,
    /// The registry does not answer.
    Unreachable,
    Interrupted,
    /// Something else.
    Other,
}

/// Texts of engines, in lower case, and their meaning; the first match counts.
const WORDS: &[(&str, PullFailure)] = &[
    ("authorization token has expired", PullFailure::Expired),
    ("toomanyrequests", PullFailure::RateLimited),
    ("too many requests", PullFailure::RateLimited),
    ("rate limit", PullFailure::RateLimited),
    ("rate exceeded", PullFailure::RateLimited),
    ("no space left on device", PullFailure::NoSpace),
    ("disk quota exceeded", PullFailure::NoSpace),
    ("no matching manifest", PullFailure::WrongPlatform),
    ("no match for platform", PullFailure::WrongPlatform),
    (
        "does not match the specified platform",
        PullFailure::WrongPlatform,
    ),
    ("no image found in", PullFailure::WrongPlatform),
    ("may require 'docker login'", PullFailure::NotFoundOrPrivate),
    ("pull access denied", PullFailure::NotFoundOrPrivate),
    (
        "access to the resource is denied",
        PullFailure::NotFoundOrPrivate,
    ),
    ("no basic auth credentials", PullFailure::Unauthorised),
    ("unauthorized", PullFailure::Unauthorised),
    ("authentication required", PullFailure::Unauthorised),
    ("incorrect username or password", PullFailure::Unauthorised),
    ("403 forbidden", PullFailure::Unauthorised),
    ("denied:", PullFailure::Unauthorised),
    ("manifest unknown", PullFailure::NotFound),
    ("name unknown", PullFailure::NotFound),
    ("repository name not known", PullFailure::NotFound),
    ("not found", PullFailure::NotFound),
    ("unexpected eof", PullFailure::Interrupted),
    ("connection reset", PullFailure::Interrupted),
    ("connection broken", PullFailure::Interrupted),
    ("broken pipe", PullFailure::Interrupted),
    ("closed network connection", PullFailure::Interrupted),
    ("server closed", PullFailure::Interrupted),
    ("unexpected http status: 5", PullFailure::Interrupted),
    ("500 internal server error", PullFailure::Interrupted),
    ("502 bad gateway", PullFailure::Interrupted),
    ("503 service unavailable", PullFailure::Interrupted),
    ("504 gateway", PullFailure::Interrupted),
    ("dial tcp", PullFailure::Unreachable),
    ("no such host", PullFailure::Unreachable),
    ("connection refused", PullFailure::Unreachable),
    ("network is unreachable", PullFailure::Unreachable),
    ("no route to host", PullFailure::Unreachable),
    ("client.timeout", PullFailure::Unreachable),
    ("i/o timeout", PullFailure::Unreachable),
    ("tls handshake timeout", PullFailure::Unreachable),
    ("x509:", PullFailure::Unreachable),
    ("http response to https client", PullFailure::Unreachable),
    ("eof", PullFailure::Interrupted),
];

impl PullFailure {
    /// Classifies an error of an engine by its text.
    pub fn of(error: &EngineError) -> Self {
        let reason = error.reason().to_lowercase();
        // A failed look-up of a host says `not found` in some systems' words.
        if reason.contains("dial tcp") && reason.contains("lookup ") {
            return Self::Unreachable;
        }
        let known = WORDS.iter().find(|(words, _)| reason.contains(words));
        match (known, error.status) {
            (Some((_, problem)), _) => *problem,
            (None, Some(401 | 403)) => Self::Unauthorised,
            (None, Some(404)) => Self::NotFound,
            (None, Some(429)) => Self::RateLimited,
            (None, _) => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Operation;

    #[test]
    fn the_words_of_engines_are_understood() {
        for (problem, words) in [
            (
                PullFailure::NotFound,
                "manifest for 127.0.0.1:5000/a:1 not found: manifest unknown: manifest unknown",
            ),
            (
                PullFailure::NotFound,
                "name unknown: repository name not known to registry",
            ),
            (
                PullFailure::NotFoundOrPrivate,
                "pull access denied for x, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
            ),
            (
                PullFailure::NotFoundOrPrivate,
                "errors:\ndenied: requested access to the resource is denied\nunauthorized: authentication required",
            ),
            (
                PullFailure::Unauthorised,
                "Head \"https://1.dkr.ecr.eu-west-1.amazonaws.com/v2/a/manifests/1\": no basic auth credentials",
            ),
            (
                PullFailure::Unauthorised,
                "Get \"https://r/v2/\": unauthorized: incorrect username or password",
            ),
            (
                PullFailure::Unauthorised,
                "error parsing HTTP 403 response body: 403 Forbidden",
            ),
            (
                PullFailure::Expired,
                "denied: Your authorization token has expired. Reauthenticate and try again.",
            ),
            (
                PullFailure::RateLimited,
                "toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit",
            ),
            (
                PullFailure::NoSpace,
                "failed to register layer: write /a/b: no space left on device",
            ),
            (
                PullFailure::WrongPlatform,
                "no matching manifest for linux/arm64/v8 in the manifest list entries",
            ),
            (
                PullFailure::WrongPlatform,
                "image with reference a:1 was found but does not match the specified platform: wanted linux/arm64, actual: linux/amd64",
            ),
            (
                PullFailure::Unreachable,
                "Get \"http://127.0.0.1:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused",
            ),
            (
                PullFailure::Unreachable,
                "Get \"https://nowhere/v2/\": dial tcp: lookup nowhere on 1.1.1.1:53: no such host",
            ),
            (
                PullFailure::Unreachable,
                "Get \"https://r/v2/\": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
            ),
            (
                PullFailure::Unreachable,
                "Get \"https://r/v2/\": x509: certificate signed by unknown authority",
            ),
            (PullFailure::Interrupted, "unexpected EOF"),
            (PullFailure::Interrupted, "Get \"http://r/v2/\": EOF"),
            (
                PullFailure::Interrupted,
                "read tcp 1.1.1.1:1->2.2.2.2:2: read: connection reset by peer",
            ),
            (
                PullFailure::Interrupted,
                "received unexpected HTTP status: 503 Service Unavailable",
            ),
            (
                PullFailure::Other,
                "filesystem layer verification failed for digest sha256:00",
            ),
        ] {
            let error = EngineError {
                operation: Operation::PullImage("x".to_owned()),
                status: None,
                source: words.into(),
            };
            assert_eq!(PullFailure::of(&error), problem, "{words}");
        }
    }

    #[test]
    fn no_secret_shows() {
        let credential = RegistryCredential {
            username: Some("me".to_owned()),
            password: Some("hunter2".to_owned()),
            ..RegistryCredential::default()
        };
        let request = PullRequest {
            credential: Some(credential),
            ..PullRequest::default()
        };
        assert!(!format!("{request:?}").contains("hunter2"));
    }
}
