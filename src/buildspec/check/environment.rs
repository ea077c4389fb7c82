//! Variables, secrets, and what is exported.

use std::collections::HashSet;

use super::super::code::{
    CREDENTIALS, LITERAL_VARIABLE, RESERVED_NAME, SECRET, UNSET_EXPORT, UNUSABLE_NAME,
};
use super::super::diagnostic::Findings;
use super::super::keys::Section;
use super::super::model::Version;
use super::super::node::{Entry, Node};
use super::key_uses::{KeyUses, text, texts};
use super::phase_commands::PhaseCommands;
use super::shell::is_name;

/// Variables whose value is a secret.
const SECRETS: &[&str] = &["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/// Finds what is wrong with the environment of a buildspec.
pub(super) fn find(places: &KeyUses<'_>, items: &PhaseCommands<'_>, findings: &mut Findings<'_>) {
    let maps = [
        (Section::Env, "variables"),
        (Section::EnvironmentVariables, "plaintext"),
        (Section::Env, "parameter-store"),
        (Section::Env, "secrets-manager"),
    ];
    let mut known = HashSet::new();
    for (section, name) in maps {
        if section == Section::EnvironmentVariables && places.version == Version::V0_2 {
            continue;
        }
        for place in places.all(section, name) {
            for entry in place.entry.value.entries() {
                variable(name, entry, findings);
                known.extend(entry.key.text.as_deref());
            }
        }
    }
    let mut exports = places
        .all(Section::Env, "exported-variables")
        .flat_map(|place| texts(&place.entry.value))
        .peekable();
    // All words of all commands are many, and most buildspecs export nothing.
    if exports.peek().is_none() {
        return;
    }
    // What a script read from a file sets is not to be seen.
    let all_seen = !items.items.iter().any(|item| reads_a_script(item.text));
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for item in &items.items {
        known.extend(item.text.split(|c| !part(c)));
    }
    for (node, names) in exports {
        for name in names.split_whitespace() {
            exported(node, name, all_seen, &known, findings);
        }
    }
}

fn reads_a_script(command: &str) -> bool {
    ["source ", ". ", "eval ", "set -a"]
        .iter()
        .any(|word| command.contains(word))
}

fn variable(map: &str, entry: &Entry, findings: &mut Findings<'_>) {
    let name = entry.key.text.as_deref().unwrap_or_default();
    if name.starts_with("CODEBUILD_") {
        findings
            .add(
                &RESERVED_NAME,
                entry.key.span,
                format!(
                    "`{name}` is reserved: names that begin with CODEBUILD_ belong to CodeBuild"
                ),
            )
            .help("use another name");
    }
    if !name.is_empty() && !is_name(name) {
        findings
            .add(
                &UNUSABLE_NAME,
                entry.key.span,
                format!("no command sees `{name}`: shells know no such name"),
            )
            .help("use letters, digits and `_`, no digit first; or set it by `env 'NAME=VALUE' COMMAND`");
    }
    let Some(value) = text(&entry.value) else {
        return;
    };
    if map == "secrets-manager" {
        if let Some(problem) = secret(value) {
            findings
                .add(&SECRET, entry.value.span, problem)
                .help("write `secret-id:json-key:version-stage:version-id`");
        }
    } else if map != "parameter-store" {
        if SECRETS.contains(&name) && !value.is_empty() {
            findings
                .add(
                    &CREDENTIALS,
                    entry.key.span,
                    format!("`{name}` is in plain text"),
                )
                .help("use the project's role, or `env.secrets-manager`");
        }
        if let Some(reference) = reference(value) {
            let place = findings.locate(entry.value.span, entry.value.span.start.line, reference);
            findings
                .add(
                    &LITERAL_VARIABLE,
                    place,
                    format!(
                        "CodeBuild does not expand `{reference}`; the value is used as written"
                    ),
                )
                .help(format!(
                    "assign `{name}` in a command, where the shell expands it"
                ));
        }
    }
}

/// Finds a reference to a variable, or a command, in a value.
fn reference(value: &str) -> Option<&str> {
    value.match_indices('$').find_map(|(at, _)| {
        let rest = &value[at + 1..];
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let close = match rest.chars().next()? {
            '{' => end(rest, b'}')?,
            '(' => end(rest, b')')?,
            first if first.is_ascii_alphabetic() || first == '_' => {
                rest.find(|c| !is_part(c)).unwrap_or(rest.len())
            }
            _ => return None,
        };
        Some(&value[at..=at + close])
    })
}

/// The longest reference that is looked for.
const LONGEST: usize = 1_000;

/// Returns how long a text is up to and with a closing bracket.
fn end(text: &str, close: u8) -> Option<usize> {
    let bytes = &text.as_bytes()[..text.len().min(LONGEST)];
    memchr::memchr(close, bytes).map(|at| at + 1)
}

/// Says what is wrong with a reference to a secret (contract §1.4).
fn secret(value: &str) -> Option<&'static str> {
    // What a template or the build fills in cannot be judged here.
    if value.contains(['$', '{']) {
        return None;
    }
    let parts: Vec<&str> = value.split(':').collect();
    // A key of the secret's JSON may hold anything.
    if parts[0].contains(char::is_whitespace) {
        return Some("the name of a secret cannot have spaces");
    }
    let rest = if value.starts_with("arn:") {
        if parts.len() < 7 || parts[2] != "secretsmanager" || parts[5] != "secret" {
            return Some("the ARN is not that of a secret in Secrets Manager");
        }
        &parts[7..]
    } else {
        if parts[0].is_empty() {
            return Some("the reference names no secret");
        }
        &parts[1..]
    };
    match rest {
        [_, stage, id] if !stage.is_empty() && !id.is_empty() => {
            Some("the reference has a version stage and a version id; only one is allowed")
        }
        [_, _, _, _, ..] => Some("the reference has too many parts"),
        _ => None,
    }
}

