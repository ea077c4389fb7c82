//! Fetching an image: what is asked for, how it goes on, and what can go wrong.

use std::fmt;
use std::pin::Pin;

use futures_util::Stream;

use super::EngineError;

/// An image to fetch. `Debug` shows no secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PullRequest {
    /// Its name.
    pub image: String,
    /// The platform, such as `linux/arm64`; else the engine's own.
    pub platform: Option<String>,
    /// What the registry is to be shown, when there is something.
    pub login: Option<Login>,
}

/// What a registry wants to see. `Debug` shows no secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Login {
    /// The user.
    pub username: Option<String>,
    /// The password, or a token in its place.
    pub password: Option<String>,
    /// A token that stands for user and password.
    pub identity_token: Option<String>,
    /// A token that the registry takes as it is.
    pub registry_token: Option<String>,
}

impl Login {
    /// All that nobody should see.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        [&self.password, &self.identity_token, &self.registry_token]
            .into_iter()
            .filter_map(|secret| secret.as_deref())
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// How a pull goes on, until it ends. Dropping it ends the pull.
pub type PullStream = Pin<Box<dyn Stream<Item = Result<PullStep, EngineError>> + Send>>;

/// A step of a pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullStep {
    /// The layer, in the engine's short form.
    pub layer: String,
    /// What becomes of it.
    pub state: LayerState,
}

/// What becomes of a layer while its image is pulled. Numbers are bytes; a total that the engine does
/// not know is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayerState {
    /// It waits for others.
    Waiting,
    /// It comes.
    Downloading {
        /// What has come.
        done: u64,
        /// Of how much.
        total: u64,
    },
    /// It is there and waits to be unpacked.
    Downloaded,
    /// It is unpacked.
    Extracting {
        /// What has been unpacked, of the packed form.
        done: u64,
        /// Of how much.
        total: u64,
    },
    /// It is in its place.
    Complete,
    /// It was there before.
    AlreadyThere,
    /// The engine lost the connection and goes on with it soon.
    Retrying,
}

/// Why an image cannot be pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullProblem {
    /// The registry has no such image.
    NotFound,
    /// It has none, or none for those who show no credentials: it does not say which.
    NotFoundOrPrivate,
    /// The registry wants credentials, or others.
    Unauthorised,
    /// The credentials are of yesterday.
    Expired,
    /// The registry has been asked too often.
    RateLimited,
    /// The engine's disk is full.
    NoSpace,
    /// The image is not for this platform.
    WrongPlatform,
    /// The registry does not answer.
    Unreachable,
    /// The connection broke, or the registry stumbled.
    Interrupted,
    /// Something else.
    Other,
}

/// What engines say, in lower case, and what it means; the first that is found counts.
const WORDS: &[(&str, PullProblem)] = &[
    ("authorization token has expired", PullProblem::Expired),
    ("toomanyrequests", PullProblem::RateLimited),
    ("too many requests", PullProblem::RateLimited),
    ("rate limit", PullProblem::RateLimited),
    ("rate exceeded", PullProblem::RateLimited),
    ("no space left on device", PullProblem::NoSpace),
    ("disk quota exceeded", PullProblem::NoSpace),
    ("no matching manifest", PullProblem::WrongPlatform),
    ("no match for platform", PullProblem::WrongPlatform),
    (
        "does not match the specified platform",
        PullProblem::WrongPlatform,
    ),
    ("no image found in", PullProblem::WrongPlatform),
    ("may require 'docker login'", PullProblem::NotFoundOrPrivate),
    ("pull access denied", PullProblem::NotFoundOrPrivate),
    (
        "access to the resource is denied",
        PullProblem::NotFoundOrPrivate,
    ),
    ("no basic auth credentials", PullProblem::Unauthorised),
    ("unauthorized", PullProblem::Unauthorised),
    ("authentication required", PullProblem::Unauthorised),
    ("incorrect username or password", PullProblem::Unauthorised),
    ("403 forbidden", PullProblem::Unauthorised),
    ("denied:", PullProblem::Unauthorised),
    ("manifest unknown", PullProblem::NotFound),
    ("name unknown", PullProblem::NotFound),
    ("repository name not known", PullProblem::NotFound),
    ("not found", PullProblem::NotFound),
    ("unexpected eof", PullProblem::Interrupted),
    ("connection reset", PullProblem::Interrupted),
    ("connection broken", PullProblem::Interrupted),
    ("broken pipe", PullProblem::Interrupted),
    ("closed network connection", PullProblem::Interrupted),
    ("server closed", PullProblem::Interrupted),
    ("unexpected http status: 5", PullProblem::Interrupted),
    ("500 internal server error", PullProblem::Interrupted),
    ("502 bad gateway", PullProblem::Interrupted),
    ("503 service unavailable", PullProblem::Interrupted),
    ("504 gateway", PullProblem::Interrupted),
    ("dial tcp", PullProblem::Unreachable),
    ("no such host", PullProblem::Unreachable),
    ("connection refused", PullProblem::Unreachable),
    ("network is unreachable", PullProblem::Unreachable),
    ("no route to host", PullProblem::Unreachable),
    ("client.timeout", PullProblem::Unreachable),
    ("i/o timeout", PullProblem::Unreachable),
    ("tls handshake timeout", PullProblem::Unreachable),
    ("x509:", PullProblem::Unreachable),
    ("http response to https client", PullProblem::Unreachable),
    ("eof", PullProblem::Interrupted),
];

