//! Every problem of a buildspec, in one pass.
//!
//! First what CodeBuild refuses: all problems of the reading ([`refused`]). Then lints over the same
//! tree.

mod allow;
mod batch;
mod builders;
mod commands;
mod docker;
mod environment;
mod files;
mod key_uses;
mod keys;
mod nesting;
mod phase_commands;
mod pipes;
mod program;
mod refused;
mod shell;
mod shell_syntax;
mod syntax_help;
mod unchecked;
mod values;

#[cfg(test)]
mod tests;

use super::diagnostic::{Diagnosis, Diagnostic, Findings};
use super::encoding::{decode, readable};
use super::model::Buildspec;
use super::node::Node;
use super::parse;
use super::problems::Problems;

use key_uses::KeyUses;
use phase_commands::PhaseCommands;

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
/// KeyUses are counted in the text that [`readable`] gives. There is an error exactly when
/// [`parse`](super::parse()) refuses the buildspec; the note of one of them is then its refusal,
/// unless there are more of them than are told.
pub fn diagnose(bytes: &[u8], project: Project) -> Diagnosis {
    let text = match decode(bytes) {
        Ok(text) => text,
        Err(problem) => {
            let text = readable(bytes);
            let mut findings = Findings::new(&text);
            refused::tell(&problem, &mut findings);
            return findings.into_diagnosis();
        }
    };
    let mut findings = Findings::new(&text);
    allow::apply(&text, &mut findings);
    match parse::tree(&text) {
        Ok(root) => tree(&root, project, &mut findings),
        Err(problem) => refused::tell(&problem, &mut findings),
    }
    findings.into_diagnosis()
}

fn tree(root: &Node, project: Project, findings: &mut Findings<'_>) {
    let mut problems = Problems::default();
    let version = Buildspec::read(root, &mut problems).version;
    for problem in problems.list() {
        refused::tell(problem, findings);
    }
    let places = KeyUses::of(root, version);
    keys::find(root, &places, findings);
    values::find(&places, findings);
    let items = PhaseCommands::of(&places);
    environment::find(&places, &items, findings);
    files::find(&places, findings);
    batch::find(root, &places, &items, findings);
    commands::find(version, &items, findings);
    if !project.privileged {
        docker::find(&places, &items, findings);
    }
}
