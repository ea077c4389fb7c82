//! Keys that are unknown, misspelt, in another case, or there twice.

use std::collections::HashMap;

use super::super::code::{DUPLICATE_KEY, KEY_CASE, UNKNOWN_KEY};
use super::super::diagnostic::Findings;
use super::super::keys::{KEYS, Section, Since};
use super::super::model::Version;
use super::super::node::{Entry, Node, Value};
use super::key_uses::KeyUses;

/// The longest name for which a similar one is sought: a hostile text may have a long one.
const LONGEST: usize = 60;

/// The shortest beginning of a key that stands for all of it.
const SHORTEST: usize = 5;

/// Finds what is wrong with the keys of a tree.
pub(super) fn find(root: &Node, places: &KeyUses<'_>, findings: &mut Findings<'_>) {
    for (section, entry) in &places.unknown {
        // An unknown phase is an error.
        if *section != Section::Phases {
            unknown(*section, entry, places.version, findings);
        }
    }
    for place in &places.known {
        let written = place.entry.key.text.as_deref().unwrap_or_default();
        if written != place.key.name {
            let message = format!(
                "the documented key is `{}`, not `{written}`",
                place.key.name
            );
            findings
                .add(&KEY_CASE, place.entry.key.span, message)
                .help(format!("write `{}`", place.key.name));
        }
    }
    duplicates(root, findings);
}

fn unknown(section: Section, entry: &Entry, version: Version, findings: &mut Findings<'_>) {
    let name = entry.key.text.as_deref().unwrap_or_default();
    let message = match title(section) {
        Some(title) => format!("unknown key `{name}` in `{title}`; CodeBuild ignores it"),
        None => format!("unknown key `{name}`; CodeBuild ignores it"),
    };
    let finding = findings.add(&UNKNOWN_KEY, entry.key.span, message);
    if !finding.is_told() {
        return;
    }
    let here = KEYS.iter().filter(|key| {
        key.sections.contains(&section) && (key.since == Since::Always || version == Version::V0_1)
    });
    if let Some(meant) = suggestion(name, here.map(|key| key.name)) {
        finding.help(format!("did you mean `{meant}`?"));
        return;
    }
    let elsewhere = elsewhere(name, section);
    match elsewhere {
        _ if section == Section::Env && is_variable(name) => {
            finding.help("variables belong under `env.variables`");
        }
        _ if section == Section::BatchEnv && is_variable(name) => {
            finding.help("variables belong under `variables`, one level deeper");
        }
        _ if section.has(&name.to_ascii_lowercase()) => {
            // It is known where it stands, so it is one of version 0.1.
            finding.help(if section == Section::Root {
                "only version 0.1 has this key: write `env` with `variables`"
            } else {
                "only version 0.1 has this key: remove it"
            });
        }
        Some(there) => {
            finding.help(match title(there) {
                Some(title) => format!("`{name}` belongs in `{title}`"),
                None => format!("`{name}` belongs at the top level"),
            });
        }
        None => {}
    }
}

/// Returns the section in which a key was probably meant to stand: one near by, if there are several.
fn elsewhere(name: &str, section: Section) -> Option<Section> {
    let is_batch = |section: Section| section.log_name() == Section::Batch.log_name();
    let is_matrix = |section: Section| title(section).is_some_and(|title| title.contains("matrix"));
    KEYS.iter()
        .filter(|key| key.name.eq_ignore_ascii_case(name))
        .flat_map(|key| key.sections.iter().copied())
        // Nobody means a part of a batch who writes of none.
        .filter(|there| is_batch(section) || !is_batch(*there) || *there == Section::Batch)
        .min_by_key(|there| {
            (
                is_batch(*there) != is_batch(section),
                is_matrix(*there) != is_matrix(section),
                *there != Section::Artifacts,
            )
        })
}

fn is_variable(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.any(|byte| byte.is_ascii_uppercase()) && !name.contains('-')
}

/// Returns the name that was probably meant, if one is near enough.
pub(super) fn suggestion(
    name: &str,
    known: impl IntoIterator<Item = &'static str>,
) -> Option<&'static str> {
    if name.len() > LONGEST {
        return None;
    }
    let plain = |name: &str| name.to_ascii_lowercase().replace('_', "-");
    let name = plain(name);
    let most = (name.chars().count() / 3).max(1);
    // The first word alone, such as `exclude`, is near too.
    let begins = |known: &str| {
        let rest = known.strip_prefix(&name);
        name.len() >= SHORTEST && rest.is_some_and(|rest| rest.starts_with('-'))
    };
    let distance = |known: &str| {
        if begins(known) {
            1
        } else {
            strsim::damerau_levenshtein(&name, known)
        }
    };
    known
        .into_iter()
        .map(|known| (distance(&plain(known)), known))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Returns how people name a section; the buildspec itself has no name.
fn title(section: Section) -> Option<&'static str> {
    Some(match section {
        Section::Root => return None,
        Section::Env => "env",
        Section::EnvironmentVariables => "environment_variables",
        Section::Proxy => "proxy",
        Section::Phases => "phases",
        Section::Install => "phases.install",
        Section::PreBuild => "phases.pre_build",
        Section::Build => "phases.build",
        Section::PostBuild => "phases.post_build",
        Section::Report => "reports.<group>",
        Section::Artifacts => "artifacts",
        Section::SecondaryArtifact => "artifacts.secondary-artifacts.<id>",
        Section::Cache => "cache",
        Section::Batch => "batch",
        Section::BuildList => "batch.build-list[]",
        Section::BuildGraph => "batch.build-graph[]",
        Section::BatchEnv => "batch.<builds>[].env",
        Section::BuildMatrix => "batch.build-matrix",
        Section::MatrixStatic => "batch.build-matrix.static",
        Section::MatrixStaticEnv => "batch.build-matrix.static.env",
        Section::MatrixDynamic => "batch.build-matrix.dynamic",
        Section::MatrixDynamicEnv => "batch.build-matrix.dynamic.env",
        Section::BuildFanout => "batch.build-fanout",
    })
}

fn duplicates(node: &Node, findings: &mut Findings<'_>) {
    match &node.value {
        Value::Scalar(_) => {}
        Value::Sequence(items) => {
            for item in items {
                duplicates(item, findings);
            }
        }
        Value::Mapping(entries) => {
            let mut last = HashMap::new();
            for entry in entries.iter().rev() {
                let Some(name) = &entry.key.text else {
                    continue;
                };
                let line = entry.key.span.start.line;
                let Some(counts) = last.get(name) else {
                    last.insert(name, line);
                    continue;
                };
                let message = format!("duplicate key `{name}`: line {counts} overrides it");
                findings
                    .add(&DUPLICATE_KEY, entry.key.span, message)
                    .help("remove one of them, or merge them");
            }
            for entry in entries {
                duplicates(&entry.value, findings);
            }
        }
    }
}
