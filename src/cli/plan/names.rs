//! The names that a plan's words have in CodeBuild.

use crate::buildspec::{CacheAction, OnFailure};
use crate::plan::Store;
use crate::plan::cache::{CacheKind, CacheModes};

pub(super) fn on_failure(on_failure: &OnFailure) -> Option<String> {
    match on_failure {
        OnFailure::Default => None,
        OnFailure::Abort => Some("ABORT".to_owned()),
        OnFailure::Continue => Some("CONTINUE".to_owned()),
        OnFailure::Retry { count, pattern } => Some(format!("RETRY-{count}-{pattern}")),
    }
}

pub(super) fn store_name(store: Store) -> &'static str {
    match store {
        Store::ParameterStore => "parameter-store",
        Store::SecretsManager => "secrets-manager",
    }
}

/// Returns the API's name of a kind of cache.
pub(super) fn kind_name(kind: CacheKind) -> &'static str {
    match kind {
        CacheKind::None => "NO_CACHE",
        CacheKind::Local => "LOCAL",
        CacheKind::S3 => "S3",
    }
}

/// Returns the API's names of modes.
pub(super) fn mode_names(modes: CacheModes) -> Vec<&'static str> {
    [
        (modes.docker_layer, "LOCAL_DOCKER_LAYER_CACHE"),
        (modes.source, "LOCAL_SOURCE_CACHE"),
        (modes.custom, "LOCAL_CUSTOM_CACHE"),
    ]
    .into_iter()
    .filter_map(|(is_on, name)| is_on.then_some(name))
    .collect()
}

/// Returns the `action` of a cache, unless it is both restored and saved.
pub(super) fn cache_action(action: CacheAction) -> Option<&'static str> {
    match action {
        CacheAction::Both => None,
        CacheAction::Restore => Some("restore"),
        CacheAction::Save => Some("save"),
    }
}
