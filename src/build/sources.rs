//! Prepares the sources of a build: versions are checked out, zip files unpacked, buildspecs read.

mod messages;

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::BuildError;
use crate::buildspec::MAX_BYTES;
use crate::plan::{BuildspecFile, Content, GitFacts, Source, SourceFailure};
use crate::runner::{CancelReason, Cancellation};
use crate::settings::{BuildspecName, SourceInput, SourceTree, Sources, read_buildspec};
use crate::source::git;
use crate::source::git::checkout::{self, Blob};
use crate::source::git::directory::AllowedDirectories;
use crate::source::git::repository::{Repository, ResolvedCommit};
use crate::source::unzip::{UnzipError, unzip};

/// How much of a buildspec is read for display, in bytes: a longer one is invalid anyway.
const LONGEST_LOOK: u64 = MAX_BYTES as u64 + 1;

/// The prepared sources of a build on the host.
#[derive(Debug, Clone)]
pub(super) struct PreparedSources {
    pub(super) primary: Source,
    pub(super) secondary: Vec<(String, Source)>,
    /// Warnings about the sources.
    pub(super) warnings: Vec<String>,
    failure: Option<SourceFailure>,
    tree: PathBuf,
}

/// The purpose of the preparation.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose<'a> {
    /// A build: all sources are prepared.
    Build,
    /// A plan: only this buildspec is read.
    Show(&'a BuildspecName),
}

/// The part of one source that is prepared.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Everything,
    File(PathBuf),
    Nothing,
}

/// Prepares the sources; trees are made in `directory`. A build that is cut short meanwhile has been
/// [`BuildError::Stopped`].
pub(super) async fn prepare(
    sources: &Sources,
    purpose: Purpose<'_>,
    directory: &Path,
    cancellation: &Cancellation,
) -> Result<PreparedSources, BuildError> {
    let mut preparing = Preparing {
        git_directories: &sources.git_directories,
        purpose,
        directory,
        cancellation,
        warnings: Vec::new(),
        failure: None,
        tree: sources.primary.path().to_path_buf(),
        made: 0,
    };
    let (primary, secondary) = preparing.all(sources).await?;
    Ok(PreparedSources {
        primary,
        secondary,
        warnings: preparing.warnings,
        failure: preparing.failure,
        tree: preparing.tree,
    })
}

impl PreparedSources {
    /// Reads the buildspec; an unavailable source takes precedence.
    pub(super) fn buildspec(
        &self,
        name: &BuildspecName,
    ) -> Result<Result<BuildspecFile, SourceFailure>, BuildError> {
        if let Some(failure) = &self.failure {
            return Ok(Err(failure.clone()));
        }
        let zip = self.primary.named.display().to_string();
        let made_from = match &self.primary.content {
            Content::Directory => None,
            Content::Revision { version, .. } => Some(version.as_str()),
            Content::Zip { .. } => Some(zip.as_str()),
            Content::Nothing => {
                let read = name.read_of_host().map_err(BuildError::Buildspec)?;
                return read.map(Ok).ok_or(BuildError::NoBuildspec);
            }
        };
        let tree = SourceTree {
            directory: &self.tree,
            made_from,
        };
        Ok(Ok(read_buildspec(tree, name)))
    }
}

struct Preparing<'a> {
    git_directories: &'a [PathBuf],
    purpose: Purpose<'a>,
    directory: &'a Path,
    cancellation: &'a Cancellation,
    warnings: Vec<String>,
    failure: Option<SourceFailure>,
    tree: PathBuf,
    made: usize,
}

