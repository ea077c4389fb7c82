//! UPLOAD_ARTIFACTS (contract §4.5): find the files, download them and publish them.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt;

use crate::artifacts::DownloadError;
use crate::artifacts::download::{Fetch, Fetched};
use crate::artifacts::file_list::ArtifactFiles;
use crate::artifacts::notices::{Notice, Notices};
use crate::artifacts::publish::{publish_file, publish_tree};
use crate::artifacts::search::{Search, Symlinks};
use crate::artifacts::staging::Staging;
use crate::artifacts::zip::{self, pack};
use crate::engine::{ByteStream, Engine};
use crate::event::{self, ArtifactsEvent};
use crate::phase::PhaseContext;
use crate::plan::artifact_path::Packaging;
use crate::plan::artifacts::FileSet;
use crate::plan::{ArtifactSet, ArtifactsPlan, Placement, is_expanded};
use crate::runner::ended::Ended;
use crate::runner::interruption::Interruption;
use crate::runner::live::Live;
use crate::runner::phases::base_directory::BaseDirectory;
use crate::runner::{CancelReason, RunError};

/// The temporary name of a zip.
const ZIP: &str = "artifact.zip";

/// Why a set of artifacts is not complete.
enum Stop {
    Interrupted(Interruption),
    Failed(PhaseContext),
    Unusable(DownloadError),
}

impl From<Interruption> for Stop {
    fn from(interruption: Interruption) -> Self {
        Self::Interrupted(interruption)
    }
}

impl From<DownloadError> for Stop {
    fn from(error: DownloadError) -> Self {
        if error.is_the_build_s() {
            Self::Unusable(error)
        } else {
            Self::Interrupted(Interruption::Failed(error.into()))
        }
    }
}

impl Stop {
    fn client_error(message: impl Into<String>) -> Self {
        Self::Failed(PhaseContext::new("CLIENT_ERROR", message.into()))
    }
}

/// The files found for a set.
struct FoundFiles {
    names: ArtifactFiles,
    notices: Notices,
    /// Where the searched trees are, and how patterns see them.
    trees: Vec<(PathBuf, PathBuf)>,
}

