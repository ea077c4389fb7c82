//! Artifacts, reports and the cache.

use super::super::code::{FALLBACK, GLOB, NO_FILES};
use super::super::diagnostic::Findings;
use super::super::keys::Section;
use super::super::node::{Entry, Node, Value};
use super::key_uses::{KeyUses, last, text, texts};

/// How many `fallback-keys` there may be.
const MOST_FALLBACKS: usize = 5;

/// Finds what is wrong with the files that a buildspec names.
pub(super) fn find(places: &KeyUses<'_>, findings: &mut Findings<'_>) {
    for place in places.all(Section::Root, "artifacts") {
        group("artifacts", place.entry, findings);
    }
    for place in places.all(Section::Artifacts, "secondary-artifacts") {
        for entry in place.entry.value.entries() {
            group("artifact", entry, findings);
        }
    }
    for place in places.all(Section::Root, "reports") {
        for entry in place.entry.value.entries() {
            group("report", entry, findings);
        }
    }
    for place in places.all(Section::Root, "cache") {
        cache(&place.entry.value, findings);
    }
}

fn filled<'tree>(map: &'tree Node, name: &str) -> Option<&'tree Entry> {
    last(map, name).filter(|entry| !entry.value.is_null())
}

/// What names files: the artifacts, a secondary artifact, or a report.
fn group(kind: &str, entry: &Entry, findings: &mut Findings<'_>) {
    let map = &entry.value;
    if !matches!(map.value, Value::Mapping(_)) {
        return;
    }
    let files = filled(map, "files");
    let is_map = |files: &Entry| matches!(files.value.value, Value::Mapping(_));
    if files.is_none_or(|files| !is_map(files) && texts(&files.value).next().is_none()) {
        let name = entry.key.text.as_deref().unwrap_or_default();
        let message = match kind {
            "artifacts" => "`artifacts` has no `files`".to_owned(),
            _ => format!("{kind} `{name}` has no `files`"),
        };
        findings
            .add(&NO_FILES, entry.key.span, message)
            .help("add `files` with at least one pattern");
        return;
    }
    let base = filled(map, "base-directory").and_then(|entry| text(&entry.value));
    for name in ["files", "exclude-paths"] {
        let Some(list) = filled(map, name) else {
            continue;
        };
        for (node, pattern) in texts(&list.value) {
            if let Some((message, help)) = problem(name, pattern, base) {
                findings.add(&GLOB, node.span, message).help(help);
            }
        }
    }
}

/// Says why a pattern does not match what it seems to.
fn problem(list: &str, pattern: &str, base: Option<&str>) -> Option<(String, String)> {
    let pattern = pattern.trim();
    if pattern.starts_with('!') {
        return Some((
            format!("`{pattern}` excludes nothing: it matches names that begin with `!`"),
            "list the files to leave out under `exclude-paths`".to_owned(),
        ));
    }
    if pattern.starts_with("~/") {
        return Some((
            format!("CodeBuild does not expand the `~` of `{pattern}`"),
            "write the whole path".to_owned(),
        ));
    }
    if list == "exclude-paths" && matches!(pattern, "**/*" | "**" | "./**/*") {
        return Some((
            format!("`{pattern}` excludes every file"),
            "exclude less, or remove the artifact".to_owned(),
        ));
    }
    let plain = |text: &str| !text.contains(['*', '?', '[', '{', '$', '`']);
    let base = base.filter(|base| plain(base))?.trim();
    let base = base.strip_prefix("./").unwrap_or(base);
    let base = base.trim_end_matches('/');
    let inner = pattern
        .strip_prefix("./")
        .unwrap_or(pattern)
        .strip_prefix(base)?
        .strip_prefix('/')?;
    if base.is_empty() || base == "." {
        return None;
    }
    Some((
        format!("patterns are relative to `base-directory`, so this is `{base}/{base}/{inner}`"),
        format!("write `{inner}`"),
    ))
}

fn cache(map: &Node, findings: &mut Findings<'_>) {
    let Some(fallbacks) = filled(map, "fallback-keys") else {
        return;
    };
    let count = texts(&fallbacks.value).count();
    if filled(map, "key").is_none() {
        findings
            .add(
                &FALLBACK,
                fallbacks.key.span,
                "`fallback-keys` have no effect without a `key`",
            )
            .help("add a `key`");
    } else if count > MOST_FALLBACKS {
        findings.add(
            &FALLBACK,
            fallbacks.key.span,
            format!("{count} fallback keys; at most {MOST_FALLBACKS} are allowed"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_cannot_match() {
        for (list, pattern, base) in [
            ("files", "!secret", None),
            ("files", "~/.m2/**/*", None),
            ("files", "dist/**/*", Some("dist")),
            ("files", "./dist/app.js", Some("./dist/")),
            ("exclude-paths", "**/*", None),
        ] {
            assert!(problem(list, pattern, base).is_some(), "{pattern} {base:?}");
        }
        for (list, pattern, base) in [
            ("files", "**/*", None),
            ("files", "/root/x", None),
            ("files", "../x", None),
            ("files", "dist/**/*", None),
            ("files", "distant/x", Some("dist")),
            ("files", "a/x", Some("$DIR/a")),
            ("files", "a/x", Some(".")),
            ("exclude-paths", "**/.git/**/*", None),
        ] {
            assert!(problem(list, pattern, base).is_none(), "{pattern} {base:?}");
        }
    }
}
