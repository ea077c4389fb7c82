//! The artifacts of a build: where they go, and how they are kept.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::heading;
use crate::plan::artifact_path::{Namespace, Packaging, Storage};

/// Where artifacts go, in which form and under which names.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = heading::ARTIFACTS)]
pub(crate) struct ArtifactArgs {
    /// Directory that the artifacts are copied into.
    ///
    /// Secondary artifacts go into DIR/ID. Without this flag artifacts are matched, listed in the log and not kept.
    #[arg(short, long, value_name = "DIR")]
    artifacts: Option<PathBuf>,

    /// How artifacts are kept [default: none].
    #[arg(
        long,
        value_name = "FORM",
        requires = "artifacts",
        hide_short_help = true
    )]
    packaging: Option<PackagingArg>,

    /// Put artifacts below DIR at the place that `artifacts: name` of the buildspec names.
    #[arg(long, requires = "artifacts", hide_short_help = true)]
    override_artifact_name: Option<bool>,

    /// What goes before the names of artifacts [default: none].
    #[arg(
        long,
        value_name = "KIND",
        requires = "artifacts",
        hide_short_help = true
    )]
    artifact_namespace: Option<NamespaceArg>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PackagingArg {
    /// As files, in DIR and DIR/ID.
    None,
    /// As archives, DIR/artifacts.zip and DIR/ID.zip.
    Zip,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum NamespaceArg {
    /// Nothing.
    None,
    /// The buildspec's `s3-prefix`, then the UUID of the build.
    BuildId,
}

impl ArtifactArgs {
    /// The directory that artifacts go to.
    pub(crate) fn directory(&self) -> Option<&Path> {
        self.artifacts.as_deref()
    }

    /// How artifacts are kept.
    pub(crate) fn storage(&self) -> Storage {
        let defaults = Storage::default();
        Storage {
            packaging: match self.packaging {
                None => defaults.packaging,
                Some(PackagingArg::None) => Packaging::None,
                Some(PackagingArg::Zip) => Packaging::Zip,
            },
            override_name: self
                .override_artifact_name
                .unwrap_or(defaults.override_name),
            namespace: match self.artifact_namespace {
                None => defaults.namespace,
                Some(NamespaceArg::None) => Namespace::None,
                Some(NamespaceArg::BuildId) => Namespace::BuildId,
            },
        }
    }
}
