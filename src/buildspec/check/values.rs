//! Values that mean something else than they seem to.

use regex::Regex;

use super::super::code::{
    BOOLEAN, EMPTY_ITEM, EMPTY_PHASE, IGNORED_KIND, ON_FAILURE, REPORT_FORMAT, RUNTIME, SHELL,
};
use super::super::diagnostic::Findings;
use super::super::keys::{Section, Shape};
use super::super::model::{OnFailure, Version};
use super::super::node::{Node, Span, Value};
use super::super::on_failure::is_known;
use super::super::refusal::ValueKind;
use super::key_uses::{KeyUse, KeyUses, last, text};
use super::keys::suggestion;
use super::refused::{expected_kind, found_kind};

/// Every spelling of yes and no in YAML 1.1.
const BOOLEANS: &[&str] = &["y", "yes", "on", "true", "n", "no", "off", "false"];

/// The shells that are documented, and the spellings of them that are in use.
const SHELLS: &[&str] = &[
    "bash",
    "sh",
    "/bin/bash",
    "/bin/sh",
    "/usr/bin/bash",
    "/usr/bin/env bash",
    "powershell.exe",
    "powershell",
    "pwsh",
    "pwsh.exe",
    "cmd.exe",
    "cmd",
];

/// The runtimes of build images.
const RUNTIMES: &[&str] = &[
    "android", "dotnet", "golang", "java", "nodejs", "php", "python", "ruby", "rust",
];

/// A runtime of old images only.
const OLD_RUNTIME: &str = "docker";

/// What people call a runtime instead of its name.
const NICKNAMES: &[(&str, &str)] = &[
    ("node", "nodejs"),
    ("go", "golang"),
    ("jdk", "java"),
    ("openjdk", "java"),
    ("corretto", "java"),
    ("python3", "python"),
    ("dotnetcore", "dotnet"),
    ("cargo", "rust"),
];

/// Finds what is wrong with the values of a tree.
pub(super) fn find(places: &KeyUses<'_>, findings: &mut Findings<'_>) {
    for place in &places.known {
        let value = &place.entry.value;
        shape(place, findings);
        match place.key.name {
            "install" | "pre_build" | "build" | "post_build" => phase(place, findings),
            "on-failure" => on_failure(value, findings),
            "shell" => shell(value, findings),
            "file-format" => report_format(value, findings),
            "runtime-versions" => runtimes(value, findings),
            _ => {}
        }
    }
}

fn shape(place: &KeyUse<'_>, findings: &mut Findings<'_>) {
    let value = &place.entry.value;
    if matches!(place.key.shape, Shape::List) {
        for item in value.items() {
            let blank = text(item).is_none_or(|text| text.trim().is_empty());
            if blank && matches!(item.value, Value::Scalar(_)) {
                let message = format!("empty item in `{}`", place.key.name);
                let place = findings.mark_before(item.span, '-');
                findings
                    .add(&EMPTY_ITEM, place, message)
                    .help("remove the `-`, or write a value after it");
            }
        }
    }
    if matches!(place.key.shape, Shape::Boolean)
        && let Some(text) = text(value)
        && !BOOLEANS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(text.trim()))
    {
        let message = format!("`{text}` is not yes or no; CodeBuild reads it as no");
        findings
            .add(&BOOLEAN, value.span, message)
            .help("write `yes` or `no`");
    }
    let is_artifact = matches!(
        place.section,
        Section::Artifacts | Section::SecondaryArtifact
    );
    if is_artifact && place.key.name == "type" && !matches!(value.value, Value::Scalar(_)) {
        let is = ValueKind::of(value);
        ignored_kind("type", is, ValueKind::Text, value.span, findings);
    }
}

/// Tells of a value of the wrong kind for which a build does not care.
pub(super) fn ignored_kind(
    key: &str,
    is: ValueKind,
    expected: ValueKind,
    span: Span,
    findings: &mut Findings<'_>,
) {
    let help = match expected {
        ValueKind::Text | ValueKind::Boolean => "write one value after the colon",
        ValueKind::List | ValueKind::Texts => "begin each item with `- `",
        ValueKind::Map => "write keys with values, as in `NAME: value`",
    };
    let (expected, found) = (expected_kind(expected), found_kind(is));
    let message = format!("`{key}`: expected {expected}, found {found}");
    findings.add(&IGNORED_KIND, span, message).help(help);
}

