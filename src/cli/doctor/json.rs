//! What was found, as one JSON document.

use serde_json::{Value, json};

use super::report::Report;
use crate::doctor::{Check, ReachedEngine, Verdict};

/// Writes the report. `docs/reference/json.md` has the names and meanings of its members.
pub(super) fn json(report: &Report) -> String {
    let verdict = if report.count(Verdict::Failed) > 0 {
        Verdict::Failed
    } else if report.count(Verdict::Warning) > 0 {
        Verdict::Warning
    } else {
        Verdict::Ok
    };
    let document = json!({
        "cobuild": env!("CARGO_PKG_VERSION"),
        "verdict": verdict.as_str(),
        "engine": engine(report),
        "checks": report.checks.iter().map(check).collect::<Vec<_>>(),
    });
    format!("{document:#}\n")
}

fn check(check: &Check) -> Value {
    json!({
        "name": check.subject.as_str(),
        "verdict": check.verdict.as_str(),
        "found": check.found,
        "remedy": check.remedy,
    })
}

fn engine(report: &Report) -> Value {
    let endpoint = report.endpoint.as_ref();
    let mut engine = json!({
        "url": endpoint.map(|endpoint| endpoint.address.to_string()),
        "foundBy": endpoint.map(|endpoint| endpoint.found_by.to_string()),
    });
    if let Some(ReachedEngine { facts, details }) = &report.reached {
        let known = [
            ("product", json!(details.product)),
            ("version", json!(details.version)),
            ("apiVersion", json!(details.api_version)),
            ("storageDriver", json!(facts.storage_driver)),
            ("cgroupVersion", json!(details.cgroup_version)),
            ("architecture", json!(facts.architecture)),
            ("cpus", json!(facts.cpus)),
            ("memoryInBytes", json!(facts.memory)),
            ("rootless", json!(facts.is_rootless())),
            ("sharesHost", json!(facts.shares_host)),
            ("dataRoot", json!(details.data_root)),
            ("warnings", json!(details.warnings)),
        ];
        for (name, value) in known {
            engine[name] = value;
        }
    }
    engine
}
