//! What was removed, as one JSON document.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::report::Report;
use crate::leftovers::Leftover;

/// Writes the report. `docs/reference/json.md` has the names and meanings of its members.
pub(super) fn json(report: &Report) -> String {
    let all = |leftovers: &[Leftover]| leftovers.iter().map(leftover_json).collect::<Vec<_>>();
    let stuck = report.stuck.iter().map(|(leftover, reason)| {
        let mut value = leftover_json(leftover);
        value["reason"] = json!(reason);
        value
    });
    let document = json!({
        "dryRun": report.dry_run,
        "removed": all(&report.gone),
        "failed": stuck.collect::<Vec<_>>(),
        "living": all(&report.living),
        "unproven": all(&report.unproven),
        "ofOtherHosts": report.of_other_hosts,
        "notLookedAt": report.not_looked_at.as_ref().map(|engine| &engine.reason),
    });
    format!("{document:#}\n")
}

fn leftover_json(leftover: &Leftover) -> Value {
    let created = leftover
        .created
        .and_then(|seconds| Timestamp::from_second(i64::try_from(seconds).ok()?).ok());
    json!({
        "kind": leftover.kind.as_str(),
        "name": leftover.name,
        "build": leftover.build,
        "created": created.map(|time| time.to_string()),
        "sizeInBytes": leftover.size,
    })
}
