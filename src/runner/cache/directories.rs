//! A local custom cache: directories outside the source, with symlinks in their places.
//!
//! In the cloud the symlinks are created before the source arrives, so that cached directories hide
//! those of the source (contract §9, trap 56). Here the source is in place first; the symlinks
//! replace its directories, in the build's view only.

use sha2::{Digest, Sha256};

use super::caching::{Caching, Directory, SavedTotals};
use crate::cache::{CacheQuery, EntryKind, LookupOutcome, Paths, SaveOutcome};
use crate::engine::Engine;
use crate::event::{CacheEvent, CacheFound, CacheRestored};
use crate::plan::Transfer;
use crate::plan::cache::{CachePath, CachePaths, CacheRoot};
use crate::plan::layout;
use crate::runner::cache::save::PackError;
use crate::runner::container::program::quote;
use crate::runner::interruption::Interruption;
use crate::runner::live::Live;

/// Links each pair of arguments, and prints a letter for the result: `l` linked, `h` linked and
/// something hidden, `f` a file exists, `x` failed.
const LINK: &str = r#"PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
set +f
link() {
    if [ -e "$1" ] && [ ! -d "$1" ]; then
        printf f
        return
    fi
    linked=l
    if [ ! -L "$1" ]; then
        for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
            if [ -e "$entry" ] || [ -L "$entry" ]; then linked=h; break; fi
        done
    fi
    if mkdir -p "$2" && rm -rf "$1" && mkdir -p "${1%/*}/" && ln -s "$2" "$1"; then
        printf %s "$linked"
    else
        printf x
    fi
}
"#;

