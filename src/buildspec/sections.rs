//! Tree to buildspec: every section that has no file of its own.

use std::collections::HashSet;

use super::field::{Fields, only_text_keys};
use super::keys::Section;
use super::model::{Artifacts, Buildspec, Cache, CacheAction, Env, Phases, Proxy, Version};
use super::node::{Node, Value};
use super::problems::Problems;
use super::refusal::{NoBuildspec, Reason};
use super::reports::{ReportFormat, ReportGroup};
use super::unknown::unknown_keys;

impl Buildspec {
    /// Reads a buildspec, and gathers its problems in the order in which the agent meets them.
    pub(super) fn read(root: &Node, problems: &mut Problems) -> Self {
        let fields = Fields::of(Section::Root, "", root, problems);
        let version = version(root, &fields, problems);
        let phases = fields
            .get("phases")
            .map(|node| Phases::read(node, problems))
            .unwrap_or_default();
        let buildspec = Self {
            version,
            run_as: fields.filled_text("run-as", problems),
            env: env(&fields, version, problems),
            proxy: proxy(&fields, problems),
            phases,
            reports: fields.named("reports", problems, report),
            artifacts: fields
                .get("artifacts")
                .map(|node| artifacts(node, problems)),
            cache: fields.get("cache").map(|node| cache(node, problems)),
            unknown_keys: unknown_keys(root, version),
        };
        only_text_keys(root, problems);
        buildspec
    }
}

/// Reads `version`. Only a buildspec that does nothing but list the builds of a batch may lack it;
/// that it is then read as 0.2 is assumed. So is one that does not exist, for the sake of the rest.
fn version(root: &Node, fields: &Fields<'_>, problems: &mut Problems) -> Version {
    let Some(node) = fields.get("version") else {
        if fields.get("batch").is_none() || fields.get("phases").is_some() {
            problems.add(root.span, Reason::NoBuildspec(NoBuildspec::NoVersion));
        }
        return Version::V0_2;
    };
    let written = fields.text("version", problems).unwrap_or_default();
    Version::from_text(&written).unwrap_or_else(|| {
        if matches!(node.value, Value::Scalar(_)) {
            problems.add(node.span, Reason::Version { written });
        }
        Version::V0_2
    })
}

impl Version {
    /// Reads a `version` as written; only the two exact spellings exist.
    fn from_text(text: &str) -> Option<Self> {
        match text {
            "0.1" => Some(Self::V0_1),
            "0.2" => Some(Self::V0_2),
            _ => None,
        }
    }
}

/// Reads `env`, and in version 0.1 `environment_variables`; when both give a variable, `env` does
/// (assumed).
fn env(root: &Fields<'_>, version: Version, problems: &mut Problems) -> Env {
    let mut env = match root.get("env") {
        Some(node) => {
            let fields = Fields::of(Section::Env, "env", node, problems);
            Env {
                shell: fields.filled_text("shell", problems),
                variables: fields.named_texts("variables", problems),
                parameter_store: fields.named_texts("parameter-store", problems),
                secrets_manager: fields.named_texts("secrets-manager", problems),
                exported_variables: exported_variables(&fields, problems),
                git_credential_helper: fields.boolean("git-credential-helper", problems),
            }
        }
        None => Env::default(),
    };
    if version == Version::V0_1
        && let Some(node) = root.get("environment_variables")
    {
        let section = Section::EnvironmentVariables;
        let fields = Fields::of(section, "environment_variables", node, problems);
        let known: HashSet<_> = env.variables.iter().map(|(name, _)| name.clone()).collect();
        let more = fields.named_texts("plaintext", problems);
        let more = more.into_iter().filter(|(name, _)| !known.contains(name));
        env.variables.extend(more);
    }
    env
}

/// Reads `exported-variables`; a block of text may name several, since no name holds a blank
/// (assumed).
fn exported_variables(env: &Fields<'_>, problems: &mut Problems) -> Vec<String> {
    env.texts("exported-variables", problems)
        .iter()
        .flat_map(|text| text.split_whitespace())
        .map(str::to_owned)
        .collect()
}

/// Reads `proxy`.
fn proxy(root: &Fields<'_>, problems: &mut Problems) -> Proxy {
    let Some(node) = root.get("proxy") else {
        return Proxy::default();
    };
    let fields = Fields::of(Section::Proxy, "proxy", node, problems);
    Proxy {
        upload_artifacts: fields.boolean("upload-artifacts", problems),
        logs: fields.boolean("logs", problems),
    }
}

/// Reads a group of `reports`.
fn report(name: &str, node: &Node, problems: &mut Problems) -> ReportGroup {
    let fields = Fields::of(Section::Report, name, node, problems);
    ReportGroup {
        files: fields.texts("files", problems),
        format: fields
            .filled_text("file-format", problems)
            .map_or(ReportFormat::default(), |text| {
                ReportFormat::from_text(&text)
            }),
        base_directory: fields.filled_text("base-directory", problems),
        discard_paths: fields.boolean("discard-paths", problems),
    }
}

/// Reads `artifacts`.
fn artifacts(node: &Node, problems: &mut Problems) -> Artifacts {
    let fields = Fields::of(Section::Artifacts, "artifacts", node, problems);
    let read = |name: &str, node: &Node, problems: &mut Problems| {
        let fields = Fields::of(Section::SecondaryArtifact, name, node, problems);
        artifact(&fields, problems)
    };
    let secondary = fields.named("secondary-artifacts", problems, read);
    Artifacts {
        secondary,
        ..artifact(&fields, problems)
    }
}

/// Reads what the primary and the secondary artifacts have in common.
fn artifact(fields: &Fields<'_>, problems: &mut Problems) -> Artifacts {
    Artifacts {
        files: fields.texts("files", problems),
        name: fields.filled_text("name", problems),
        discard_paths: fields.boolean("discard-paths", problems),
        base_directory: fields.filled_text("base-directory", problems),
        exclude_paths: fields.texts("exclude-paths", problems),
        enable_symlinks: fields.boolean("enable-symlinks", problems),
        s3_prefix: fields.filled_text("s3-prefix", problems),
        secondary: Vec::new(),
    }
}

/// Reads `cache`.
fn cache(node: &Node, problems: &mut Problems) -> Cache {
    let fields = Fields::of(Section::Cache, "cache", node, problems);
    Cache {
        paths: fields.texts("paths", problems),
        key: fields.filled_text("key", problems),
        fallback_keys: fields.texts("fallback-keys", problems),
        action: fields
            .text("action", problems)
            .map_or(CacheAction::Both, |text| cache_action(&text)),
    }
}

/// Reads the `action` of a cache, without regard to case; what it does not know leaves the default
/// (both assumed).
fn cache_action(text: &str) -> CacheAction {
    let text = text.trim();
    if text.eq_ignore_ascii_case("restore") {
        CacheAction::Restore
    } else if text.eq_ignore_ascii_case("save") {
        CacheAction::Save
    } else {
        CacheAction::Both
    }
}

#[cfg(test)]
mod tests;
