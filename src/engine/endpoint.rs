//! Which engine to speak to, and where that choice came from.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The socket that Docker listens on unless told otherwise.
const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

/// An engine's address and the reason for choosing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The address as a URL, such as `unix:///var/run/docker.sock`.
    pub url: String,
    /// Where the address was found.
    pub found_by: FoundBy,
}

/// Where an engine's address was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundBy {
    /// Given as `--host`.
    Flag,
    /// The variable `DOCKER_HOST`.
    DockerHost,
    /// The Docker context named by the variable `DOCKER_CONTEXT`.
    ContextVariable(String),
    /// The current Docker context.
    CurrentContext(String),
    /// One of the usual sockets, because it exists.
    UsualSocket,
    /// Docker's default socket, because nothing else was found.
    Default,
}

impl fmt::Display for FoundBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("given as --host"),
            Self::DockerHost => f.write_str("from the variable DOCKER_HOST"),
            Self::ContextVariable(name) => {
                write!(
                    f,
                    "from the context `{name}` named by the variable DOCKER_CONTEXT"
                )
            }
            Self::CurrentContext(name) => write!(f, "from the current Docker context `{name}`"),
            Self::UsualSocket => f.write_str("found among the usual sockets"),
            Self::Default => f.write_str("Docker's default; no other socket was found"),
        }
    }
}

/// What the choice of an engine depends on, gathered by the caller.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// `--host`.
    pub flag: Option<String>,
    /// The variable `DOCKER_HOST`.
    pub docker_host: Option<String>,
    /// The variable `DOCKER_CONTEXT`.
    pub docker_context: Option<String>,
    /// The variable `DOCKER_CONFIG`: the client's configuration directory.
    pub docker_config: Option<PathBuf>,
    /// The user's home directory.
    pub home: Option<PathBuf>,
    /// The variable `XDG_RUNTIME_DIR`.
    pub runtime_directory: Option<PathBuf>,
}

/// A Docker context was asked for and cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the Docker context `{name}`, {found_by}, does not exist in `{directory}`")]
pub struct UnknownContext {
    name: String,
    found_by: &'static str,
    directory: String,
}

impl Endpoint {
    /// Chooses the engine: `--host`, `DOCKER_HOST`, `DOCKER_CONTEXT`, the current context, the usual
    /// sockets, Podman's.
    pub fn resolve(surroundings: &Surroundings) -> Result<Self, UnknownContext> {
        let given = |value: &Option<String>| value.clone().filter(|text| !text.is_empty());
        if let Some(url) = given(&surroundings.flag) {
            return Ok(Self::new(url, FoundBy::Flag));
        }
        if let Some(url) = given(&surroundings.docker_host) {
            return Ok(Self::new(url, FoundBy::DockerHost));
        }
        let contexts = Contexts::of(surroundings);
        if let Some(name) = given(&surroundings.docker_context).filter(|name| name != "default") {
            let url = contexts.host(&name, "named by the variable DOCKER_CONTEXT")?;
            return Ok(Self::new(url, FoundBy::ContextVariable(name)));
        }
        if surroundings.docker_context.is_none()
            && let Some(name) = contexts.current()
        {
            let url = contexts.host(&name, "the client's current one")?;
            return Ok(Self::new(url, FoundBy::CurrentContext(name)));
        }
        let socket = usual_sockets(surroundings)
            .into_iter()
            .find(|socket| socket.exists());
        Ok(match socket {
            Some(socket) => Self::new(format!("unix://{}", socket.display()), FoundBy::UsualSocket),
            None => Self::new(format!("unix://{DEFAULT_SOCKET}"), FoundBy::Default),
        })
    }

    fn new(url: String, found_by: FoundBy) -> Self {
        Self { url, found_by }
    }
}

/// Docker first, then the engines that put a Docker socket into the home directory, then Podman.
fn usual_sockets(surroundings: &Surroundings) -> Vec<PathBuf> {
    let mut sockets = vec![PathBuf::from(DEFAULT_SOCKET)];
    if let Some(runtime) = &surroundings.runtime_directory {
        sockets.push(runtime.join("docker.sock"));
    }
    if let Some(home) = &surroundings.home {
        sockets.extend(
            [
                ".docker/run/docker.sock",
                ".docker/desktop/docker.sock",
                ".colima/default/docker.sock",
                ".rd/docker.sock",
                ".orbstack/run/docker.sock",
            ]
            .map(|socket| home.join(socket)),
        );
    }
    if let Some(runtime) = &surroundings.runtime_directory {
        sockets.push(runtime.join("podman/podman.sock"));
    }
    sockets.push(PathBuf::from("/run/podman/podman.sock"));
    sockets
}

