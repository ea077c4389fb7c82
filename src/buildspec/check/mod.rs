//! Every problem of a buildspec, in one pass.
//!
//! First what CodeBuild refuses ([`errors`] follows the reading of `lower.rs` and `phases.rs`, but
//! does not stop), then lints over the same tree.

mod allow;
mod batch;
mod commands;
mod docker;
mod environment;
mod errors;
mod files;
mod items;
mod keys;
mod no_yaml;
mod pipes;
mod places;
mod program;
mod shell;
mod values;

#[cfg(test)]
mod tests;

use super::code::errors::{KIND, NO_BUILDSPEC};
use super::diagnostic::{Diagnosis, Diagnostic, Findings};
use super::encoding::{decode, readable};
use super::node::{Node, Value};
use super::{Buildspec, Refusal, Version, yaml};

use items::Items;
use places::Places;

/// What is known of the project that builds a buildspec, and stands nowhere in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Project {
    /// Whether its builds run in privileged mode (contract §5).
    pub privileged: bool,
}

/// Finds every problem of a buildspec of which no project is known, in the order of the text, as far
/// as they are told: see [`diagnose`].
pub fn check(bytes: &[u8]) -> Vec<Diagnostic> {
    diagnose(bytes, Project::default()).told
}

/// Finds every problem of a project's buildspec, and tells the first thousand errors and warnings.
///
/// Places are counted in the text that [`readable`] gives. There is an error exactly when
/// [`parse`](super::parse) refuses the buildspec; the note of one of them is then its refusal,
/// unless there are more of them than are told.
pub fn diagnose(bytes: &[u8], project: Project) -> Diagnosis {
    let text = match decode(bytes) {
        Ok(text) => text,
        Err(refusal) => {
            let text = readable(bytes);
            let mut findings = Findings::new(&text);
            no_yaml::tell(&refusal, &mut findings);
            return findings.into_diagnosis();
        }
    };
    let mut findings = Findings::new(&text);
    allow::apply(&text, &mut findings);
    match yaml::read(&text) {
        Err(refusal) => no_yaml::tell(&refusal, &mut findings),
        Ok(Some(root)) if matches!(root.value, Value::Mapping(_)) => {
            tree(&root, project, &mut findings);
        }
        Ok(other) => {
            let (message, line) = match &other {
                Some(node) if !node.is_null() => {
                    let is_list = matches!(node.value, Value::Sequence(_));
                    let kind = if is_list { "list" } else { "text" };
                    let message = format!("this is a {kind}, but a buildspec is a map");
                    (message, node.span.start.line)
                }
                _ => ("the buildspec is empty".to_owned(), 1),
            };
            let place = findings.line(line);
            findings
                .add(&NO_BUILDSPEC, place, message)
                .note(&Refusal::no_buildspec())
                .help("begin it with `version: 0.2`, and put the commands under `phases`");
        }
    }
    findings.into_diagnosis()
}

fn tree(root: &Node, project: Project, findings: &mut Findings<'_>) {
    let version = errors::version(root).unwrap_or(Version::V0_2);
    errors::find(root, version, findings);
    if let Err(refusal) = Buildspec::from_node(root)
        && !findings.has_error()
    {
        // Whatever the walk above should not know of is still told, if without its place.
        let place = findings.line(root.span.start.line);
        findings
            .add(&KIND, place, "CodeBuild refuses this buildspec")
            .note(&refusal);
    }
    let places = Places::of(root, version);
    keys::find(root, &places, findings);
    values::find(&places, findings);
    let items = Items::of(&places);
    environment::find(&places, &items, findings);
    files::find(&places, findings);
    batch::find(&places, &items, findings);
    commands::find(version, &items, findings);
    if !project.privileged {
        docker::find(&places, &items, findings);
    }
}