impl Preparing<'_> {
    async fn all(
        &mut self,
        sources: &Sources,
    ) -> Result<(Source, Vec<(String, Source)>), BuildError> {
        let primary = self.source(&sources.primary, None).await?;
        let mut secondary = Vec::new();
        for (identifier, given) in &sources.secondary {
            let source = self.source(given, Some(identifier)).await?;
            secondary.push((identifier.clone(), source));
        }
        Ok((primary, secondary))
    }

    /// Prepares one source. An unavailable source keeps its known facts.
    async fn source(
        &mut self,
        given: &SourceInput,
        identifier: Option<&str>,
    ) -> Result<Source, BuildError> {
        match given {
            SourceInput::Directory(directory) => {
                let bounds = AllowedDirectories::of_directory(directory, self.git_directories);
                let git = self.guarded(git::facts(directory, bounds)).await?;
                Ok(Source::directory(directory.clone(), git))
            }
            SourceInput::Nothing(named) => Ok(Source {
                named: named.clone(),
                content: Content::Nothing,
                git: GitFacts::default(),
            }),
            SourceInput::Zip(file) => self.zip(file, identifier).await,
            SourceInput::Revision {
                directory,
                version,
                depth,
            } => {
                let bounds = AllowedDirectories::of_directory(directory, self.git_directories);
                let place = self.place();
                let opening = Repository::open(directory, bounds, &place);
                let repository = self.guarded(opening).await?;
                let repository = repository.map_err(BuildError::from)?;
                self.revision(repository, version, *depth, identifier).await
            }
        }
    }

    /// Returns a path for a tree of this build.
    fn place(&mut self) -> PathBuf {
        self.made += 1;
        self.directory.join(format!("source-{}", self.made))
    }

    fn part(&self, identifier: Option<&str>) -> Part {
        match self.purpose {
            Purpose::Build => Part::Everything,
            Purpose::Show(name) => name
                .in_source()
                .filter(|_| identifier.is_none())
                .map_or(Part::Nothing, |path| Part::File(normal(path))),
        }
    }

    async fn zip(&mut self, file: &Path, identifier: Option<&str>) -> Result<Source, BuildError> {
        let part = self.part(identifier);
        let mut source = Source {
            named: file.to_path_buf(),
            content: Content::Zip {
                tree: file.to_path_buf(),
            },
            git: GitFacts::default(),
        };
        let only = match &part {
            Part::Everything => None,
            Part::File(path) => Some(path.clone()),
            Part::Nothing => return Ok(source),
        };
        let tree = self.make_place()?;
        let stop = Arc::new(AtomicBool::new(false));
        let mut work = tokio::task::spawn_blocking({
            let (file, tree, stop) = (file.to_path_buf(), tree.clone(), Arc::clone(&stop));
            move || unzip(&file, &tree, only.as_deref(), &stop)
        });
        // No process may write any more when the directory is removed.
        let done = tokio::select! {
            done = &mut work => done,
            _ = self.cancellation.reached(CancelReason::Timeout) => {
                stop.store(true, Ordering::Relaxed);
                work.await
            }
        };
        match done? {
            Ok(left_out) => {
                let named = file.display();
                let warnings = left_out.into_iter().map(|it| format!("{named}: {it}"));
                self.warnings.extend(warnings);
            }
            Err(UnzipError::Stopped) => return Err(BuildError::Stopped),
            Err(source) => {
                let path = file.to_path_buf();
                return Err(BuildError::Zip { path, source });
            }
        }
        if identifier.is_none() {
            self.tree.clone_from(&tree);
        }
        if part == Part::Everything {
            source.content = Content::Zip { tree };
        }
        Ok(source)
    }

    async fn revision(
        &mut self,
        mut repository: Repository,
        version: &str,
        depth: Option<u32>,
        identifier: Option<&str>,
    ) -> Result<Source, BuildError> {
        self.warnings.extend(messages::of_borrowed(&repository));
        let mut source = Source {
            named: repository.directory().to_path_buf(),
            content: Content::Revision {
                version: version.to_owned(),
                tree: repository.directory().to_path_buf(),
            },
            git: GitFacts {
                commit: None,
                remote: repository.remote().map(str::to_owned),
            },
        };
        let found = self.guarded(repository.find(version)).await?;
        let found = match found.map_err(BuildError::Git)? {
            Ok(found) => found,
            Err(reason) => {
                let hint = messages::not_found(&reason, &repository, version);
                let failure = SourceFailure::no_such_version(identifier, version, hint);
                self.failure.get_or_insert(failure);
                return Ok(source);
            }
        };
        source.git.commit = Some(found.commit.clone());
        match self.part(identifier) {
            Part::Everything => {
                let tree = self.place();
                let making = checkout::check_out(&repository, &found, depth, &tree);
                let made = self.guarded(making).await?;
                made.map_err(BuildError::from)?;
                if identifier.is_none() {
                    self.tree.clone_from(&tree);
                }
                let version = version.to_owned();
                source.content = Content::Revision { version, tree };
            }
            Part::Nothing => {}
            Part::File(path) => self.look(&repository, &found, &path).await?,
        }
        Ok(source)
    }

    /// Writes one file of a commit into a tree of its own.
    async fn look(
        &mut self,
        repository: &Repository,
        found: &ResolvedCommit,
        path: &Path,
    ) -> Result<(), BuildError> {
        let tree = self.make_place()?;
        let mut fetched = None;
        if found.at_origin.is_some() {
            let place = self.place();
            let fetching = checkout::fetch(repository, found, &place);
            let done = self.guarded(fetching).await?;
            fetched = Some(done.map_err(BuildError::from)?);
        }
        let name = path.to_string_lossy();
        let commit = &found.commit;
        let reading = checkout::read(repository, fetched.as_ref(), commit, &name, LONGEST_LOOK);
        let blob = self.guarded(reading).await?;
        let file = tree.join(path);
        let written = match blob.map_err(BuildError::from)? {
            Blob::Missing => Ok(()),
            Blob::Directory => std::fs::create_dir_all(&file),
            Blob::File(content) => std::fs::create_dir_all(file.parent().unwrap_or(&tree))
                .and_then(|()| std::fs::write(&file, content)),
        };
        written.map_err(|source| BuildError::Workspace { path: file, source })?;
        self.tree = tree;
        Ok(())
    }

    fn make_place(&mut self) -> Result<PathBuf, BuildError> {
        let path = self.place();
        match std::fs::create_dir(&path) {
            Ok(()) => Ok(path),
            Err(source) => Err(BuildError::Workspace { path, source }),
        }
    }

    async fn guarded<T>(&self, work: impl Future<Output = T>) -> Result<T, BuildError> {
        let done = self.cancellation.guard(work).await;
        done.map_err(|_| BuildError::Stopped)
    }
}

/// Returns a path without `.` and `..`; empty when it points outside.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => normal.push(name),
            Component::ParentDir if !normal.pop() => return PathBuf::new(),
            Component::ParentDir
            | Component::CurDir
            | Component::RootDir
            | Component::Prefix(_) => {}
        }
    }
    normal
}
