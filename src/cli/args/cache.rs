//! How a build keeps its cache.

use clap::{Args, ValueEnum};

use super::heading;
use crate::plan::cache::{CacheKind, CacheModes, CacheRequest};

/// How the cache is kept.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = heading::CACHE)]
pub(crate) struct CacheArgs {
    /// How the buildspec's cache is kept on this machine [default: none].
    ///
    /// As CodeBuild does it for a project without a cache, with a local one, or with one in S3. A cache with a
    /// `key` is kept as in S3 either way.
    #[arg(long, value_name = "TYPE", hide_short_help = true)]
    cache: Option<CacheTypeArg>,

    /// Parts of a local cache [default: custom, and docker-layer in privileged builds].
    #[arg(
        long,
        value_name = "MODE",
        value_delimiter = ',',
        requires = "cache",
        hide_short_help = true
    )]
    cache_mode: Vec<CacheModeArg>,

    /// Share caches with every build that names the same namespace [default: the project's own].
    #[arg(
        long,
        value_name = "NAME",
        value_parser = namespace,
        requires = "cache",
        hide_short_help = true
    )]
    cache_namespace: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CacheTypeArg {
    /// Nothing is kept.
    #[value(alias = "NO_CACHE")]
    None,
    /// Directories, linked from their places, and Docker's layers.
    #[value(alias = "LOCAL")]
    Local,
    /// Archives.
    #[value(alias = "S3")]
    S3,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CacheModeArg {
    /// The directories that the buildspec names.
    #[value(alias = "LOCAL_CUSTOM_CACHE")]
    Custom,
    /// The metadata of git.
    #[value(alias = "LOCAL_SOURCE_CACHE")]
    Source,
    /// The layers of the Docker daemon in a privileged build.
    #[value(alias = "LOCAL_DOCKER_LAYER_CACHE")]
    DockerLayer,
}

impl CacheArgs {
    /// Returns what is asked for.
    pub(crate) fn request(&self) -> CacheRequest {
        let has = |mode| self.cache_mode.contains(&mode);
        CacheRequest {
            kind: match self.cache {
                None => CacheRequest::default().kind,
                Some(CacheTypeArg::None) => CacheKind::None,
                Some(CacheTypeArg::Local) => CacheKind::Local,
                Some(CacheTypeArg::S3) => CacheKind::S3,
            },
            modes: (!self.cache_mode.is_empty()).then(|| CacheModes {
                source: has(CacheModeArg::Source),
                docker_layer: has(CacheModeArg::DockerLayer),
                custom: has(CacheModeArg::Custom),
            }),
            namespace: self.cache_namespace.clone(),
        }
    }
}

/// Reads the name of a namespace, which also names a directory.
pub(crate) fn namespace(text: &str) -> Result<String, String> {
    if text.is_empty() {
        Err("it must not be empty".to_owned())
    } else if text.len() > 80 {
        Err("it must not be longer than 80 bytes".to_owned())
    } else {
        Ok(text.to_owned())
    }
}
