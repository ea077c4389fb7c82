//! The cache of a build, and its content (contract §1.9).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod paths;

pub use paths::{CachePath, CachePaths, CacheRoot, PathMatch, entry_place};

use super::source::Source;
use crate::buildspec::Cache;
use crate::project::{Identity, ProjectName};

/// How the project keeps its cache, `cache` of the project (contract §8.1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CachePlan {
    /// `cache.type`.
    #[serde(rename = "type")]
    pub kind: CacheKind,
    /// `cache.modes`; empty except for a local cache.
    pub modes: CacheModes,
    /// `cache.cacheNamespace`: builds that share it share their caches.
    pub namespace: String,
    /// The path of the project with this namespace; `None` for a named namespace.
    pub project: Option<String>,
}

/// Where a project keeps its cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CacheKind {
    /// Nowhere.
    #[default]
    #[serde(rename = "NO_CACHE")]
    None,
    /// On the build host.
    #[serde(rename = "LOCAL")]
    Local,
    /// In S3.
    #[serde(rename = "S3")]
    S3,
}

/// A mode of a local cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CacheModes {
    /// `LOCAL_SOURCE_CACHE`: the metadata of git.
    pub source: bool,
    /// `LOCAL_DOCKER_LAYER_CACHE`: the layers of a Docker daemon in a privileged build.
    pub docker_layer: bool,
    /// `LOCAL_CUSTOM_CACHE`: the directories that the buildspec names.
    pub custom: bool,
}

/// How the cache paths of a buildspec are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheUse {
    Nothing,
    /// They are packed into one archive.
    Archive,
    /// Each directory is kept separately and linked from its place.
    Directories,
}

/// The cache options of a user; open ones get defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheRequest {
    pub kind: CacheKind,
    /// The modes; empty for the defaults.
    pub modes: Option<CacheModes>,
    pub namespace: Option<String>,
}

impl CachePlan {
    /// Settles what the request leaves open: directories, and in privileged builds Docker's layers,
    /// in the project's own namespace: builds that name one project share it (assumed).
    pub(super) fn new(
        request: CacheRequest,
        project: Option<&ProjectName>,
        source: &Source,
        privileged: bool,
    ) -> Self {
        let modes = match request.kind {
            CacheKind::Local => request.modes.unwrap_or(CacheModes {
                source: false,
                docker_layer: privileged,
                custom: true,
            }),
            CacheKind::None | CacheKind::S3 => CacheModes::default(),
        };
        let (namespace, project) = match (request.namespace, project) {
            (Some(named), _) => (named, None),
            (None, Some(project)) => (project.as_str().to_owned(), None),
            (None, None) => {
                let Identity { name, path } = source.identity();
                (name, Some(path))
            }
        };
        Self {
            kind: request.kind,
            modes,
            namespace,
            project,
        }
    }

    /// Decides how the buildspec's cache is kept. A key has a meaning only in S3, so a cache with a
    /// key is kept that way, whatever the kind (assumed).
    pub fn of(&self, cache: &Cache) -> CacheUse {
        match self.kind {
            _ if cache.paths.is_empty() => CacheUse::Nothing,
            CacheKind::None => CacheUse::Nothing,
            CacheKind::S3 => CacheUse::Archive,
            CacheKind::Local if cache.key.is_some() => CacheUse::Archive,
            CacheKind::Local if self.modes.custom => CacheUse::Directories,
            CacheKind::Local => CacheUse::Nothing,
        }
    }

    /// Whether Docker layers are kept.
    pub fn keeps_layers(&self, privileged: bool) -> bool {
        self.modes.docker_layer && privileged
    }

    /// What people can do for a cache that is not kept.
    pub(super) fn hints(&self, cache: Option<&Cache>) -> Vec<String> {
        let has_paths = cache.is_some_and(|cache| !cache.paths.is_empty());
        if self.kind == CacheKind::None && has_paths {
            vec![
                "the cache of the buildspec is not kept: enable it with `--cache local`".to_owned(),
            ]
        } else {
            Vec::new()
        }
    }

    /// Returns warnings about the cache.
    pub(super) fn warnings(&self, cache: Option<&Cache>, privileged: bool) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.modes.docker_layer && !privileged {
            warnings.push(
                "the cache mode `docker-layer` needs a privileged build (`-d`); Docker layers are not kept"
                    .to_owned(),
            );
        }
        if let Some(cache) = cache
            && self.of(cache) == CacheUse::Archive
            && cache.fallback_keys.len() > MOST_FALLBACK_KEYS
        {
            warnings.push(format!(
                "only the first {MOST_FALLBACK_KEYS} of `fallback-keys` are tried"
            ));
        }
        warnings
    }
}

/// The most fallback keys that are tried.
pub const MOST_FALLBACK_KEYS: usize = 5;
