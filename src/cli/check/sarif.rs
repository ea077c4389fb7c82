//! Diagnostics as SARIF 2.1.0.

use serde_json::{Value, json};

use super::checked::Checked;
use crate::buildspec::{CODES, Code, Diagnostic};

/// Renders everything found as one log with one run.
pub(super) fn render(all: &[Checked]) -> String {
    let results: Vec<Value> = all
        .iter()
        .flat_map(|checked| checked.found.iter().map(|one| result(&checked.path, one)))
        .collect();
    let rules: Vec<Value> = CODES.iter().map(|code| rule(code)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "cobuild",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log}\n")
}

fn rule(code: &Code) -> Value {
    let page = code.page();
    let explanation: Vec<String> = page.paragraphs().collect();
    json!({
        "id": code.id,
        "name": code.name,
        "shortDescription": { "text": page.summary },
        "fullDescription": { "text": explanation.join("\n\n") },
        "help": { "text": explanation.join("\n\n"), "markdown": code.markdown },
        "defaultConfiguration": { "level": code.severity.as_str() },
    })
}

fn result(path: &str, one: &Diagnostic) -> Value {
    let mut text = one.message.clone();
    for (title, more) in [("CodeBuild", &one.note), ("Help", &one.help)] {
        if let Some(more) = more {
            text = format!("{text}\n{title}: {more}");
        }
    }
    json!({
        "ruleId": one.code.id,
        "ruleIndex": CODES.iter().position(|code| *code == one.code),
        "level": one.severity().as_str(),
        "message": { "text": text },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri(path) },
                "region": {
                    "startLine": one.span.start.line,
                    "startColumn": one.span.start.column,
                    "endLine": one.span.end.line,
                    "endColumn": one.span.end.column,
                },
            },
        }],
    })
}

/// Returns a path as a reference to a URI.
fn uri(path: &str) -> String {
    use std::fmt::Write as _;

    let mut uri = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("ci/a b#1é.yml"), "ci/a%20b%231%C3%A9.yml");
    }
}
