//! Checks the free space on disks.

use std::path::Path;

use super::engine::size;
use super::{Check, ExaminationInputs, ReachedEngine, Subject};
use crate::settings::writable_directory;

/// Images may not fit into less, in bytes.
const LITTLE_FOR_IMAGES: u64 = 10_000_000_000;

/// Caches and changes of sources may not fit into less, in bytes.
const LITTLE_FOR_CACHES: u64 = 2_000_000_000;

/// Nothing fits into less, in bytes.
const NOTHING: u64 = 100_000_000;

/// The disk of the engine's images, containers and volumes.
pub(super) fn of_engine(reached: &ReachedEngine) -> Check {
    let subject = Subject::EngineDisk;
    if !reached.facts.shares_host {
        return Check::not_tried(subject, "the disk of the engine belongs to another system");
    }
    let root = Path::new(&reached.details.data_root);
    match free(root) {
        Ok(free) => verdict(
            subject,
            root,
            free,
            LITTLE_FOR_IMAGES,
            "free space: `docker system prune` removes unused engine data, `cobuild clean` removes leftovers of dead builds",
        ),
        Err(error) => {
            let why = format!("cannot check `{}`: {error}", root.display());
            Check::not_tried(subject, why)
        }
    }
}

/// The disk of caches and of what builds change in their sources.
pub(super) fn of_cache(surroundings: &ExaminationInputs) -> Check {
    let subject = Subject::CacheDisk;
    let directory = &surroundings.cache_directory;
    let free = writable_directory(directory).and_then(|directory| Ok(free(&directory)?));
    match free {
        Ok(free) => verdict(
            subject,
            directory,
            free,
            LITTLE_FOR_CACHES,
            "free space: `cobuild clean` removes leftovers of dead builds, `cobuild cache clear --all` removes all caches; or set XDG_CACHE_HOME to another directory",
        ),
        Err(error) => Check::failed(
            subject,
            format!("cannot write to `{}`: {error}", directory.display()),
            "make the directory yours (`chown`), or set XDG_CACHE_HOME to another directory",
        ),
    }
}

fn verdict(subject: Subject, path: &Path, free: u64, little: u64, remedy: &str) -> Check {
    let found = format!("{} free in {}", size(free), path.display());
    if free < NOTHING {
        Check::failed(subject, found, remedy)
    } else if free < little {
        Check::warning(subject, found, remedy)
    } else {
        Check::ok(subject, found)
    }
}

/// How many bytes this user may still write.
fn free(path: &Path) -> std::io::Result<u64> {
    let all = rustix::fs::statvfs(path)?;
    Ok(all.f_bavail.saturating_mul(all.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn little_room_is_told() {
        for (free, judged) in [
            (u64::MAX, Verdict::Ok),
            (2_000_000_000, Verdict::Ok),
            (1_999_999_999, Verdict::Warning),
            (99_999_999, Verdict::Failed),
        ] {
            let check = verdict(
                Subject::CacheDisk,
                Path::new("/"),
                free,
                LITTLE_FOR_CACHES,
                "make room",
            );
            assert_eq!(check.verdict, judged, "{free}");
        }
    }
}
