//! Reads the contexts of the Docker client.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{EndpointInputs, Tls};

/// A requested Docker context does not exist.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the Docker context `{name}`, {found_by}, does not exist in `{directory}`")]
pub struct UnknownContext {
    name: String,
    found_by: &'static str,
    directory: String,
    pub others: Vec<String>,
}

/// The engine that a context names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Context {
    pub(super) host: String,
    /// The TLS files; `None` for an address without TLS.
    pub(super) tls: Option<Tls>,
}

/// The contexts of a user.
pub(super) struct Contexts {
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
    #[serde(rename = "Host", default)]
    host: String,
    #[serde(rename = "SkipTLSVerify", default)]
    skip_tls_verify: bool,
}

impl Contexts {
    pub(super) fn of(surroundings: &EndpointInputs) -> Self {
        Self {
            directory: surroundings.client_directory(),
        }
    }

    /// The current context unless it is the built-in `default`, which has no file.
    pub(super) fn current(&self) -> Option<String> {
        let text = std::fs::read(self.directory.as_ref()?.join("config.json")).ok()?;
        let config: ClientConfig = serde_json::from_slice(&text).ok()?;
        config
            .current_context
            .filter(|name| !name.is_empty() && name != "default")
    }

    /// The names of all that have files.
    pub(super) fn names(&self) -> Vec<String> {
        let contexts = self.directory.as_deref().map(|it| it.join("contexts"));
        let metas = contexts.as_deref().map(read).unwrap_or_default();
        let mut names: Vec<String> = metas.into_iter().map(|(_, meta)| meta.name).collect();
        names.sort_unstable();
        names
    }

    /// Contexts live in directories named by a hash of their name; reading them all needs no hash.
    pub(super) fn find(
        &self,
        name: &str,
        found_by: &'static str,
    ) -> Result<Context, UnknownContext> {
        let contexts = self.directory.as_deref().map(|it| it.join("contexts"));
        let mut others = Vec::new();
        for (hash, meta) in contexts.as_deref().map(read).unwrap_or_default() {
            if meta.name != name {
                others.push(meta.name);
                continue;
            }
            let docker = meta.endpoints.docker;
            let files = contexts.as_deref().map(|it| it.join("tls").join(&hash));
            let files = files
                .map(|it| it.join("docker"))
                .filter(|files| files.is_dir());
            let tls = match files {
                Some(files) => Some(Tls::of_directory(&files, docker.skip_tls_verify)),
                None => docker.skip_tls_verify.then(|| Tls {
                    skip_verify: true,
                    ..Tls::default()
                }),
            };
            return Ok(Context {
                host: docker.host,
                tls,
            });
        }
        others.sort_unstable();
        Err(UnknownContext {
            name: name.to_owned(),
            found_by,
            directory: contexts.unwrap_or_default().display().to_string(),
            others,
        })
    }
}

/// The contexts that can be read, each with the name of its directory.
fn read(contexts: &Path) -> Vec<(String, ContextMeta)> {
    let Ok(entries) = std::fs::read_dir(contexts.join("meta")) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let text = std::fs::read(entry.path().join("meta.json")).ok()?;
            let meta = serde_json::from_slice(&text).ok()?;
            Some((entry.file_name().into_string().ok()?, meta))
        })
        .collect()
}
