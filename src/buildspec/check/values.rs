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
use super::keys::suggestion;
use super::places::{Place, Places, last, text};

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
pub(super) fn find(places: &Places<'_>, findings: &mut Findings<'_>) {
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

fn shape(place: &Place<'_>, findings: &mut Findings<'_>) {
    let value = &place.entry.value;
    if matches!(place.key.shape, Shape::List) {
        for item in value.items() {
            let blank = text(item).is_none_or(|text| text.trim().is_empty());
            if blank && matches!(item.value, Value::Scalar(_)) {
                let message = format!("this item of `{}` is empty", place.key.name);
                let place = findings.mark_before(item.span, '-');
                findings
                    .add(&EMPTY_ITEM, place, message)
                    .help("remove it, or write what belongs there");
            }
        }
    }
    if matches!(place.key.shape, Shape::Boolean)
        && let Some(text) = text(value)
        && !BOOLEANS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(text.trim()))
    {
        let message = format!("`{text}` is neither yes nor no, and is read as no");
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
    let found = match is {
        ValueKind::Text | ValueKind::Boolean => "a text",
        ValueKind::List | ValueKind::Texts => "a list",
        ValueKind::Map => "a map",
    };
    let (wanted, help) = match expected {
        ValueKind::Text | ValueKind::Boolean => ("a text", "write one value behind the colon"),
        ValueKind::List => ("a list", "begin each item with `- `"),
        ValueKind::Texts => ("a list of texts", "begin each item with `- `"),
        ValueKind::Map => ("a map", "write keys with values, as in `name: value`"),
    };
    let message = format!("`{key}` takes {wanted}, but this is {found}");
    findings.add(&IGNORED_KIND, span, message).help(help);
}

fn phase(place: &Place<'_>, findings: &mut Findings<'_>) {
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
            .help("give it `commands`, or remove it");
    }
}

fn on_failure(value: &Node, findings: &mut Findings<'_>) {
    if let Some(text) = text(value)
        && !is_known(text)
    {
        let message = format!("`{text}` is no form of `on-failure`, so it does nothing");
        let finding = findings.add(&ON_FAILURE, value.span, message);
        let words = || text.split(|c: char| !c.is_ascii_alphanumeric());
        let count = words().find(|word| word.parse::<u8>().is_ok());
        match (suggestion(text, ["ABORT", "CONTINUE", "RETRY"]), count) {
            (Some("RETRY"), Some(count)) => finding.help(format!("did you mean `RETRY-{count}`?")),
            (Some(meant), _) => finding.help(format!("did you mean `{meant}`?")),
            (None, _) => finding.help("the forms are ABORT, CONTINUE and RETRY-<count>-<regex>"),
        };
    } else if let Some(text) = text(value)
        && let OnFailure::Retry { pattern, .. } = OnFailure::from_text(text)
        && let Err(error) = Regex::new(&pattern)
    {
        // A drawing of the place comes before the reason.
        let error = error.to_string();
        let reason = error.lines().last().unwrap_or_default();
        let reason = reason.strip_prefix("error: ").unwrap_or(reason);
        let message = format!("`{pattern}` is no regular expression: {reason}");
        findings
            .add(&ON_FAILURE, value.span, message)
            .help("no failure matches it, so the phase would run once");
    }
}

fn shell(value: &Node, findings: &mut Findings<'_>) {
    if let Some(text) = text(value)
        && !text.is_empty()
        && !SHELLS.contains(&text)
    {
        let message = format!("`{text}` is not a shell that CodeBuild documents");
        let finding = findings.add(&SHELL, value.span, message);
        match suggestion(text, SHELLS.iter().copied()) {
            Some(meant) => finding.help(format!("did you mean `{meant}`?")),
            None => {
                finding.help("the shells are bash and sh; on Windows, powershell.exe and cmd.exe")
            }
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
        let message = format!("`{text}` is no report format");
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
            None => finding.help(format!("the formats are {}", formats.join(", "))),
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
            format!("no build image has a runtime named `{name}`"),
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
            || format!("the runtimes are {}", RUNTIMES.join(", ")),
            |meant| format!("did you mean `{meant}`?"),
        ));
    }
}
