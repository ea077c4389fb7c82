//! The cache of a build: restored before the first command, saved after the last (contract §1.9).
//!
//! Only a failing engine ends the build here, and a container that cannot unpack the cache: half of
//! a cache would look like a whole one. A problem of the store is a warning, and the build
//! continues without a cache.

mod caching;
mod directories;
mod filter;
mod layers;
mod restore;
mod save;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use futures_util::StreamExt;

use crate::artifacts::{DownloadError, listing};
use crate::buildspec::{Cache, CacheAction};
use crate::cache::{
    CacheHit, CacheQuery, EntryKind, LastRun, LookupOutcome, Namespace, Paths, Published,
    SaveOutcome, Store, shown,
};
use crate::engine::Engine;
use crate::event::{CacheEvent, CacheFound, CacheOutcome, CacheRestored};
use crate::plan::cache::{CachePaths, CacheRoot, CacheUse, MOST_FALLBACK_KEYS};
use crate::runner::container::program::quote;
use crate::runner::interruption::Interruption;
use crate::runner::live::Live;
use crate::runner::sources::unpacker::Unpacker;
use crate::runner::{CancelReason, RunError};
pub(super) use caching::Caching;
use caching::SavedTotals;
pub(super) use layers::Layers;
pub use layers::{LAYERS_LABEL, PROJECT_LABEL};
use save::PackError;

/// The limits for the matches of a pattern, without the files below them: their number, and their
/// bytes.
const MOST_MATCHES: usize = 100_000;
const MOST_BYTES: usize = 8 << 20;