/// The Docker client's contexts on disk.
struct Contexts {
    directory: Option<PathBuf>,
}

#[derive(Deserialize)]
struct ClientConfig {
    #[serde(rename = "currentContext")]
    current_context: Option<String>,
}

#[derive(Deserialize)]
struct ContextMeta {
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "Endpoints")]
    endpoints: ContextEndpoints,
}

#[derive(Deserialize)]
struct ContextEndpoints {
    docker: ContextEndpoint,
}

#[derive(Deserialize)]
struct ContextEndpoint {
    #[serde(rename = "Host")]
    host: String,
}

impl Contexts {
    fn of(surroundings: &Surroundings) -> Self {
        let directory = surroundings
            .docker_config
            .clone()
            .or_else(|| surroundings.home.as_ref().map(|home| home.join(".docker")));
        Self { directory }
    }

    /// The current context unless it is the built-in `default`, which has no file.
    fn current(&self) -> Option<String> {
        let text = std::fs::read(self.directory.as_ref()?.join("config.json")).ok()?;
        let config: ClientConfig = serde_json::from_slice(&text).ok()?;
        config
            .current_context
            .filter(|name| !name.is_empty() && name != "default")
    }

    /// Contexts live in directories named by a hash of their name; reading them all needs no hash.
    fn host(&self, name: &str, found_by: &'static str) -> Result<String, UnknownContext> {
        let directory = self
            .directory
            .as_ref()
            .map(|directory| directory.join("contexts/meta"));
        directory
            .as_deref()
            .and_then(|directory| find_context(directory, name))
            .ok_or_else(|| UnknownContext {
                name: name.to_owned(),
                found_by,
                directory: directory.unwrap_or_default().display().to_string(),
            })
    }
}

fn find_context(directory: &Path, name: &str) -> Option<String> {
    std::fs::read_dir(directory)
        .ok()?
        .filter_map(|entry| std::fs::read(entry.ok()?.path().join("meta.json")).ok())
        .filter_map(|text| serde_json::from_slice::<ContextMeta>(&text).ok())
        .find(|context| context.name == name)
        .map(|context| context.endpoints.docker.host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home_with_context() -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        let meta = home.path().join(".docker/contexts/meta/abc");
        std::fs::create_dir_all(&meta).unwrap();
        std::fs::write(
            meta.join("meta.json"),
            r#"{"Name":"colima","Metadata":{},"Endpoints":{"docker":{"Host":"unix:///c.sock"}}}"#,
        )
        .unwrap();
        std::fs::write(
            home.path().join(".docker/config.json"),
            r#"{"currentContext":"colima"}"#,
        )
        .unwrap();
        home
    }

    #[test]
    fn the_flag_beats_the_variable_beats_the_context() {
        let home = home_with_context();
        let mut surroundings = Surroundings {
            flag: Some("tcp://flag:1".into()),
            docker_host: Some("tcp://variable:1".into()),
            home: Some(home.path().into()),
            ..Surroundings::default()
        };
        let resolve = |surroundings: &Surroundings| Endpoint::resolve(surroundings).unwrap();
        assert_eq!(resolve(&surroundings).url, "tcp://flag:1");
        surroundings.flag = None;
        assert_eq!(resolve(&surroundings).url, "tcp://variable:1");
        assert_eq!(resolve(&surroundings).found_by, FoundBy::DockerHost);
        surroundings.docker_host = None;
        assert_eq!(resolve(&surroundings).url, "unix:///c.sock");
        assert_eq!(
            resolve(&surroundings).found_by,
            FoundBy::CurrentContext("colima".into())
        );
    }

    #[test]
    fn an_unknown_context_is_an_error_that_names_it() {
        let home = home_with_context();
        let surroundings = Surroundings {
            docker_context: Some("nowhere".into()),
            home: Some(home.path().into()),
            ..Surroundings::default()
        };
        let error = Endpoint::resolve(&surroundings).unwrap_err().to_string();
        assert!(
            error.contains("`nowhere`, named by the variable DOCKER_CONTEXT"),
            "{error}"
        );
    }

    #[test]
    fn a_socket_in_the_home_directory_is_found() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(home.path().join(".orbstack/run")).unwrap();
        let socket = home.path().join(".orbstack/run/docker.sock");
        std::fs::write(&socket, "").unwrap();
        let surroundings = Surroundings {
            home: Some(home.path().into()),
            ..Surroundings::default()
        };
        let found = usual_sockets(&surroundings);
        assert!(found.contains(&socket));
        assert_eq!(found[0], Path::new(DEFAULT_SOCKET));
    }
}
