//! UPLOAD_ARTIFACTS (contract §4.5): which files, matched where, brought to which place.

use std::path::{Component, Path};

use futures_util::StreamExt;

use super::program::quote;
use super::{CancelReason, Ended, Interruption, Run, RunError};
use crate::buildspec::Artifacts;
use crate::collect::artifact::{self, CollectError, Matches, Root};
use crate::engine::{ByteStream, Engine};
use crate::event::Event;
use crate::phase::PhaseContext;
use crate::plan::artifacts::FileSet;

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
            if !is_file_name(identifier) {
                return Ok(Ended::failed(PhaseContext::new(
                    "CLIENT_ERROR",
                    format!("invalid artifact identifier `{identifier}`"),
                )));
            }
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
        let staging = destination
            .map(|destination| self.stage(destination))
            .transpose()?;
        let mut count = 0;
        for BaseDirectory { name, location } in directories {
            self.events
                .emit(Event::BaseDirectoryMatched { directory: name })
                .await;
            let set = FileSet::new(&location, &patterns, &excludes).map_err(|error| {
                Stop::Failed(PhaseContext::new("CLIENT_ERROR", error.to_string()))
            })?;
            let roots = self.locate(set.roots()).await?;
            let matches = artifact::collect(
                &|path| self.download(path),
                &set,
                &roots,
                artifacts.discard_paths,
                staging.as_ref().map(tempfile::TempDir::path),
            )
            .await;
            if let Some(reason) = self.cancellation.reason() {
                return Err(Interruption::Cancelled(reason).into());
            }
            let matches = matches?;
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
            .map(|path| {
                let path = path.display();
                format!("several artifact files have the path `{path}`; the last is kept")
            })
            .chain(matches.dangling.into_iter().map(|path| {
                let path = path.display();
                format!("the artifact `{path}` is a link that leads to no file; it is left out")
            }));
        for message in warnings {
            self.events.emit(Event::Warning { message }).await;
        }
    }

    /// Files are gathered apart, so that a build that is cut short leaves nothing in their place:
    /// beside it, or, when the place lies in a source, where the build cannot see them.
    fn stage(&self, destination: &Path) -> Result<tempfile::TempDir, RunError> {
        let in_source = self
            .plan
            .sources
            .iter()
            .any(|source| destination.starts_with(&source.host));
        let directory = if in_source {
            &self.settings.scratch_root
        } else {
            destination
        };
        [destination, directory]
            .into_iter()
            .try_for_each(std::fs::create_dir_all)
            .and_then(|()| {
                tempfile::Builder::new()
                    .prefix(".cobuild-")
                    .tempdir_in(directory)
            })
            .map_err(|source| {
                RunError::Collect(CollectError::Write {
                    path: directory.to_path_buf(),
                    source,
                })
            })
    }

    /// Expands variables and commands as a shell does between double quotes, with the state that
    /// the last command left.
    pub(super) async fn expand(&mut self, text: &str) -> Result<String, Interruption> {
        if !text.contains(['$', '`']) {
            return Ok(text.to_owned());
        }
        self.evaluate(&format!("printf '%s' \"{text}\"")).await
    }

    /// Streams a path of the container; the stream ends when the build is cut short.
    fn download(&self, path: &str) -> ByteStream {
        let Some(sandbox) = &self.sandbox else {
            return futures_util::stream::empty().boxed();
        };
        let cancellation = self.cancellation.clone();
        let cancelled = Box::pin(async move { cancellation.reached(CancelReason::Timeout).await });
        self.engine
            .download(sandbox.container(), path)
            .take_until(cancelled)
            .boxed()
    }

    /// Returns the directories that `pattern` names: relative to the source, and by their real paths.
    async fn base_directories(
        &mut self,
        pattern: &str,
    ) -> Result<Vec<BaseDirectory>, Interruption> {
        let script = format!(
            "CDPATH=\ncd {} || exit\nset +f\nfor directory in {}; do\n(cd -P -- \"$directory\" && printf '%s\\037%s\\037' \"$directory\" \"$(pwd)\")\ndone",
            quote(&self.plan.layout.source),
            shell_pattern(pattern)
        );
        Ok(pairs(&self.evaluate(&script).await?)
            .map(|(name, location)| BaseDirectory {
                name: name.to_owned(),
                location: location.to_owned(),
            })
            .collect())
    }

    /// Finds out where the paths are that are to be searched.
    async fn locate(&mut self, paths: Vec<String>) -> Result<Vec<Root>, Interruption> {
        let words: Vec<String> = paths.iter().map(|path| quote(path)).collect();
        let script = format!(
            "CDPATH=\nfor path in {}; do\nif [ -d \"$path\" ]; then location=$(cd -P -- \"$path\" && pwd); else location=$path; fi\nprintf '%s\\037%s\\037' \"$path\" \"$location\"\ndone",
            words.join(" ")
        );
        Ok(pairs(&self.evaluate(&script).await?)
            .map(|(path, location)| Root {
                path: path.to_owned(),
                location: location.to_owned(),
            })
            .collect())
    }

    pub(super) async fn evaluate(&mut self, script: &str) -> Result<String, Interruption> {
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

/// Whether a text names something in a directory and not the directory or anything outside of it.
fn is_file_name(text: &str) -> bool {
    let mut components = Path::new(text).components();
    matches!(components.next(), Some(Component::Normal(name)) if name == text)
        && components.next().is_none()
}

/// A directory in which an artifact's patterns are matched.
struct BaseDirectory {
    /// As the buildspec names it.
    name: String,
    /// Where it is.
    location: String,
}

/// Takes apart what a script wrote as pairs of texts, each with a unit separator at its end: a
/// shell's own variables hold no NUL.
fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut texts = text.split_terminator('\x1f');
    std::iter::from_fn(move || Some((texts.next()?, texts.next()?)))
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

    #[test]
    fn wildcards_stay_wildcards_and_nothing_else_does() {
        assert_eq!(shell_pattern("my-build*"), "'my-build'*");
        assert_eq!(shell_pattern("a b/$x?[0-9]"), "'a b/$x'?['0-9']");
        assert_eq!(shell_pattern("."), "'.'");
    }
}