fn phase(place: &KeyUse<'_>, findings: &mut Findings<'_>) {
    let value = &place.entry.value;
    if !value.is_null() && !matches!(value.value, Value::Mapping(_)) {
        return;
    }
    let has = |name| last(value, name).is_some();
    if !["commands", "finally", "runtime-versions", "steps"]
        .into_iter()
        .any(has)
    {
        let message = format!("phase `{}` does nothing", place.key.name);
        findings
            .add(&EMPTY_PHASE, place.entry.key.span, message)
            .help("add `commands`, or remove the phase");
    }
}

fn on_failure(value: &Node, findings: &mut Findings<'_>) {
    if let Some(text) = text(value)
        && !is_known(text)
    {
        let message = format!("`{text}` is not a form of `on-failure`; CodeBuild ignores it");
        let finding = findings.add(&ON_FAILURE, value.span, message);
        let words = || text.split(|c: char| !c.is_ascii_alphanumeric());
        let count = words().find(|word| word.parse::<u8>().is_ok());
        match (suggestion(text, ["ABORT", "CONTINUE", "RETRY"]), count) {
            (Some("RETRY"), Some(count)) => finding.help(format!("did you mean `RETRY-{count}`?")),
            (Some(meant), _) => finding.help(format!("did you mean `{meant}`?")),
            (None, _) => {
                finding.help("it must be one of ABORT, CONTINUE and RETRY-<count>-<regex>")
            }
        };
    } else if let Some(text) = text(value)
        && let OnFailure::Retry { pattern, .. } = OnFailure::from_text(text)
        && let Err(error) = Regex::new(&pattern)
    {
        // A drawing of the place comes before the reason.
        let error = error.to_string();
        let reason = error.lines().last().unwrap_or_default();
        let reason = reason.strip_prefix("error: ").unwrap_or(reason);
        let message = format!("`{pattern}` is not a regular expression: {reason}");
        findings
            .add(&ON_FAILURE, value.span, message)
            .help("no failure matches it, so the phase is never retried");
    }
}

fn shell(value: &Node, findings: &mut Findings<'_>) {
    if let Some(text) = text(value)
        && !text.is_empty()
        && !SHELLS.contains(&text)
    {
        let message = format!("CodeBuild does not document the shell `{text}`");
        let finding = findings.add(&SHELL, value.span, message);
        match suggestion(text, SHELLS.iter().copied()) {
            Some(meant) => finding.help(format!("did you mean `{meant}`?")),
            None => finding
                .help("it must be one of bash and /bin/sh; on Windows, powershell.exe and cmd.exe"),
        };
    }
}

fn report_format(value: &Node, findings: &mut Findings<'_>) {
    let Some(Shape::Choice(formats)) = Section::Report
        .key("file-format", Version::V0_2)
        .map(|key| key.shape)
    else {
        return;
    };
    if let Some(text) = text(value)
        && !text.contains('$')
        && !formats
            .iter()
            .any(|format| format.eq_ignore_ascii_case(text))
    {
        let message = format!("`{text}` is not a report format");
        let finding = findings.add(&REPORT_FORMAT, value.span, message);
        if !finding.is_told() {
            return;
        }
        let longer = formats
            .iter()
            .copied()
            .find(|format| format.starts_with(&text.to_ascii_uppercase()) && text.len() > 3);
        match longer.or_else(|| suggestion(text, formats.iter().copied())) {
            Some(meant) => finding.help(format!("did you mean `{meant}`?")),
            None => finding.help(format!("it must be one of {}", formats.join(", "))),
        };
    }
}

fn runtimes(value: &Node, findings: &mut Findings<'_>) {
    for entry in value.entries() {
        let Some(name) = entry.key.text.as_deref() else {
            continue;
        };
        if RUNTIMES.contains(&name) || name == OLD_RUNTIME || name.contains('$') {
            continue;
        }
        let finding = findings.add(
            &RUNTIME,
            entry.key.span,
            format!("no build image has the runtime `{name}`"),
        );
        if !finding.is_told() {
            continue;
        }
        let nickname = NICKNAMES
            .iter()
            .find(|(nickname, _)| nickname.eq_ignore_ascii_case(name))
            .map(|(_, name)| *name);
        let meant = nickname.or_else(|| suggestion(name, RUNTIMES.iter().copied()));
        finding.help(meant.map_or_else(
            || format!("it must be one of {}", RUNTIMES.join(", ")),
            |meant| format!("did you mean `{meant}`?"),
        ));
    }
}