fn exported(
    node: &Node,
    name: &str,
    all_seen: bool,
    known: &HashSet<&str>,
    findings: &mut Findings<'_>,
) {
    let place = findings.locate(node.span, node.span.start.line, name);
    if name.starts_with("AWS_") {
        findings
            .add(
                &RESERVED_NAME,
                place,
                format!("`{name}` cannot be exported: its name begins with AWS_"),
            )
            .help("copy the value to a variable with another name");
        return;
    }
    let set = known.contains(name) || name.starts_with("CODEBUILD_") || name.contains('$');
    if all_seen && !set {
        findings
            .add(
                &UNSET_EXPORT,
                place,
                format!("nothing sets the exported variable `{name}`"),
            )
            .help(format!("set it in a command, as in `{name}=…`"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_to_secrets() {
        for value in [
            "id",
            "prod/app",
            "id:key",
            "id:key:AWSCURRENT",
            "id:key:AWSCURRENT:",
            "id:::1-2-3",
            "id::AWSPREVIOUS",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf:key::1",
            "$ID:key",
            "id:a key with blanks",
            "",
        ] {
            assert_eq!(secret(value).filter(|_| !value.is_empty()), None, "{value}");
        }
        for value in [
            ":key",
            "id:key:stage:1",
            "id:key:stage::x",
            "my id:key",
            "arn:aws:ssm:us-east-1:123456789012:parameter/app",
            "arn:aws:secretsmanager:us-east-1:123456789012",
        ] {
            assert!(secret(value).is_some(), "{value}");
        }
    }

    #[test]
    fn references_to_variables() {
        for (value, found) in [
            ("$A", Some("$A")),
            ("x$A_1/y", Some("$A_1")),
            ("${A}x", Some("${A}")),
            ("$(date)", Some("$(date)")),
            ("$5 and $", None),
            ("${A", None),
            ("é$é", None),
            ("plain", None),
        ] {
            assert_eq!(reference(value), found, "{value}");
        }
    }
}
