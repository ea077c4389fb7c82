//! Diagnostics as JSON.

use serde_json::json;

use super::checked::Checked;

/// Renders everything found as one object, on one line.
pub(super) fn render(all: &[Checked]) -> String {
    let files: Vec<_> = all.iter().map(|checked| &checked.path).collect();
    let found: Vec<_> = all
        .iter()
        .flat_map(|checked| checked.found.iter().map(move |one| (checked, one)))
        .map(|(checked, one)| {
            json!({
                "path": checked.path,
                "line": one.span.start.line,
                "column": one.span.start.column,
                "endLine": one.span.end.line,
                "endColumn": one.span.end.column,
                "code": one.code.id,
                "name": one.code.name,
                "severity": one.severity().as_str(),
                "message": one.message,
                "note": one.note,
                "help": one.help,
            })
        })
        .collect();
    let more: usize = all.iter().map(|checked| checked.more).sum();
    let all = json!({ "files": files, "diagnostics": found, "notShown": more });
    format!("{all}\n")
}