impl<E: Engine> Live<'_, E> {
    /// Restores the cache for this build.
    pub(super) async fn restore_cache(&mut self) -> Result<(), Interruption> {
        let Some(cache) = &self.work.cache else {
            self.run
                .events
                .emit(CacheEvent::Expanded { paths: None })
                .await;
            return Ok(());
        };
        let mut expanded = Vec::new();
        for path in &cache.paths {
            expanded.push(self.expand_at_root(path).await?);
        }
        let paths = Some(expanded.clone());
        self.run.events.emit(CacheEvent::Expanded { paths }).await;
        let usage = self.run.plan.cache.of(cache);
        if usage == CacheUse::Nothing {
            return Ok(());
        }
        let mut problems = Vec::new();
        let paths = CachePaths::new(&expanded, &self.run.plan.layout.source, &mut problems);
        for problem in problems {
            self.run.warn(problem).await;
        }
        if paths.is_empty() {
            return Ok(());
        }
        let kind = match usage {
            CacheUse::Directories => EntryKind::Custom,
            CacheUse::Archive | CacheUse::Nothing => EntryKind::S3,
        };
        let Some(mut caching) = self.caching(cache, kind, paths).await? else {
            return Ok(());
        };
        let wants = cache.action != CacheAction::Save;
        match kind {
            EntryKind::S3 => self.restore_archive(&mut caching, wants).await?,
            EntryKind::Custom => self.restore_directories(&mut caching, wants).await?,
        }
        if let Err(error) = caching.namespace.write_record(&caching.record) {
            self.run
                .warn(format!("the cache cannot be used: {error}"))
                .await;
        }
        self.caching = Some(caching);
        Ok(())
    }

    /// Decides what to restore and save; `None`, with a warning, when the cache cannot be used.
    async fn caching(
        &mut self,
        cache: &Cache,
        kind: EntryKind,
        paths: CachePaths,
    ) -> Result<Option<Caching>, Interruption> {
        let key = match &cache.key {
            Some(key) if kind == EntryKind::S3 => Some(self.expand_at_root(key).await?),
            _ => None,
        };
        let mut fallback_keys = Vec::new();
        if key.is_some() {
            for prefix in cache.fallback_keys.iter().take(MOST_FALLBACK_KEYS) {
                fallback_keys.push(self.expand_at_root(prefix).await?);
            }
            // An empty prefix would match every key.
            fallback_keys.retain(|prefix| !prefix.is_empty());
        }
        let store = Store::new(self.run.host.cache_root.clone());
        let namespace = store.namespace(&self.run.plan.cache.namespace);
        let sweeping = namespace.clone();
        let swept = self
            .on_disk(move || sweeping.sweep().map_err(|error| error.to_string()))
            .await?;
        if let Err(error) = swept {
            tracing::debug!(
                error,
                "cannot look for what killed builds left in the cache"
            );
        }
        let kept = self.secretless_all(key, fallback_keys, paths.normal());
        let (key, fallback_keys, normal) = match kept {
            Ok(kept) => kept,
            Err(error) => {
                self.run
                    .warn(format!("the cache cannot be used: {error}"))
                    .await;
                return Ok(None);
            }
        };
        Ok(Some(Caching {
            namespace,
            paths,
            directories: Vec::new(),
            record: LastRun {
                project: self.run.plan.cache.project.clone(),
                build: self.run.plan.identity.id.clone(),
                time: now(),
                kind,
                paths: Paths(normal),
                key,
                fallback_keys,
                lookup: LookupOutcome::NotWanted,
                stored: None,
            },
            saves: cache.action != CacheAction::Restore,
        }))
    }

    /// Looks for an archive and unpacks it.
    async fn restore_archive(
        &mut self,
        caching: &mut Caching,
        wants: bool,
    ) -> Result<(), Interruption> {
        let key = caching.record.key.clone();
        if key.as_deref() == Some("") {
            self.run
                .warn("the cache key is empty, so nothing is cached".to_owned())
                .await;
            caching.saves = false;
            return Ok(());
        }
        let mut restored = CacheRestored {
            key: key.as_deref().map(told),
            found: CacheFound::NotWanted,
            size: 0,
            files: None,
        };
        if wants {
            self.run.events.emit(CacheEvent::Downloading).await;
            let wanted = CacheQuery {
                kind: EntryKind::S3,
                version: caching.paths().version(),
                key,
                fallback_keys: caching.record.fallback_keys.clone(),
            };
            let (found, problems) = self.find(&caching.namespace, wanted).await?;
            (restored.found, caching.record.lookup) = match &found {
                None => (CacheFound::Nothing, LookupOutcome::Miss { problems }),
                Some(CacheHit { exact: true, .. }) => (CacheFound::Exact, LookupOutcome::Exact),
                Some(CacheHit { entry, .. }) => {
                    let key = entry.key.clone().unwrap_or_default();
                    (
                        CacheFound::Fallback { key: told(&key) },
                        LookupOutcome::Fallback { key },
                    )
                }
            };
            if let Some(found) = found {
                restored.size = found.entry.size;
                restored.files = Some(found.entry.files);
                self.run.events.emit(CacheEvent::Unarchiving).await;
                let source = self.run.plan.layout.source.clone();
                self.unpack(found, caching.paths.clone(), source).await?;
            }
        }
        self.run.events.emit(CacheEvent::Restored(restored)).await;
        Ok(())
    }

    /// Replaces secrets in a stored text with their placeholders.
    pub(super) fn secretless(&self, text: &str) -> io::Result<String> {
        let has_secrets = matches!(self.masker.mask(text), std::borrow::Cow::Owned(_));
        if !has_secrets {
            return Ok(text.to_owned());
        }
        let stand_ins = Store::new(self.run.host.cache_root.clone()).stand_ins()?;
        let replaced = self.masker.replace(text, |secret| stand_ins.of(secret));
        Ok(replaced.into_owned())
    }

    fn secretless_all(
        &self,
        key: Option<String>,
        fallback_keys: Vec<String>,
        paths: Vec<String>,
    ) -> io::Result<(Option<String>, Vec<String>, Vec<String>)> {
        let all = |texts: Vec<String>| -> io::Result<Vec<String>> {
            texts.iter().map(|text| self.secretless(text)).collect()
        };
        let key = key.map(|key| self.secretless(&key)).transpose()?;
        Ok((key, all(fallback_keys)?, all(paths)?))
    }

    /// Looks for an entry, and warns about unusable ones.
    async fn find(
        &self,
        namespace: &Namespace,
        wanted: CacheQuery,
    ) -> Result<(Option<CacheHit>, Vec<String>), Interruption> {
        let namespace = namespace.clone();
        let (found, problems) = self
            .on_disk(move || {
                let mut problems = Vec::new();
                let found = namespace.find(&wanted, &mut problems);
                (found, problems)
            })
            .await?;
        for problem in &problems {
            self.run.warn(format!("cache: {problem}")).await;
        }
        Ok((found, problems))
    }

    /// Unpacks an archive.
    async fn unpack(
        &self,
        found: CacheHit,
        paths: CachePaths,
        source: String,
    ) -> Result<(), Interruption> {
        let sandbox = &self.sandbox;
        let directory = |place| match place {
            CacheRoot::Source => source.clone(),
            CacheRoot::System => "/".to_owned(),
        };
        let unpacker = if sandbox.tools().tar {
            Unpacker::Tar
        } else {
            Unpacker::Engine
        };
        let pouring = restore::pour(
            self.run.engine,
            sandbox.container(),
            unpacker,
            found.reader,
            paths,
            directory,
        );
        let passed = self.run.guarded(pouring).await??;
        if passed.skipped_besides > 0 {
            let count = passed.skipped_besides;
            self.run
                .warn(format!(
                    "{count} more cache entries are skipped: they are outside the cache paths"
                ))
                .await;
        }
        for (place, path) in passed.skipped {
            let path = Path::new(&directory(place)).join(path);
            let path = path.to_string_lossy().into_owned();
            self.run
                .events
                .emit(CacheEvent::EntrySkipped { path })
                .await;
        }
        Ok(())
    }

    /// Saves the cache when the build has succeeded so far.
    pub(super) async fn save_cache(&mut self) -> Result<(), Interruption> {
        let Some(mut caching) = self.caching.take() else {
            return Ok(());
        };
        if !self.carried.succeeding {
            return Ok(());
        }
        let saved = if caching.saves {
            match caching.record.kind {
                EntryKind::S3 => self.save_archive(&caching).await?,
                EntryKind::Custom => self.save_directories(&caching).await?,
            }
        } else {
            Ok((SaveOutcome::NotWanted, SavedTotals::default()))
        };
        let (stored, kept) = match saved {
            Ok(saved) => saved,
            Err(error) if self.has_died(error.of_engine()).await => {
                return Err(RunError::ContainerDied.into());
            }
            Err(error) => {
                let reason = self.masker.mask(&error.reason()).into_owned();
                self.run
                    .warn(format!("cannot save the cache: {reason}"))
                    .await;
                (SaveOutcome::Failed { reason }, SavedTotals::default())
            }
        };
        let outcome = match &stored {
            SaveOutcome::Saved => CacheOutcome::Saved {
                files: kept.files,
                size: kept.size,
                unpacked_size: kept.unpacked_size,
            },
            SaveOutcome::AlreadyThere => CacheOutcome::AlreadyThere,
            SaveOutcome::NotWanted => CacheOutcome::NotWanted,
            SaveOutcome::Nothing => CacheOutcome::Nothing,
            SaveOutcome::Failed { .. } => CacheOutcome::Failed,
        };
        self.run.events.emit(CacheEvent::Saved(outcome)).await;
        caching.record.stored = Some(stored);
        if let Err(error) = caching.namespace.write_record(&caching.record) {
            tracing::info!(%error, "what became of the cache is not written down");
        }
        Ok(())
    }

    /// Packs all declared paths into one archive.
    async fn save_archive(
        &self,
        caching: &Caching,
    ) -> Result<Result<(SaveOutcome, SavedTotals), PackError>, Interruption> {
        let version = caching.paths().version();
        let key = caching.record.key.clone();
        if key.is_some() {
            let there = caching
                .namespace
                .exact(EntryKind::S3, &version, key.as_deref());
            match there {
                Ok(None) => {}
                Ok(Some(_)) => return Ok(Ok((SaveOutcome::AlreadyThere, SavedTotals::default()))),
                Err(error) => return Ok(Err(error.into())),
            }
        }
        let wanted = match self.wanted(&caching.paths).await? {
            Ok(wanted) => wanted,
            Err(error) => return Ok(Err(error)),
        };
        let identity = (EntryKind::S3, key, caching.paths());
        self.keep_archive(&caching.namespace, identity, caching.paths.clone(), wanted)
            .await
    }

    /// Packs paths into an archive and publishes it as an entry.
    async fn keep_archive(
        &self,
        namespace: &Namespace,
        (kind, key, paths): (EntryKind, Option<String>, Paths),
        within: CachePaths,
        wanted: save::PathsToSave,
    ) -> Result<Result<(SaveOutcome, SavedTotals), PackError>, Interruption> {
        let sandbox = &self.sandbox;
        let writer = &self.run.plan.uuid;
        let begun = namespace.begin(kind, &paths.version(), key.as_deref(), writer);
        let writing = match begun {
            Ok(writing) => writing,
            Err(error) => return Ok(Err(error.into())),
        };
        let has_tar = sandbox.tools().tar;
        let packed = save::stream(self.run.engine, sandbox.container(), has_tar, &wanted);
        let tar = match self.run.guarded(packed).await? {
            Ok(tar) => tar,
            Err(error) => return Ok(Err(error.into())),
        };
        let cut_short = Box::pin(self.run.cancellation.reached(CancelReason::Timeout));
        let kept = save::store(tar.take_until(cut_short), writing, within).await;
        if let Some(reason) = self.run.cancellation.reason() {
            // Dropping the writer removes the unfinished archive.
            drop(kept);
            return Err(Interruption::Cancelled(reason));
        }
        let (writing, passed) = match kept {
            Ok((Some(writing), passed)) => (writing, passed),
            Ok((None, _)) => return Ok(Ok((SaveOutcome::Nothing, SavedTotals::default()))),
            Err(error) => return Ok(Err(error)),
        };
        let build = self.run.plan.identity.id.clone();
        let publishing = move || writing.publish(kind, key, paths, passed.files, &build);
        let published = tokio::task::spawn_blocking(publishing).await;
        Ok(match published.map_err(io::Error::other).flatten() {
            Ok(Published::AlreadyThere) => Ok((SaveOutcome::AlreadyThere, SavedTotals::default())),
            Ok(Published::New(entry)) => {
                let kept = SavedTotals {
                    files: entry.files,
                    size: entry.size,
                    unpacked_size: entry.unpacked_size,
                };
                Ok((SaveOutcome::Saved, kept))
            }
            Err(error) => Err(error.into()),
        })
    }

    /// Finds the paths of the container to pack; searches for patterns.
    async fn wanted(
        &self,
        paths: &CachePaths,
    ) -> Result<Result<save::PathsToSave, PackError>, Interruption> {
        let sandbox = &self.sandbox;
        let mut names: BTreeMap<CacheRoot, BTreeSet<PathBuf>> = BTreeMap::new();
        for path in paths.iter() {
            let place = names.entry(path.place).or_default();
            if let Some(literal) = path.literal() {
                place.insert(literal.into());
                continue;
            }
            let directory = self.directory(path.place);
            let roots = [Path::new(&directory).join(path.root())];
            let mut matches = Matches::default();
            let listing = listing::list(
                self.run.engine,
                sandbox.container(),
                sandbox.tools().find,
                &roots,
                |found, _| {
                    if let Ok(found) = found.strip_prefix(&directory)
                        && path.names(found)
                    {
                        return matches.add(found);
                    }
                    Ok(())
                },
            );
            match self.run.guarded(listing).await? {
                Ok(()) => place.extend(matches.names),
                Err(error @ DownloadError::TooMany { .. }) => {
                    let reason = format!("{error}; `{}` matches too many files", path.normal());
                    return Ok(Err(io::Error::other(reason).into()));
                }
                Err(error) => return Ok(Err(io::Error::other(error).into())),
            }
        }
        Ok(Ok(names
            .into_iter()
            .map(|(place, names)| (place, self.directory(place), topmost(&names)))
            .collect()))
    }

    fn directory(&self, place: CacheRoot) -> String {
        match place {
            CacheRoot::Source => self.run.plan.layout.source.clone(),
            CacheRoot::System => "/".to_owned(),
        }
    }

    /// Expands variables and commands as a shell does between double quotes, at the root of the
    /// source.
    async fn expand_at_root(&mut self, text: &str) -> Result<String, Interruption> {
        if !text.contains(['$', '`']) {
            return Ok(text.to_owned());
        }
        let root = quote(&self.run.plan.layout.source);
        let script = format!(
            "CDPATH=\ncd {root} || exit\ncobuild_text=\"{text}\"\nprintf '%s\\037%s' \"$?\" \"$cobuild_text\""
        );
        let answer = self.evaluate(&script, &format!("`{text}`")).await?;
        let (status, expanded) = answer.split_once('\x1f').unwrap_or(("2", ""));
        if status != "0" {
            self.run.warn(format!(
                "the cache value `{text}` expands to `{expanded}`, but its command failed with exit status {status}"
            ))
            .await;
        }
        Ok(expanded.to_owned())
    }

    /// Runs work that blocks on the disk.
    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Interruption> {
        let done = self.run.guarded(tokio::task::spawn_blocking(work)).await?;
        done.map_err(|error| {
            Interruption::Failed(RunError::Host {
                path: self.run.host.cache_root.clone(),
                source: io::Error::other(error),
            })
        })
    }
}

/// Returns a stored key for display.
fn told(key: &str) -> String {
    shown(key).into_owned()
}

/// The matches of a pattern, without those below an earlier match.
#[derive(Default)]
struct Matches {
    names: BTreeSet<PathBuf>,
    length: usize,
}

impl Matches {
    fn add(&mut self, name: &Path) -> Result<(), DownloadError> {
        let mut above = name.ancestors().skip(1);
        if above.any(|above| self.names.contains(above)) {
            return Ok(());
        }
        self.length += name.as_os_str().len();
        if self.names.len() >= MOST_MATCHES || self.length > MOST_BYTES {
            return Err(DownloadError::TooMany {
                what: "paths of the cache",
                most: MOST_MATCHES,
                bytes: MOST_BYTES,
            });
        }
        self.names.insert(name.to_path_buf());
        Ok(())
    }
}

/// Removes paths below another path.
fn topmost(names: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let mut kept: BTreeSet<PathBuf> = BTreeSet::new();
    for name in names {
        if !name.ancestors().skip(1).any(|above| names.contains(above)) {
            kept.insert(name.clone());
        }
    }
    kept
}

fn now() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::SystemTime::UNIX_EPOCH)
        .ok()
        .and_then(|since| u64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}
