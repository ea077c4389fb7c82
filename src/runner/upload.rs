//! UPLOAD_ARTIFACTS (contract §4.5): which files, matched where, brought to which place.

use std::path::Path;

use super::program::quote;
use super::{Ended, Interruption, Run, RunError};
use crate::buildspec::Artifacts;
use crate::collect::artifact::{self, CollectError, Matches};
use crate::engine::Engine;
use crate::event::Event;
use crate::phase::PhaseContext;
use crate::plan::artifacts::{FileSet, join};

/// What ends one set of artifacts before its time.
enum Stop {
    Interrupted(Interruption),
    Failed(PhaseContext),
}

impl<T: Into<Interruption>> From<T> for Stop {
    fn from(error: T) -> Self {
        Self::Interrupted(error.into())
    }
}

impl<E: Engine> Run<'_, E> {
    /// Collects the primary artifacts, then the secondary ones in the order of the file.
    pub(super) async fn upload_artifacts(&mut self) -> Result<Ended, Interruption> {
        let Some(artifacts) = self.work().and_then(|work| work.artifacts.clone()) else {
            return Ok(Ended::succeeded());
        };
        let destination = self.settings.artifacts.clone();
        let mut sets = Vec::new();
        if !artifacts.files.is_empty() {
            sets.push((None, &artifacts, destination.clone()));
        }
        for (identifier, secondary) in &artifacts.secondary {
            let destination = destination.as_ref().map(|it| it.join(identifier));
            sets.push((Some(identifier.clone()), secondary, destination));
        }
        for (identifier, set, destination) in sets {
            match self.collect(identifier, set, destination.as_deref()).await {
                Ok(()) => {}
                Err(Stop::Failed(context)) => return Ok(Ended::failed(context)),
                Err(Stop::Interrupted(interruption)) => return Err(interruption),
            }
        }
        Ok(Ended::succeeded())
    }

    /// Matches one set and, when all of it is here, puts it into its place.
    async fn collect(
        &mut self,
        identifier: Option<String>,
        artifacts: &Artifacts,
        destination: Option<&Path>,
    ) -> Result<(), Stop> {
        let written = artifacts.base_directory.as_deref().unwrap_or(".");
        let base_directory = match self.expand(written).await? {
            expanded if expanded.is_empty() => ".".to_owned(),
            expanded => expanded,
        };
        self.events
            .emit(Event::ArtifactsStarted {
                identifier,
                base_directory: base_directory.clone(),
            })
            .await;
        let directories = self.base_directories(&base_directory).await?;
        if directories.is_empty() {
            return Err(Stop::Failed(PhaseContext::new(
                "CLIENT_ERROR",
                format!("no matching base directory path found for {base_directory}"),
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
        let staging = destination.map(stage).transpose()?;
        let mut count = 0;
        for directory in directories {
            self.events
                .emit(Event::BaseDirectoryMatched {
                    directory: directory.clone(),
                })
                .await;
            let base = join(&self.plan.layout.source, &directory);
            let set = FileSet::new(&base, &patterns, &excludes).map_err(|error| {
                Stop::Failed(PhaseContext::new("CLIENT_ERROR", error.to_string()))
            })?;
            let sandbox = self.sandbox.as_ref().ok_or(RunError::ContainerDied)?;
            let matches = self
                .guarded(artifact::collect(
                    self.engine,
                    sandbox.container(),
                    &set,
                    artifacts.discard_paths,
                    staging.as_ref().map(tempfile::TempDir::path),
                ))
                .await??;
            count += matches.files.len();
            self.report(&patterns, matches).await;
        }
        self.events.emit(Event::FilesFound { count }).await;
        if count == 0 {
            return Err(Stop::Failed(PhaseContext::new(
                "CLIENT_ERROR",
                "no matching artifact paths found",
            )));
        }
        if let (Some(staging), Some(destination)) = (&staging, destination) {
            artifact::publish(staging.path(), destination)?;
        }
        Ok(())
    }

    async fn report(&self, patterns: &[String], matches: Matches) {
        for (pattern, matches) in patterns.iter().zip(matches.by_pattern) {
            self.events
                .emit(Event::PatternExpanded {
                    pattern: pattern.clone(),
                    matches,
                })
                .await;
        }
        let warnings = matches
            .clashes
            .into_iter()
            .map(|path| format!("several artifact files have the path `{path}`; the last is kept"))
            .chain(matches.dangling.into_iter().map(|path| {
                format!("the artifact `{path}` is a link that leads to no file; it is left out")
            }));
        for message in warnings {
            self.events.emit(Event::Warning { message }).await;
        }
    }

    /// Expands variables and commands as a shell does between double quotes, with the state that
    /// the last command left.
    async fn expand(&mut self, text: &str) -> Result<String, Interruption> {
        if !text.contains(['$', '`']) {
            return Ok(text.to_owned());
        }
        self.evaluate(&format!("printf '%s' \"{text}\"")).await
    }

    /// Returns the directories that `pattern` names, as it names them: relative to the source.
    async fn base_directories(&mut self, pattern: &str) -> Result<Vec<String>, Interruption> {
        let script = format!(
            "cd {} || exit\nset +f\nfor directory in {}; do\nif [ -d \"$directory\" ]; then printf '%s\\n' \"$directory\"; fi\ndone",
            quote(&self.plan.layout.source),
            shell_pattern(pattern)
        );
        let directories = self.evaluate(&script).await?;
        Ok(directories.lines().map(str::to_owned).collect())
    }

    async fn evaluate(&mut self, script: &str) -> Result<String, Interruption> {
        let cancellation = self.cancellation;
        let sandbox = self.sandbox.as_mut().ok_or(RunError::ContainerDied)?;
        let evaluation = cancellation
            .guard(sandbox.driver().evaluate(script))
            .await
            .map_err(Interruption::Cancelled)?
            .map_err(RunError::from)?;
        for bytes in evaluation.stray {
            self.events.emit(Event::Output { bytes }).await;
        }
        Ok(String::from_utf8_lossy(&evaluation.printed).into_owned())
    }
}

/// Quotes all of a pattern but its wildcards.
fn shell_pattern(pattern: &str) -> String {
    let mut quoted = String::new();
    for part in pattern.split_inclusive(['*', '?', '[', ']']) {
        let literal = part.trim_end_matches(['*', '?', '[', ']']);
        if !literal.is_empty() {
            quoted.push_str(&quote(literal));
        }
        quoted.push_str(&part[literal.len()..]);
    }
    quoted
}

/// Files are gathered beside their place, so that a build that is cut short leaves nothing there.
fn stage(destination: &Path) -> Result<tempfile::TempDir, RunError> {
    std::fs::create_dir_all(destination)
        .and_then(|()| {
            tempfile::Builder::new()
                .prefix(".cobuild-")
                .tempdir_in(destination)
        })
        .map_err(|source| {
            RunError::Collect(CollectError::Write {
                path: destination.to_path_buf(),
                source,
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stay_wildcards_and_nothing_else_does() {
        assert_eq!(shell_pattern("my-build*"), "'my-build'*");
        assert_eq!(shell_pattern("a b/$x?[0-9]"), "'a b/$x'?['0-9']");
        assert_eq!(shell_pattern("."), "'.'");
    }
}
