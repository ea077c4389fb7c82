//! What the agent says of the cache.

use crate::event::CacheEvent;

/// What the agent says when it reads the section.
fn expanded(paths: Option<&[String]>) -> Vec<String> {
    let mut lines = match paths {
        None => vec!["Cache is not defined in the buildspec".to_owned()],
        Some(paths) => paths
            .iter()
            .map(|path| format!("Expanded cache path {path}"))
            .collect(),
    };
    if paths.is_none_or(<[String]>::is_empty) {
        lines.push("Skip cache due to: no paths specified to be cached".to_owned());
    }
    lines
}

/// What the agent says of an event, line by line.
pub(super) fn lines(event: &CacheEvent) -> Vec<String> {
    match event {
        CacheEvent::Expanded { paths } => expanded(paths.as_deref()),
        CacheEvent::Downloading => vec!["Downloading S3 cache...".to_owned()],
        CacheEvent::Unarchiving => vec!["Unarchiving cache...".to_owned()],
        CacheEvent::EntrySkipped { path } => vec![format!(
            "Skipping cache entry: path \"{path}\" is not within allowed cache paths"
        )],
        CacheEvent::DirectoryMade { path } => vec![format!("MkdirAll: {path}")],
        CacheEvent::Linked { path, target } => vec![format!("Symlinking: {path} => {target}")],
        // What follows the colon is not known (contract §1.9): the path is assumed.
        CacheEvent::NotDirectory { path } => vec![format!(
            "Unable to initialize cache download: only directories can be cached locally: {path}"
        )],
        // What the agent says when it saves a cache is not known (contract §10).
        CacheEvent::Restored(_) | CacheEvent::Saved(_) => Vec::new(),
    }
}
