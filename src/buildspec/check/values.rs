//! Values that mean something else than they seem to.

use regex::Regex;

use super::super::OnFailure;
use super::super::code::structure::{
    BOOLEAN, EMPTY_ITEM, EMPTY_PHASE, IGNORED_KIND, ON_FAILURE, REPORT_FORMAT, RUNTIME, SHELL,
};
use super::super::diagnostic::Findings;
use super::super::keys::{Section, Shape};
use super::super::node::{Node, Value};
use super::super::on_failure::is_known;
use super::errors::is_read;
use super::keys::suggestion;
use super::places::{Place, Places, entries, last, sequence, text};

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
        for item in sequence(value) {
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
    if !is_read(place.section, place.key.name) {
        kind(place.key.shape, place.key.name, value, findings);
    }
}

/// Tells of what a batch build cannot take for the value of a key.
fn kind(shape: Shape, name: &str, value: &Node, findings: &mut Findings<'_>) {
    let is_scalar = matches!(value.value, Value::Scalar(_));
    let is_map = value.is_null() || matches!(value.value, Value::Mapping(_));
    let wanted = match shape {
        Shape::Text | Shape::Choice(_) | Shape::Boolean | Shape::Number => {
            (!is_scalar).then_some("a text")
        }
        Shape::List => {
            for item in sequence(value) {
                // Dependencies may be maps with an `identifier`.
                if name != "depend-on" || matches!(item.value, Value::Sequence(_)) {
                    kind(Shape::Text, name, item, findings);
                }
            }
            matches!(value.value, Value::Mapping(_)).then_some("a list of texts")
        }
        Shape::Map | Shape::MapOfLists => {
            for entry in entries(value) {
                let shape = if shape == Shape::Map {
                    Shape::Text
                } else {
                    Shape::List
                };
                let name = entry.key.text.as_deref().unwrap_or_default();
                kind(shape, name, &entry.value, findings);
            }
            (!is_map).then_some("a map")
        }
        Shape::ListOf(section) => {
            for item in sequence(value) {
                kind(Shape::Part(section), name, item, findings);
            }
            let is_list = value.is_null() || matches!(value.value, Value::Sequence(_));
            (!is_list).then_some("a list")
        }
        Shape::Part(_) | Shape::MapOf(_) => (!is_map).then_some("a map"),
        Shape::Foreign => None,
    };
    if let Some(wanted) = wanted {
        let found = match value.value {
            Value::Scalar(_) => "a text",
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a map",
        };
        let message = if wanted.starts_with(found) {
            format!("`{name}` takes {wanted}, and of nothing else")
        } else {
            format!("`{name}` takes {wanted}, but this is {found}")
        };
        let finding = findings.add(&IGNORED_KIND, value.span, message);
        match wanted {
            "a map" => finding.help("write keys with values, as in `name: value`"),
            "a text" => finding.help("write one value behind the colon"),
            _ => finding.help("begin each item with `- `"),
        };
    }
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
        .key("file-format", super::super::Version::V0_2)
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
    for entry in entries(value) {
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
