//! Finds the cache entry for a build (contract §1.9).

use std::io;

use super::archive::{Damage, Reader};
use super::entry::{Entry, EntryKind};
use super::namespace::Namespace;
use super::placeholder::shown;

/// The query of a build.
#[derive(Debug, Clone)]
pub struct CacheQuery {
    pub kind: EntryKind,
    /// The version of the declared paths: other paths are another cache.
    pub version: String,
    /// The key; without one there is one entry for these paths.
    pub key: Option<String>,
    /// Prefixes of acceptable keys, the best first.
    pub fallback_keys: Vec<String>,
}

/// An entry with a verified archive.
#[derive(Debug)]
pub struct CacheHit {
    pub entry: Entry,
    pub reader: Reader,
    /// Whether the key matches exactly, not just by a fallback key.
    pub exact: bool,
}

impl Namespace {
    /// Looks for the exact entry, then for each fallback key the newest entry whose key begins with
    /// it. Unusable entries are skipped and reported in `problems`. Reads whole archives: do not
    /// call it on an async thread.
    pub fn find(&self, wanted: &CacheQuery, problems: &mut Vec<String>) -> Option<CacheHit> {
        let key = wanted.key.as_deref();
        let exact = || self.exact(wanted.kind, &wanted.version, key);
        // Retries when another build is just replacing the entry.
        for _ in 0..2 {
            let Some(entry) = told(exact(), problems).flatten() else {
                break;
            };
            match self.open(&entry) {
                Ok(reader) => {
                    return Some(CacheHit {
                        entry,
                        reader,
                        exact: true,
                    });
                }
                Err(Damage::Gone) => {}
                Err(damage) => {
                    problems.push(problem(&entry, damage));
                    break;
                }
            }
        }
        for prefix in &wanted.fallback_keys {
            let entries = self.by_prefix(wanted.kind, &wanted.version, prefix);
            for entry in told(entries, problems).unwrap_or_default() {
                // The exact entry has been tried.
                if entry.key == wanted.key {
                    continue;
                }
                match self.open(&entry) {
                    Ok(reader) => {
                        return Some(CacheHit {
                            entry,
                            reader,
                            exact: false,
                        });
                    }
                    Err(damage) => problems.push(problem(&entry, damage)),
                }
            }
        }
        None
    }
}

fn told<T>(result: io::Result<T>, problems: &mut Vec<String>) -> Option<T> {
    result
        .map_err(|error| problems.push(format!("cannot read the cache directory: {error}")))
        .ok()
}

fn problem(entry: &Entry, damage: Damage) -> String {
    let entry = match &entry.key {
        Some(key) => format!("the entry `{}`", shown(key)),
        None => "the entry of these paths".to_owned(),
    };
    match damage {
        Damage::Unreadable(error) => format!("{entry} cannot be used: {error}"),
        damage @ (Damage::Damaged | Damage::Gone) => {
            format!("{entry} cannot be used and is removed: {damage}")
        }
    }
}
