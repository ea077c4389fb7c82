//! What the summary says of the cache.

use super::super::size;
use crate::event::{CacheFound, CacheOutcome, CacheRestored};
use crate::phase::Status;

/// Says in one line what was found and what was kept.
pub(super) fn line(
    restored: &CacheRestored,
    saved: Option<&CacheOutcome>,
    status: Status,
) -> String {
    let CacheRestored {
        key,
        found,
        size: bytes,
        files,
    } = restored;
    // An archive of nothing has a length too; that of a directory has the directory itself in it.
    let of_themselves = match found {
        CacheFound::Directories { found, .. } => *found as u64,
        _ => 0,
    };
    let bytes = match files {
        Some(files) if *files <= of_themselves => "empty".to_owned(),
        _ => size(*bytes),
    };
    let found = match (found, key) {
        (CacheFound::NotWanted, _) => "not restored: `action: save`".to_owned(),
        (CacheFound::Nothing, Some(key)) => format!("miss for {key}"),
        (CacheFound::Nothing, None) | (CacheFound::Directories { found: 0, .. }, _) => {
            "miss".to_owned()
        }
        (CacheFound::Exact, Some(key)) => format!("hit {key} ({bytes})"),
        (CacheFound::Exact, None) => format!("hit ({bytes})"),
        (CacheFound::Fallback { key: old }, wanted) => {
            let wanted = wanted.as_deref().unwrap_or_default();
            format!("found {old} for {wanted} ({bytes})")
        }
        (CacheFound::Directories { found, of }, _) if found == of => format!("hit ({bytes})"),
        (CacheFound::Directories { found, of }, _) => {
            format!("{found} of {of} directories found ({bytes})")
        }
    };
    let saved = match saved {
        Some(CacheOutcome::Saved {
            files,
            size: bytes,
            unpacked_size,
        }) => {
            let unpacked = size(*unpacked_size);
            let entries = if *files == 1 { "entry" } else { "entries" };
            format!(
                "; saved {} ({files} {entries}, {unpacked} unpacked)",
                size(*bytes)
            )
        }
        Some(CacheOutcome::AlreadyThere) => "; not saved: the key is there".to_owned(),
        Some(CacheOutcome::NotWanted) => "; not saved: `action: restore`".to_owned(),
        Some(CacheOutcome::Nothing) => "; nothing to save".to_owned(),
        Some(CacheOutcome::Failed) => "; not saved".to_owned(),
        None if status == Status::Succeeded => String::new(),
        None => "; not saved: the build failed".to_owned(),
    };
    found + &saved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_with_nothing_in_it_is_empty() {
        let line = |found, files| {
            let restored = CacheRestored {
                key: None,
                found,
                size: 89,
                files,
            };
            line(&restored, None, Status::Succeeded)
        };
        let directories = || CacheFound::Directories { found: 2, of: 2 };
        for (found, files, shown) in [
            (CacheFound::Exact, Some(0), "hit (empty)"),
            (CacheFound::Exact, Some(1), "hit (89 B)"),
            (CacheFound::Exact, None, "hit (89 B)"),
            (directories(), Some(2), "hit (empty)"),
            (directories(), Some(3), "hit (89 B)"),
        ] {
            assert_eq!(line(found, files), shown);
        }
    }
}