impl<E: Engine> Live<'_, E> {
    /// Links the directories to the cache and fills it.
    pub(super) async fn restore_directories(
        &mut self,
        caching: &mut Caching,
        wants: bool,
    ) -> Result<(), Interruption> {
        let cache = cache_directory(caching.namespace.name());
        let linked = self.link(caching, &cache).await?;
        let mut restored = CacheRestored {
            key: None,
            found: CacheFound::NotWanted,
            size: 0,
            files: None,
        };
        if wants {
            let mut found = 0;
            let mut problems = Vec::new();
            for directory in &linked {
                let wanted = CacheQuery {
                    kind: EntryKind::Custom,
                    version: directory.paths.version(),
                    key: None,
                    fallback_keys: Vec::new(),
                };
                let (entry, more) = self.find(&caching.namespace, wanted).await?;
                problems.extend(more);
                if let Some(entry) = entry {
                    found += 1;
                    restored.size += entry.entry.size;
                    restored.files = Some(restored.files.unwrap_or(0) + entry.entry.files);
                    let paths = CachePaths::directory(&directory.below);
                    self.unpack(entry, paths, cache.clone()).await?;
                }
            }
            let of = linked.len();
            restored.found = CacheFound::Directories { found, of };
            caching.record.lookup = match found {
                0 => LookupOutcome::Miss { problems },
                found if found == of => LookupOutcome::Exact,
                found => LookupOutcome::Some { found },
            };
        }
        caching.directories = linked;
        self.run.events.emit(CacheEvent::Restored(restored)).await;
        Ok(())
    }

    /// Creates the symlinks; returns the directories that have one.
    async fn link(
        &mut self,
        caching: &Caching,
        cache: &str,
    ) -> Result<Vec<Directory>, Interruption> {
        let mut linked = Vec::new();
        for path in caching.paths.iter() {
            let Some(below) = path.literal() else {
                self.not_a_directory(path.normal()).await;
                continue;
            };
            if path.looks_like_file() {
                self.not_a_directory(path.normal()).await;
                continue;
            }
            let place = match path.place {
                CacheRoot::Source => format!("{}/{below}", self.run.plan.layout.source),
                CacheRoot::System => format!("/{below}"),
            };
            if let Some(problem) = self.problem(path, below) {
                let path = path.normal();
                self.run
                    .warn(format!("the cache path `{path}` is not kept: {problem}"))
                    .await;
                continue;
            }
            let target = format!("{cache}/{below}");
            let script = format!("{LINK}link {} {}", quote(&place), quote(&target));
            match self
                .evaluate(&script, "a path of the cache")
                .await?
                .as_str()
            {
                "f" => {
                    self.not_a_directory(place).await;
                    continue;
                }
                "l" => {}
                "h" => {
                    let path = path.normal();
                    self.run
                        .warn(format!(
                            "the local cache hides the files that `{path}` had, as in the cloud"
                        ))
                        .await;
                }
                _ => {
                    let path = path.normal();
                    self.run
                        .warn(format!(
                            "the cache path `{path}` is not kept: cannot replace it with a symlink"
                        ))
                        .await;
                    continue;
                }
            }
            let kept = match self.secretless(&path.normal()) {
                Ok(kept) => kept,
                Err(error) => {
                    let path = path.normal();
                    self.run
                        .warn(format!("the cache path `{path}` is not kept: {error}"))
                        .await;
                    continue;
                }
            };
            let path_made = target.clone();
            let content = target.clone();
            self.run
                .events
                .emit(CacheEvent::DirectoryMade { path: path_made })
                .await;
            self.run
                .events
                .emit(CacheEvent::Linked {
                    path: place.clone(),
                    target,
                })
                .await;
            linked.push(Directory {
                paths: Paths(vec![kept]),
                place,
                target: content,
                below: below.to_owned(),
            });
        }
        Ok(linked)
    }

    async fn not_a_directory(&self, path: String) {
        self.run
            .events
            .emit(CacheEvent::NotDirectory { path })
            .await;
    }

    /// Why a directory must not be replaced by a link.
    fn problem(&self, path: &CachePath, below: &str) -> Option<&'static str> {
        match path.place {
            CacheRoot::Source if below.is_empty() => Some("it is the source directory itself"),
            CacheRoot::Source if self.run.plan.transfer == Transfer::Mount => {
                Some("with `-m` a symlink would be created in your own directory")
            }
            CacheRoot::System if is_system(below) => Some("the container needs this directory"),
            CacheRoot::Source | CacheRoot::System => None,
        }
    }

    /// Packs each directory into an archive of its own.
    pub(super) async fn save_directories(
        &self,
        caching: &Caching,
    ) -> Result<Result<(SaveOutcome, SavedTotals), PackError>, Interruption> {
        let cache = cache_directory(caching.namespace.name());
        let mut all = SavedTotals::default();
        let mut outcome = SaveOutcome::Nothing;
        for directory in &caching.directories {
            tracing::debug!(place = directory.place, "keeping");
            let names = [directory.below.clone().into()].into();
            let wanted = vec![(CacheRoot::Source, cache.clone(), names)];
            let identity = (EntryKind::Custom, None, directory.paths.clone());
            let paths = CachePaths::directory(&directory.below);
            match self
                .keep_archive(&caching.namespace, identity, paths, wanted)
                .await?
            {
                Ok((SaveOutcome::Saved, kept)) => {
                    outcome = SaveOutcome::Saved;
                    all.files += kept.files;
                    all.size += kept.size;
                    all.unpacked_size += kept.unpacked_size;
                }
                Ok(_) => {}
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok((outcome, all)))
    }
}

/// Returns the directory of a namespace in the container; the source of its digits is assumed.
fn cache_directory(namespace: &str) -> String {
    use std::fmt::Write as _;
    let mut path = format!("{}/", layout::CUSTOM_CACHE);
    for byte in Sha256::digest(namespace) {
        let _ = write!(path, "{byte:02x}");
    }
    path
}

/// Whether a container needs this path, or it does not belong to the build.
fn is_system(path: &str) -> bool {
    let mut parts = path.split('/');
    let first = parts.next().unwrap_or_default();
    let is_top = parts.next().is_none();
    let own = ["codebuild", "dev", "proc", "sys"];
    let top = [
        "bin", "boot", "etc", "home", "lib", "lib32", "lib64", "libx32", "opt", "root", "run",
        "sbin", "tmp", "usr", "var",
    ];
    own.contains(&first) || (is_top && top.contains(&first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_container_needs_stays_in_its_place() {
        for path in [
            "etc",
            "root",
            "proc/1",
            "codebuild/output",
            "codebuild",
            "usr",
        ] {
            assert!(is_system(path), "{path}");
        }
        for path in [
            "root/.m2",
            "cache",
            "usr/local/cache",
            "opt/tools",
            "etcetera",
        ] {
            assert!(!is_system(path), "{path}");
        }
    }
}
