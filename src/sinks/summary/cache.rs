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
    let bytes = match files {
        // An archive of nothing has a length too.
        Some(0) => "empty".to_owned(),
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
        let line = |files| {
            let restored = CacheRestored {
                key: None,
                found: CacheFound::Exact,
                size: 89,
                files,
            };
            line(&restored, None, Status::Succeeded)
        };
        assert_eq!(line(Some(0)), "hit (empty)");
        assert_eq!(line(Some(1)), "hit (89 B)");
        assert_eq!(line(None), "hit (89 B)");
    }
}
