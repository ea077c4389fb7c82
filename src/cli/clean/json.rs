//! What was removed, as one JSON document.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Report;
use crate::remains::Leftover;

/// Writes the report. Names and meanings of its members are in the README.
pub(super) fn json(report: &Report) -> String {
    let all = |remains: &[Leftover]| remains.iter().map(remain_json).collect::<Vec<_>>();
    let stuck = report.stuck.iter().map(|(remain, reason)| {
        let mut value = remain_json(remain);
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

fn remain_json(remain: &Leftover) -> Value {
    let created = remain
        .created
        .and_then(|seconds| Timestamp::from_second(i64::try_from(seconds).ok()?).ok());
    json!({
        "kind": remain.kind.as_str(),
        "name": remain.name,
        "build": remain.build,
        "created": created.map(|time| time.to_string()),
        "sizeInBytes": remain.size,
    })
}
