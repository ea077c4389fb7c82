//! What happens to the cache, in the log and as JSON.

use serde_json::{Value, json};

use crate::event::{CacheEvent, CacheFound, CacheOutcome, CacheRestored};

/// What the agent says when it reads the section, line by line.
pub(super) fn expanded(paths: Option<&[String]>) -> Vec<String> {
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
        CacheEvent::Restored(_) | CacheEvent::Saved { .. } => Vec::new(),
    }
}

/// Every text of an event.
pub(super) fn texts(event: &mut CacheEvent) -> Vec<&mut String> {
    match event {
        CacheEvent::EntrySkipped { path }
        | CacheEvent::DirectoryMade { path }
        | CacheEvent::NotDirectory { path } => vec![path],
        CacheEvent::Linked { path, target } => vec![path, target],
        CacheEvent::Restored(CacheRestored {
            key,
            found,
            size: _,
        }) => {
            let mut texts: Vec<&mut String> = key.iter_mut().collect();
            if let CacheFound::Fallback { key } = found {
                texts.push(key);
            }
            texts
        }
        CacheEvent::Downloading | CacheEvent::Unarchiving | CacheEvent::Saved { .. } => Vec::new(),
    }
}

/// An event's name and fields.
pub(super) fn json(event: &CacheEvent) -> (&'static str, Value) {
    match event {
        CacheEvent::Downloading => ("cache-downloading", json!({})),
        CacheEvent::Unarchiving => ("cache-unarchiving", json!({})),
        CacheEvent::EntrySkipped { path } => ("cache-entry-skipped", json!({ "path": path })),
        CacheEvent::DirectoryMade { path } => ("cache-directory-made", json!({ "path": path })),
        CacheEvent::Linked { path, target } => {
            ("cache-linked", json!({ "path": path, "target": target }))
        }
        CacheEvent::NotDirectory { path } => ("cache-not-directory", json!({ "path": path })),
        CacheEvent::Restored(restored) => ("cache-restored", restored_json(restored)),
        CacheEvent::Saved { outcome } => ("cache-saved", saved_json(outcome)),
    }
}

fn restored_json(restored: &CacheRestored) -> Value {
    let CacheRestored { key, found, size } = restored;
    let (found, detail) = match found {
        CacheFound::NotWanted => ("not-wanted", json!({})),
        CacheFound::Nothing => ("nothing", json!({})),
        CacheFound::Exact => ("exact", json!({})),
        CacheFound::Fallback { key } => ("fallback", json!({ "foundKey": key })),
        CacheFound::Directories { found, of } => {
            ("directories", json!({ "directories": found, "of": of }))
        }
    };
    with(
        json!({ "key": key, "found": found, "sizeInBytes": size }),
        detail,
    )
}

fn saved_json(outcome: &CacheOutcome) -> Value {
    match outcome {
        CacheOutcome::Saved {
            files,
            size,
            unpacked_size,
        } => json!({
            "outcome": "saved",
            "files": files,
            "sizeInBytes": size,
            "unpackedSizeInBytes": unpacked_size,
        }),
        CacheOutcome::AlreadyThere => json!({ "outcome": "already-there" }),
        CacheOutcome::Nothing => json!({ "outcome": "nothing" }),
        CacheOutcome::NotWanted => json!({ "outcome": "not-wanted" }),
        CacheOutcome::Failed => json!({ "outcome": "failed" }),
    }
}

fn with(mut value: Value, more: Value) -> Value {
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    value
}
