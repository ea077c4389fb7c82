//! The curated images as JSON.

use serde_json::{Map, Value, json};

use super::listed::Listed;
use crate::project::image::{Origin, Resolution, System};

/// Returns the list as one JSON object. `local` is null where no engine could be asked.
pub(super) fn value(listed: &[Listed]) -> Value {
    json!({ "images": listed.iter().map(image).collect::<Vec<_>>() })
}

fn image(listed: &Listed) -> Value {
    let image = &listed.image;
    let name = image.name();
    let pulled_from = match Resolution::of(&name).origin {
        Origin::Registry(name) => Some(name),
        _ => None,
    };
    let runtimes: Map<String, Value> = image
        .runtimes
        .iter()
        .map(|(runtime, labels)| ((*runtime).to_owned(), json!(labels)))
        .collect();
    let local = listed.local.as_ref().map(|local| {
        local
            .iter()
            .map(|local| json!({ "name": local.name, "size": local.facts.size }))
            .collect::<Vec<_>>()
    });
    json!({
        "name": name,
        "formerName": image.former.map(|former| format!("aws/codebuild/{former}:{}", image.tag)),
        "architecture": image.architecture.name(),
        "system": match image.system {
            System::Linux => "linux",
            System::Windows => "windows",
            System::MacOs => "macos",
        },
        "pulledFrom": pulled_from,
        "runtimes": runtimes,
        "note": image.note,
        "local": local,
    })
}