impl PullProblem {
    /// Says what an engine's words mean.
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
                PullProblem::NotFound,
                "manifest for 127.0.0.1:5000/a:1 not found: manifest unknown: manifest unknown",
            ),
            (
                PullProblem::NotFound,
                "name unknown: repository name not known to registry",
            ),
            (
                PullProblem::NotFoundOrPrivate,
                "pull access denied for x, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
            ),
            (
                PullProblem::NotFoundOrPrivate,
                "errors:\ndenied: requested access to the resource is denied\nunauthorized: authentication required",
            ),
            (
                PullProblem::Unauthorised,
                "Head \"https://1.dkr.ecr.eu-west-1.amazonaws.com/v2/a/manifests/1\": no basic auth credentials",
            ),
            (
                PullProblem::Unauthorised,
                "Get \"https://r/v2/\": unauthorized: incorrect username or password",
            ),
            (
                PullProblem::Unauthorised,
                "error parsing HTTP 403 response body: 403 Forbidden",
            ),
            (
                PullProblem::Expired,
                "denied: Your authorization token has expired. Reauthenticate and try again.",
            ),
            (
                PullProblem::RateLimited,
                "toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit",
            ),
            (
                PullProblem::NoSpace,
                "failed to register layer: write /a/b: no space left on device",
            ),
            (
                PullProblem::WrongPlatform,
                "no matching manifest for linux/arm64/v8 in the manifest list entries",
            ),
            (
                PullProblem::WrongPlatform,
                "image with reference a:1 was found but does not match the specified platform: wanted linux/arm64, actual: linux/amd64",
            ),
            (
                PullProblem::Unreachable,
                "Get \"http://127.0.0.1:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused",
            ),
            (
                PullProblem::Unreachable,
                "Get \"https://nowhere/v2/\": dial tcp: lookup nowhere on 1.1.1.1:53: no such host",
            ),
            (
                PullProblem::Unreachable,
                "Get \"https://r/v2/\": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
            ),
            (
                PullProblem::Unreachable,
                "Get \"https://r/v2/\": x509: certificate signed by unknown authority",
            ),
            (PullProblem::Interrupted, "unexpected EOF"),
            (PullProblem::Interrupted, "Get \"http://r/v2/\": EOF"),
            (
                PullProblem::Interrupted,
                "read tcp 1.1.1.1:1->2.2.2.2:2: read: connection reset by peer",
            ),
            (
                PullProblem::Interrupted,
                "received unexpected HTTP status: 503 Service Unavailable",
            ),
            (
                PullProblem::Other,
                "filesystem layer verification failed for digest sha256:00",
            ),
        ] {
            let error = EngineError {
                operation: Operation::PullImage("x".to_owned()),
                status: None,
                source: words.into(),
            };
            assert_eq!(PullProblem::of(&error), problem, "{words}");
        }
    }

    #[test]
    fn no_secret_shows() {
        let login = Login {
            username: Some("me".to_owned()),
            password: Some("hunter2".to_owned()),
            ..Login::default()
        };
        let request = PullRequest {
            login: Some(login),
            ..PullRequest::default()
        };
        assert!(!format!("{request:?}").contains("hunter2"));
    }
}
