//! Every problem of a buildspec, in one pass.
//!
//! First what CodeBuild refuses ([`errors`] follows the reading of `lower.rs` and `phases.rs`, but
//! does not stop), then lints over the same tree.

mod allow;
mod batch;
mod commands;
mod environment;
mod errors;
mod files;
mod items;
mod keys;
mod places;
mod shell;
mod values;

#[cfg(test)]
mod tests;

use super::code::errors::{KIND, NO_BUILDSPEC, SYNTAX};
use super::diagnostic::{Diagnostic, Findings};
use super::encoding::{decode, readable};
use super::node::{Node, Value};
use super::{Buildspec, Refusal, Version, yaml};

use items::Items;
use places::Places;

/// Finds every problem of a buildspec, in the order of the text.
///
/// Places are counted in the text that [`readable`] gives. There is an error exactly when
/// [`parse`](super::parse) refuses the buildspec; the note of one of them is then its refusal.
pub fn check(bytes: &[u8]) -> Vec<Diagnostic> {
    let text = match decode(bytes) {
        Ok(text) => text,
        Err(refusal) => {
            let text = readable(bytes);
            let mut findings = Findings::new(&text);
            syntax(&refusal, &mut findings);
            return findings.into_diagnostics();
        }
    };
    let mut findings = Findings::new(&text);
    match yaml::read(&text) {
        Err(refusal) => syntax(&refusal, &mut findings),
        Ok(Some(root)) if matches!(root.value, Value::Mapping(_)) => {
            tree(&root, &mut findings);
        }
        Ok(_) => {
            let place = findings.line(1);
            findings
                .add(&NO_BUILDSPEC, place, "this is no buildspec")
                .note(Refusal::no_buildspec().message)
                .help("a buildspec is a map that begins with `version: 0.2`");
        }
    }
    allow::apply(&text, findings)
}

fn tree(root: &Node, findings: &mut Findings<'_>) {
    let version = errors::version(root).unwrap_or(Version::V0_2);
    errors::find(root, version, findings);
    if let Err(refusal) = Buildspec::from_node(root)
        && !findings.has_error()
    {
        // Whatever the walk above should not know of is still told, if without its place.
        let place = findings.line(root.span.start.line);
        findings
            .add(&KIND, place, "CodeBuild refuses this buildspec")
            .note(refusal.message);
    }
    let places = Places::of(root, version);
    keys::find(root, &places, findings);
    values::find(&places, findings);
    let items = Items::of(&places);
    environment::find(&places, &items, findings);
    files::find(&places, findings);
    batch::find(&places, &items, findings);
    commands::find(version, &items, findings);
}

/// Tells of a text that is no YAML. The refusal counts lines from 0.
fn syntax(refusal: &Refusal, findings: &mut Findings<'_>) {
    let (problem, line) = match refusal.message.rsplit_once(" at line ") {
        Some((problem, line)) => (problem, line.parse().map_or(1, |line: usize| line + 1)),
        None => (refusal.message.as_str(), 1),
    };
    let place = findings.line(line);
    let finding = findings
        .add(&SYNTAX, place, problem)
        .note(refusal.message.clone());
    if problem.contains("mapping values are not allowed") {
        finding.help("put a text that has `: ` in it into quotes, or into a block after `|`");
    } else if problem.contains("cannot start any token") {
        finding.help(
            "indent with blanks, not tabs, and quote what begins with `@`, `%` or a backtick",
        );
    }
}
