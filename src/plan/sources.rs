//! The sources of a build: their kinds, variables and directories.

use std::path::PathBuf;

use super::facts::Facts;
use super::inputs::Inputs;
use super::layout::Layout;
use super::source::{Content, Source};
use super::source_tree::{GitElsewhere, GitMetadata, SourcePlan};
use crate::project::{self, Fallback, KindName, SourceKind};

/// The values of a source for the variables of a build (contract §3.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourceVariables {
    /// `CODEBUILD_SOURCE_REPO_URL`.
    pub(super) url: String,
    /// `CODEBUILD_SOURCE_VERSION`.
    pub(super) version: Option<String>,
    /// `CODEBUILD_RESOLVED_SOURCE_VERSION`.
    pub(super) resolved: Option<String>,
}

/// The kinds, variables and directories of all sources.
pub(super) struct SourceLayout {
    pub(super) kind: SourceKind,
    pub(super) layout: Layout,
    pub(super) primary: SourceVariables,
    pub(super) secondary: Vec<(String, SourceVariables)>,
    pub(super) plans: Vec<SourcePlan>,
}

/// Lays out the sources of the inputs.
pub(super) fn decide(inputs: &Inputs, facts: &Facts) -> SourceLayout {
    let kind = kind(&inputs.source, inputs.settings.kind, facts);
    // With a pipeline all sources come from it; any other kind applies to the primary source only.
    let asked = inputs
        .settings
        .kind
        .filter(|kind| *kind == KindName::CodePipeline);
    let secondary: Vec<(&String, &Source, SourceKind)> = inputs
        .secondary
        .iter()
        .map(|(identifier, source)| (identifier, source, self::kind(source, asked, facts)))
        .collect();
    let numbers = facts.directory_numbers.iter().copied();
    let layout = if kind == SourceKind::CodePipeline {
        let identifiers = secondary.iter().map(|it| it.0.clone()).collect();
        Layout::of_pipeline(numbers.clone().next().unwrap_or(0), identifiers)
    } else {
        let paths = secondary
            .iter()
            .map(|(identifier, _, kind)| ((*identifier).clone(), kind.path_below_src()));
        Layout::new(numbers, &kind.path_below_src(), paths)
    };
    let named = &inputs.git_directories;
    let plans = plan(None, &inputs.source, &kind, &layout.source, named)
        .into_iter()
        .chain(secondary.iter().zip(&layout.secondary).filter_map(
            |((identifier, source, kind), (_, directory))| {
                plan(Some(identifier), source, kind, directory, named)
            },
        ))
        .collect();
    SourceLayout {
        primary: values(None, &inputs.source, &kind, inputs, facts),
        secondary: secondary
            .iter()
            .map(|(identifier, source, kind)| {
                let values = values(Some(identifier), source, kind, inputs, facts);
                ((*identifier).clone(), values)
            })
            .collect(),
        kind,
        layout,
        plans,
    }
}

fn kind(source: &Source, asked: Option<KindName>, facts: &Facts) -> SourceKind {
    let name = source.name();
    let fallback = Fallback {
        user: &facts.user,
        name: &name,
        region: &facts.region,
        account: &facts.account,
    };
    let remote = source.git.remote.as_deref();
    match (&source.content, asked) {
        (Content::Nothing, _) => SourceKind::NoSource,
        (_, Some(kind)) => SourceKind::named(kind, remote, &fallback),
        (Content::Zip { .. }, None) => SourceKind::in_s3(&fallback),
        (Content::Directory | Content::Revision { .. }, None) => remote
            .map_or(SourceKind::Plain, |remote| {
                SourceKind::of_remote(remote, fallback.region)
            }),
    }
}

fn plan(
    identifier: Option<&str>,
    source: &Source,
    kind: &SourceKind,
    directory: &str,
    git_directories: &[PathBuf],
) -> Option<SourcePlan> {
    // What is in a zip file is what the cloud gets, whatever it is.
    let is_archive = matches!(source.content, Content::Zip { .. });
    Some(SourcePlan {
        identifier: identifier.map(str::to_owned),
        host: source.tree()?.to_path_buf(),
        directory: directory.to_owned(),
        git: if kind.leaves_out_git() && !is_archive {
            GitMetadata::LeftOut
        } else {
            GitMetadata::Kept
        },
        git_elsewhere: match source.content {
            Content::Directory => GitElsewhere::Proven {
                named: git_directories.to_vec(),
            },
            Content::Revision { .. } | Content::Zip { .. } | Content::Nothing => {
                GitElsewhere::Never
            }
        },
    })
}

fn values(
    identifier: Option<&str>,
    source: &Source,
    kind: &SourceKind,
    inputs: &Inputs,
    facts: &Facts,
) -> SourceVariables {
    let given = source.version().map(str::to_owned);
    let (url, version) = match kind {
        SourceKind::CodePipeline => (String::new(), Some(revision_arn(identifier, inputs, facts))),
        SourceKind::NoSource => (String::new(), None),
        SourceKind::S3 { location } => (format!("s3://{location}"), given),
        SourceKind::Plain => (format!("file://{}", source.named.display()), given),
        SourceKind::GitHub { url, .. }
        | SourceKind::CodeCommit { url, .. }
        | SourceKind::OtherGit { url, .. } => (url.clone(), given),
    };
    SourceVariables {
        url,
        version,
        resolved: source.git.commit.clone().filter(|_| kind.has_commit()),
    }
}

/// Returns the location of a pipeline artifact. Bucket and key have the form of pipelines, with
/// names cut to 20 and 10 characters; the names of bucket and artifact are assumed.
fn revision_arn(identifier: Option<&str>, inputs: &Inputs, facts: &Facts) -> String {
    let name = inputs.source.name();
    let pipeline = inputs
        .settings
        .initiator
        .as_deref()
        .and_then(|initiator| initiator.strip_prefix("codepipeline/"))
        .unwrap_or(&name);
    let short = |text: &str, length| text.chars().take(length).collect::<String>();
    format!(
        "arn:aws:s3:::codepipeline-{}-{}/{}/{}/{}",
        facts.region,
        facts.account,
        short(&project::project_name(pipeline), 20),
        short(identifier.unwrap_or("SourceArtifact"), 10),
        short(&facts.uuid, 7),
    )
}

#[cfg(test)]
mod tests;
