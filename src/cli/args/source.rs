//! The sources of a build, and the way they reach the container.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, ValueEnum};

use super::heading;
use crate::cli::failure::Failure;
use crate::cli::named::Named;
use crate::plan::{Excludes, SourceOwner, Transfer};
use crate::project::{KindName, ProjectName};
use crate::settings::{SourceError, SourceRequest, Sources};
use crate::source::excludes::check_pattern;

/// Which sources a build has, what they are taken for, and how they reach the container.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = heading::SOURCE)]
pub(crate) struct SourceArgs {
    /// Source directory or zip file [default: .].
    ///
    /// DIR is the primary source, ID:DIR is the secondary source ID.
    #[arg(short, long, value_name = "[ID:]DIR")]
    source: Vec<String>,

    /// Build a commit, branch, tag or pr/N.
    ///
    /// The build gets a clean checkout of the git repository that the source is, instead of the directory as
    /// it is. REF is for the primary source, ID:REF for the secondary source ID.
    #[arg(long, value_name = "[ID:]REF")]
    source_version: Vec<String>,

    /// Number of commits that the checkout has; 0 and more than 25 are all of them [default: all].
    #[arg(
        long,
        value_name = "N",
        value_parser = commits,
        requires = "source_version",
        hide_short_help = true
    )]
    git_clone_depth: Option<u32>,

    /// Directory of git outside of the source that the build may use.
    ///
    /// Either the source's own git directory, when that does not point back at the source, or a directory that
    /// it borrows objects from, or its `origin`.
    #[arg(long, value_name = "DIR", hide_short_help = true)]
    git_dir: Vec<PathBuf>,

    /// Build without a source.
    ///
    /// The buildspec is then a file of this machine, the text of a buildspec, or `-` for stdin.
    #[arg(long, conflicts_with_all = ["kind", "mount"], hide_short_help = true)]
    no_source: Option<bool>,

    /// Treat the source as one of this kind [default: as its remote `origin` says].
    #[arg(long = "as", value_name = "KIND", hide_short_help = true)]
    kind: Option<SourceKindArg>,

    /// Name of the project [default: the name of the source's directory].
    ///
    /// It is in the build's id and ARN and in the names of containers. Builds that name the same project share
    /// caches and build numbers; builds that name none share them with builds of the same directory only.
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    project_name: Option<ProjectName>,

    /// Who starts the build; codepipeline/NAME implies --as codepipeline [default: the user].
    #[arg(long, value_name = "TEXT", hide_short_help = true)]
    initiator: Option<String>,

    /// Work in the source itself.
    ///
    /// Not in an isolated view of it: what the build writes there stays.
    #[arg(short, long, conflicts_with = "source_transfer")]
    mount: Option<bool>,

    /// How the source reaches the container [default: auto].
    #[arg(long, value_name = "HOW", hide_short_help = true)]
    source_transfer: Option<SourceTransfer>,

    /// Who owns the files of the source in the build [default: root].
    #[arg(
        long,
        value_name = "WHO",
        conflicts_with = "mount",
        hide_short_help = true
    )]
    source_owner: Option<SourceOwnerArg>,

    /// Leave out what .gitignore files match and git does not track.
    #[arg(long, conflicts_with = "mount", hide_short_help = true)]
    respect_gitignore: Option<bool>,

    /// Leave out what a pattern matches, in the syntax of .gitignore.
    ///
    /// A file .cobuildignore in the source holds such patterns as well.
    #[arg(
        long,
        value_name = "GLOB",
        conflicts_with = "mount",
        value_parser = parse_pattern,
        hide_short_help = true
    )]
    exclude: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SourceTransfer {
    /// Copy-on-write where the engine can do it, else tar.
    Auto,
    /// A copy-on-write view: nothing is copied, however large the source is.
    CopyOnWrite,
    /// A copy, streamed as a tar archive.
    Tar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SourceOwnerArg {
    /// Root, as in the cloud.
    Root,
    /// Their owners on this machine where the source comes in copy-on-write, which saves some microseconds a file.
    Keep,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SourceKindArg {
    /// A GitHub repository.
    #[value(name = "github")]
    GitHub,
    /// A CodeCommit repository.
    #[value(name = "codecommit")]
    CodeCommit,
    /// An archive in S3, without `.git`.
    S3,
    /// What a pipeline hands over, without `.git`.
    #[value(name = "codepipeline")]
    CodePipeline,
}

impl From<SourceKindArg> for KindName {
    fn from(kind: SourceKindArg) -> Self {
        match kind {
            SourceKindArg::GitHub => Self::GitHub,
            SourceKindArg::CodeCommit => Self::CodeCommit,
            SourceKindArg::S3 => Self::S3,
            SourceKindArg::CodePipeline => Self::CodePipeline,
        }
    }
}

impl SourceArgs {
    /// Finds the sources.
    pub(crate) fn find(&self) -> Result<Sources, Failure> {
        let asked = SourceRequest {
            sources: &self.source,
            versions: &self.source_version,
            depth: self.git_clone_depth,
            nothing: self.no_source.unwrap_or_default(),
            git_directories: &self.git_dir,
        };
        for source in &self.source {
            Named::check_source(source)?;
        }
        let sources = Sources::find(&asked).map_err(|error| {
            let hint = hint(&error);
            let failure = Failure::usage(error);
            match hint {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        })?;
        let named = Named::beside(&sources)?;
        for directory in &self.git_dir {
            named.check("--git-dir", directory)?;
        }
        if self.is_mounted() {
            self.can_be_mounted(&sources)?;
        }
        Ok(sources)
    }

    /// The kind that the source is taken for, when that is said.
    pub(crate) fn kind(&self) -> Option<KindName> {
        let by_pipeline = self
            .initiator
            .as_deref()
            .and_then(|initiator| initiator.strip_prefix("codepipeline/"))
            .is_some_and(|pipeline| !pipeline.is_empty());
        self.kind
            .map(KindName::from)
            .or_else(|| by_pipeline.then_some(KindName::CodePipeline))
    }

    /// The name of the project, when one is given.
    pub(crate) fn project(&self) -> Option<ProjectName> {
        self.project_name.clone()
    }

    /// Who starts the build.
    pub(crate) fn initiator(&self) -> Option<String> {
        self.initiator.clone()
    }

    /// How the source reaches the container, when that is said.
    pub(crate) fn transfer(&self) -> Option<Transfer> {
        if self.is_mounted() {
            return Some(Transfer::Mount);
        }
        self.source_transfer.map(|transfer| match transfer {
            SourceTransfer::Auto => Transfer::Automatic,
            SourceTransfer::CopyOnWrite => Transfer::CopyOnWrite,
            SourceTransfer::Tar => Transfer::Tar,
        })
    }

    /// Who owns the source in the build, when that is said.
    pub(crate) fn owner(&self) -> Option<SourceOwner> {
        self.source_owner.map(|owner| match owner {
            SourceOwnerArg::Root => SourceOwner::Root,
            SourceOwnerArg::Keep => SourceOwner::Keep,
        })
    }

    /// The files that stay behind.
    pub(crate) fn excludes(&self) -> Excludes {
        Excludes {
            patterns: self.exclude.clone(),
            respect_gitignore: self.respect_gitignore.unwrap_or_default(),
        }
    }

    /// Whether the build works in the source itself.
    fn is_mounted(&self) -> bool {
        self.mount.unwrap_or_default()
    }

    /// Refuses what a directory of this machine itself cannot be.
    fn can_be_mounted(&self, sources: &Sources) -> Result<(), Failure> {
        if let Some(made) = sources.all().find(|source| source.needs_tree()) {
            let path = made.path().display();
            return Err(Failure::usage(anyhow!(
                "--mount works in a directory itself, and of `{path}` a copy is built"
            ))
            .hint("leave --mount out"));
        }
        let count = match self.kind() {
            Some(KindName::S3) => 1,
            Some(KindName::CodePipeline) => usize::MAX,
            Some(KindName::GitHub | KindName::CodeCommit) | None => 0,
        };
        let of_git = sources
            .all()
            .take(count)
            .find(|source| source.path().join(".git").exists());
        match of_git {
            None => Ok(()),
            Some(source) => Err(Failure::usage(anyhow!(
                "--mount works in `{}` itself, out of which no `.git` can be left",
                source.path().display()
            ))
            .hint("leave --mount out, or --as")),
        }
    }
}

/// What to do about sources that cannot be used.
fn hint(error: &SourceError) -> Option<&'static str> {
    match error {
        SourceError::SecondPrimary(_) => Some("secondary sources are given as `-s ID:DIR`"),
        SourceError::PrimaryOfNothing(_) => {
            Some("leave one of them out; secondary sources are given as `-s ID:DIR`")
        }
        SourceError::VersionOfNothing(_) | SourceError::SecondVersion(_) => {
            Some("versions are given as `--source-version REF` and `--source-version ID:REF`")
        }
        SourceError::VersionOfZip { .. } => {
            Some("name the git repository with -s, or leave --source-version out")
        }
        SourceError::SameIdentifier(_)
        | SourceError::GitDirectory { .. }
        | SourceError::NotADirectory(_)
        | SourceError::Unusable { .. } => None,
    }
}

fn parse_pattern(text: &str) -> Result<String, String> {
    match check_pattern(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Reads the number of commits of a checkout.
fn commits(text: &str) -> Result<u32, String> {
    text.parse()
        .map_err(|_| "write a number of commits, such as 1".to_owned())
}
