//! A plan as JSON.

use serde_json::{Value, json};

use super::{cache_action, container, kind_name, mode_names, on_failure, store_name};
use crate::buildspec::Version;
use crate::plan::{ArtifactSet, ArtifactsPlan, GitMetadata, Plan, Reading, Work};

/// Returns a plan as one JSON object.
pub(super) fn value(plan: &Plan) -> Value {
    let mut value = json!({
        "build": plan.identity,
        "engineImage": plan.engine_image,
        "privileged": plan.privileged,
        "timeoutInSeconds": plan.timeout.as_secs(),
        "sources": plan.sources.iter().map(|source| json!({
            "identifier": source.identifier,
            "host": source.host,
            "directory": source.directory,
            "withoutGit": source.git == GitMetadata::LeftOut,
        })).collect::<Value>(),
        "container": container::json(&plan.container),
        "cache": {
            "type": kind_name(plan.cache.kind),
            "modes": mode_names(plan.cache.modes),
            "cacheNamespace": plan.cache.namespace,
        },
        "environment": plan.environment.iter().map(|variable| json!({
            "name": variable.name,
            "value": variable.shown(),
            "origin": variable.origin,
        })).collect::<Value>(),
    });
    match &plan.reading {
        Reading::SourceFailed { context, .. } => {
            value["refused"] = json!({ "location": null, "context": context });
        }
        Reading::Refused {
            location, context, ..
        } => value["refused"] = json!({ "location": location, "context": context }),
        Reading::Accepted(work) => value["work"] = work_json(work),
    }
    value
}

fn work_json(work: &Work) -> Value {
    json!({
        "buildspec": work.location,
        "version": match work.version {
            Version::V0_1 => "0.1",
            Version::V0_2 => "0.2",
        },
        "shell": work.shell,
        "phases": work.phases.iter().map(|phase| json!({
            "phase": phase.phase,
            "named": phase.named,
            "commands": phase.commands,
            "leftOut": phase.left_out,
            "user": phase.user,
            "finally": phase.finally,
            "onFailure": on_failure(&phase.on_failure),
        })).collect::<Value>(),
        "runtimeVersions": work.runtime_versions.iter().map(|(runtime, version)| json!({
            "runtime": runtime,
            "version": version,
        })).collect::<Value>(),
        "stored": work.stored.iter().map(|stored| json!({
            "variable": stored.variable,
            "store": store_name(stored.store),
            "reference": stored.reference,
        })).collect::<Value>(),
        "artifacts": artifacts_json(&work.artifacts),
        "reports": work.reports.iter().map(|(group, report)| json!({
            "group": group,
            "files": report.files,
            "fileFormat": report.format.name(),
            "baseDirectory": report.base_directory,
            "discardPaths": report.discard_paths,
        })).collect::<Value>(),
        "cache": work.cache.as_ref().map(|cache| json!({
            "paths": cache.paths,
            "key": cache.key,
            "fallbackKeys": cache.fallback_keys,
            "action": cache_action(cache.action),
        })),
        "unknownKeys": work.unknown_keys.iter().map(|unknown| json!({
            "section": unknown.section,
            "keys": unknown.keys,
        })).collect::<Value>(),
        "warnings": work.warnings,
    })
}

fn artifacts_json(plan: &ArtifactsPlan) -> Value {
    let set = |set: &ArtifactSet| {
        let artifacts = &set.artifacts;
        json!({
            "identifier": set.identifier,
            "files": artifacts.files,
            "name": artifacts.name,
            "baseDirectory": artifacts.base_directory,
            "discardPaths": artifacts.discard_paths,
            "excludePaths": artifacts.exclude_paths,
            "enableSymlinks": artifacts.enable_symlinks,
            "s3Prefix": artifacts.s3_prefix,
        })
    };
    plan.sets.iter().map(set).collect()
}
