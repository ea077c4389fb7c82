//! What names the sources of a build on the command line.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, ValueEnum};

use super::Failure;
use super::named::Named;
use crate::project::KindName;
use crate::settings::{Asked, SourceError, Sources};

/// Which sources a build has, and what they are taken for.
#[derive(Debug, Clone, Args)]
pub(super) struct SourceArgs {
    /// Source directory or zip file; the one without ID is the primary source [default: .].
    #[arg(short, long, value_name = "[ID:]DIR")]
    source: Vec<String>,

    /// Build a clean checkout of a commit, branch, tag or pr/N of the git repository that the source
    /// is, instead of the directory as it is.
    #[arg(long, value_name = "[ID:]REF")]
    source_version: Vec<String>,

    /// How many commits the checkout has; 0 and more than 25 are all of them [default: all].
    #[arg(long, value_name = "N", requires = "source_version")]
    git_clone_depth: Option<u32>,

    /// A directory of git outside of the source that the source may use: its own when that does not point
    /// back at the source, or one that it borrows objects from, or its `origin`.
    #[arg(long, value_name = "DIR")]
    git_dir: Vec<PathBuf>,

    /// Build without a source; the buildspec is then a file of this machine, a text or `-`.
    #[arg(long, conflicts_with_all = ["kind", "mount"])]
    no_source: Option<bool>,

    /// Take the source for one of this kind [default: as its remote `origin` says].
    #[arg(long = "as", value_name = "KIND")]
    kind: Option<Kind>,

    /// Who starts the build; codepipeline/NAME implies --as codepipeline [default: the user].
    #[arg(long, value_name = "TEXT")]
    initiator: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
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

impl From<Kind> for KindName {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::GitHub => Self::GitHub,
            Kind::CodeCommit => Self::CodeCommit,
            Kind::S3 => Self::S3,
            Kind::CodePipeline => Self::CodePipeline,
        }
    }
}

impl SourceArgs {
    /// Finds the sources; `mount` says that the build works in them themselves.
    pub(super) fn find(&self, mount: bool) -> Result<Sources, Failure> {
        let asked = Asked {
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
        if mount {
            self.can_be_mounted(&sources)?;
        }
        Ok(sources)
    }

    /// The kind that the source is taken for, when that is said.
    pub(super) fn kind(&self) -> Option<KindName> {
        let by_pipeline = self
            .initiator
            .as_deref()
            .and_then(|initiator| initiator.strip_prefix("codepipeline/"))
            .is_some_and(|pipeline| !pipeline.is_empty());
        self.kind
            .map(KindName::from)
            .or_else(|| by_pipeline.then_some(KindName::CodePipeline))
    }

    /// Who starts the build, when that is said.
    pub(super) fn initiator(&self) -> Option<String> {
        self.initiator.clone()
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