impl<E: Engine> Live<'_, E> {
    /// Collects the primary artifacts, then the secondary ones in the order of the file.
    pub(in crate::runner) async fn upload_artifacts(&mut self) -> Result<Ended, Interruption> {
        let artifacts = self.artifacts.clone();
        match self.upload_sets(&artifacts).await {
            Ok(()) => Ok(Ended::succeeded()),
            Err(Stop::Failed(context)) => Ok(Ended::failed(context)),
            // All that the end of a container leaves of a stream.
            Err(Stop::Unusable(DownloadError::Read(_))) if self.has_died(None).await => {
                Err(RunError::ContainerDied.into())
            }
            Err(Stop::Unusable(error)) => {
                let context = PhaseContext::new("CLIENT_ERROR", words(&error));
                Ok(Ended::failed(context))
            }
            Err(Stop::Interrupted(interruption)) => Err(interruption),
        }
    }

    async fn upload_sets(&mut self, artifacts: &ArtifactsPlan) -> Result<(), Stop> {
        let identifiers = artifacts
            .sets
            .iter()
            .filter_map(|set| set.identifier.as_deref());
        for identifier in identifiers {
            if !is_file_name(identifier) {
                return Err(Stop::client_error(format!(
                    "invalid artifact identifier `{identifier}`"
                )));
            }
        }
        let links_have_no_effect = !artifacts.are_zips()
            && artifacts
                .sets
                .iter()
                .any(|set| set.artifacts.enable_symlinks);
        if links_have_no_effect {
            let message = Notice::LinksFollowed.to_string();
            self.run
                .events
                .emit(event::Notice::Warning { message })
                .await;
        }
        let mut places = BTreeSet::new();
        for set in &artifacts.sets {
            let place = self.place(artifacts, set).await?;
            if artifacts.are_zips() && !places.insert(place.clone()) {
                return Err(Stop::client_error(format!(
                    "two artifacts have the name `{}`",
                    place.display()
                )));
            }
            self.collect(artifacts, set, place).await?;
        }
        Ok(())
    }

    /// Returns the destination of a set, with the variables in its name expanded.
    async fn place(
        &mut self,
        artifacts: &ArtifactsPlan,
        set: &ArtifactSet,
    ) -> Result<PathBuf, Stop> {
        match &set.place {
            Placement::Fixed(place) => Ok(place.clone()),
            Placement::Refused(message) => Err(Stop::client_error(message)),
            Placement::Named(name) => {
                let name = self.expand(name).await?;
                set.placed(artifacts.storage, Some(&name), &self.run.plan.uuid)
                    .map_err(|error| Stop::client_error(error.to_string()))
            }
        }
    }

    /// Finds and downloads one set, and publishes it when it is complete.
    async fn collect(
        &mut self,
        artifacts: &ArtifactsPlan,
        set: &ArtifactSet,
        place: PathBuf,
    ) -> Result<(), Stop> {
        let symlinks = symlinks(artifacts, set);
        let mut found = self.search(set, symlinks).await?;
        let collected = self.keep(artifacts, set, place, &mut found).await;
        for message in found.notices.sentences() {
            self.run
                .events
                .emit(event::Notice::Warning { message })
                .await;
        }
        collected
    }

    /// Finds the files of a set.
    async fn search(&mut self, set: &ArtifactSet, symlinks: Symlinks) -> Result<FoundFiles, Stop> {
        let artifacts = &set.artifacts;
        let written = artifacts.base_directory.as_deref().unwrap_or(".");
        let base_directory = match self.expand(written).await? {
            expanded if expanded.is_empty() => ".".to_owned(),
            expanded => expanded,
        };
        self.run
            .events
            .emit(ArtifactsEvent::Started {
                identifier: set.identifier.clone(),
                base_directory: base_directory.clone(),
            })
            .await;
        let directories = self.base_directories(&base_directory).await?;
        if directories.is_empty() {
            return Err(Stop::client_error(format!(
                "no matching base directory path found for {base_directory}"
            )));
        }
        let mut patterns = Vec::new();
        for pattern in &artifacts.files {
            patterns.push(self.expand(pattern).await?);
        }
        let mut excludes = Vec::new();
        for pattern in &artifacts.exclude_paths {
            excludes.push(self.expand(pattern).await?);
        }
        let mut found = FoundFiles {
            names: ArtifactFiles::default(),
            notices: Notices::default(),
            trees: Vec::new(),
        };
        for BaseDirectory { name, location } in directories {
            self.run
                .events
                .emit(ArtifactsEvent::BaseDirectoryMatched { directory: name })
                .await;
            let files = FileSet::new(&location, &patterns, &excludes)
                .map_err(|error| Stop::client_error(error.to_string()))?;
            let search = Search {
                base: Path::new(&location),
                set: &files,
                discard_paths: artifacts.discard_paths,
                symlinks,
            };
            let by_pattern = self.search_one(&search, &mut found).await?;
            for (pattern, matches) in patterns.iter().zip(by_pattern) {
                self.run
                    .events
                    .emit(ArtifactsEvent::PatternExpanded {
                        pattern: pattern.clone(),
                        matches,
                    })
                    .await;
            }
        }
        let FoundFiles { names, notices, .. } = &mut found;
        names.settle(notices);
        let count = names.len();
        self.run
            .events
            .emit(ArtifactsEvent::FilesFound { count })
            .await;
        Ok(found)
    }

    async fn search_one(
        &mut self,
        search: &Search<'_>,
        found: &mut FoundFiles,
    ) -> Result<Vec<usize>, Stop> {
        let sandbox = &mut self.sandbox;
        let has_find = sandbox.driver().tools().find;
        let (names, notices) = (&mut found.names, &mut found.notices);
        let searched = search.run(
            self.run.engine,
            sandbox.container(),
            has_find,
            names,
            notices,
        );
        let searched = self
            .run
            .cancellation
            .guard(searched)
            .await
            .map_err(Interruption::Cancelled)??;
        found.trees.extend(searched.trees);
        Ok(searched.by_pattern)
    }

    /// Downloads and publishes the files of a set, when there is a destination.
    async fn keep(
        &mut self,
        artifacts: &ArtifactsPlan,
        set: &ArtifactSet,
        place: PathBuf,
        found: &mut FoundFiles,
    ) -> Result<(), Stop> {
        if found.names.is_empty() {
            return Err(Stop::client_error("no matching artifact paths found"));
        }
        let Some(root) = artifacts.directory.clone() else {
            return Ok(());
        };
        if artifacts.are_zips() {
            zip::can_hold(&found.names)?;
        }
        let staging = self.stage(&root)?;
        let names = Arc::new(std::mem::take(&mut found.names));
        let fetched = self.fetch(&names, found, staging.path()).await;
        self.check_cancelled()?;
        let fetched = fetched?;
        if fetched.count == 0 {
            return Err(Stop::client_error("no artifact file could be read"));
        }
        let location = if place.as_os_str().is_empty() {
            root.clone()
        } else {
            root.join(&place)
        };
        let location = location.display().to_string();
        let files = fetched.count;
        let zipped = match artifacts.storage.packaging {
            Packaging::None => {
                self.blocking(move |_| publish_tree(staging, &root, &place))
                    .await?;
                None
            }
            Packaging::Zip => {
                let owner = self.run.host.owner.clone();
                let packed = self.blocking(move |stop| {
                    let making = Staging::create(&root, &owner)?;
                    let zip = making.path().join(ZIP);
                    let sums = pack(&names, staging.path(), &fetched.links, &zip, stop)?;
                    let size = std::fs::metadata(&zip).map_err(DownloadError::Read)?.len();
                    publish_file(&zip, &root, &place)?;
                    Ok((sums, size))
                });
                Some(packed.await?)
            }
        };
        let (sums, size) = zipped.unzip();
        self.run
            .events
            .emit(ArtifactsEvent::Placed {
                identifier: set.identifier.clone(),
                location,
                files,
                size,
                override_name: artifacts.storage.override_name,
                sha256sum: sums.as_ref().map(|sums| sums.sha256.clone()),
                md5sum: sums.map(|sums| sums.md5),
            })
            .await;
        Ok(())
    }

    async fn fetch(
        &mut self,
        names: &Arc<ArtifactFiles>,
        found: &mut FoundFiles,
        directory: &Path,
    ) -> Result<Fetched, Stop> {
        let sandbox = &mut self.sandbox;
        let has_tar = sandbox.driver().tools().tar;
        let cancellation = self.run.cancellation;
        let guard = |stream: ByteStream| -> ByteStream {
            let cancellation = cancellation.clone();
            let cancelled = async move {
                cancellation.reached(CancelReason::Timeout).await;
            };
            stream.take_until(Box::pin(cancelled)).boxed()
        };
        let fetch = Fetch {
            engine: self.run.engine,
            container: sandbox.container(),
            has_tar,
            trees: &found.trees,
            guard: &guard,
            is_cut_short: &|| cancellation.reason().is_some(),
        };
        // Must not be dropped: it ends soon after its streams.
        Ok(fetch
            .run(names.clone(), directory, &mut found.notices)
            .await?)
    }

    /// Runs blocking work, and tells it to stop when the build is cut short.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&AtomicBool) -> Result<T, DownloadError> + Send + 'static,
    ) -> Result<T, Stop> {
        let stop = Arc::new(AtomicBool::new(false));
        let told = stop.clone();
        let mut work = tokio::task::spawn_blocking(move || work(&told));
        let done = tokio::select! {
            done = &mut work => done,
            _ = self.run.cancellation.reached(CancelReason::Timeout) => {
                stop.store(true, Ordering::Relaxed);
                let done = work.await;
                self.check_cancelled()?;
                done
            }
        };
        Ok(done.map_err(|error| DownloadError::Read(error.into()))??)
    }

    fn check_cancelled(&self) -> Result<(), Interruption> {
        match self.run.cancellation.reason() {
            Some(reason) => Err(Interruption::Cancelled(reason)),
            None => Ok(()),
        }
    }

    /// Files are collected in a staging directory, so that a build that is cut short leaves nothing
    /// at the destination: beside it, or, when it lies in a source, where no build can see them.
    fn stage(&self, root: &Path) -> Result<Staging, DownloadError> {
        let in_source = self
            .run
            .plan
            .sources
            .iter()
            .any(|source| root.starts_with(&source.host));
        let parent = if in_source {
            &self.run.host.scratch_root
        } else {
            root
        };
        Staging::create(parent, &self.run.host.owner)
    }

    /// Expands variables and commands as a shell does between double quotes, with the state that
    /// the last command left.
    pub(in crate::runner) async fn expand(&mut self, text: &str) -> Result<String, Interruption> {
        if !is_expanded(text) {
            return Ok(text.to_owned());
        }
        let script = format!("printf '%s' \"{text}\"");
        self.evaluate(&script, &format!("`{text}`")).await
    }
}

/// Symlinks are kept only in a zip: elsewhere they would have no meaning.
fn symlinks(artifacts: &ArtifactsPlan, set: &ArtifactSet) -> Symlinks {
    if artifacts.are_zips() && set.artifacts.enable_symlinks {
        Symlinks::Kept
    } else {
        Symlinks::Followed
    }
}

/// Returns an error with its causes.
fn words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

/// Whether a text names something in a directory and not the directory or anything outside of it.
fn is_file_name(text: &str) -> bool {
    let mut components = Path::new(text).components();
    matches!(components.next(), Some(Component::Normal(name)) if name == text)
        && components.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_leads_nowhere_else() {
        assert!(is_file_name("docs-1"));
        for text in ["", ".", "..", "../x", "a/b", "/a", "a/"] {
            assert!(!is_file_name(text), "{text}");
        }
    }
}
