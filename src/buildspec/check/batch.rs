//! Batches: what a batch build refuses, worded for people, and containers without privileges.

use std::collections::HashSet;

use super::super::batch::{self, BatchBuilds};
use super::super::code::{
    BATCH_KIND, CYCLE, DEPENDENCY, DUPLICATE_IDENTIFIER, FLEET, IDENTIFIER, PARALLELISM,
    QUOTED_VERSION, UNPRIVILEGED,
};
use super::super::diagnostic::Findings;
use super::super::keys::Section;
use super::super::limits::{BATCH_KINDS, MOST_CHARACTERS};
use super::super::node::{Node, Span};
use super::super::problems::{Problem, Problems};
use super::super::refusal::{Reason, Refusal};
use super::docker;
use super::key_uses::{KeyUses, last, text};
use super::phase_commands::PhaseCommands;
use super::values::ignored_kind;

/// Finds what is wrong with the batch of a buildspec.
pub(super) fn find(
    root: &Node,
    places: &KeyUses<'_>,
    items: &PhaseCommands<'_>,
    findings: &mut Findings<'_>,
) {
    let mut problems = Problems::default();
    let batch = batch::read(root, &mut problems);
    let known: HashSet<&str> = match batch.as_ref().map(|batch| &batch.builds) {
        Some(BatchBuilds::Graph(builds)) => builds
            .iter()
            .map(|build| build.identifier.as_str())
            .filter(|identifier| !identifier.is_empty())
            .collect(),
        _ => HashSet::new(),
    };
    let mut similar = Similar::to(known.into_iter().collect());
    for problem in problems.list() {
        tell(problem, &mut similar, findings);
    }
    if docker::is_used(items) {
        for name in ["build-list", "build-graph"] {
            let builds = places.last(Section::Batch, name);
            for build in builds
                .map(|place| place.entry.value.items())
                .unwrap_or_default()
            {
                unprivileged(build, findings);
            }
        }
    }
}

fn tell(problem: &Problem, similar: &mut Similar<'_>, findings: &mut Findings<'_>) {
    let span = problem.span;
    match &problem.reason {
        Reason::ValueKind { key, is, expected } => {
            ignored_kind(key, *is, *expected, span, findings);
        }
        Reason::BatchKinds { count: 0 } => {
            findings
                .add(&BATCH_KIND, span, "the batch has no builds")
                .help(format!("add one of {}", BATCH_KINDS.join(", ")));
        }
        Reason::BatchKinds { .. } => {
            findings
                .add(&BATCH_KIND, span, "the batch already has another kind")
                .help("a batch has one kind: move this one to a buildspec of its own");
        }
        Reason::QuotedVersion { written } => {
            let message = "a batch build refuses a `version` in quotes";
            findings
                .add(&QUOTED_VERSION, span, message)
                .help(format!("write `version: {written}`"));
        }
        Reason::Identifiers(identifiers) => {
            for written in identifiers {
                identifier(written.as_deref(), span, findings);
            }
        }
        Reason::IdentifierTwice { identifier } => {
            let message = format!("duplicate identifier `{identifier}`: an earlier build has it");
            findings.add(&DUPLICATE_IDENTIFIER, span, message);
        }
        Reason::Dependency { on, .. } => {
            let message =
                format!("unknown build `{on}`: the graph has no build with this identifier");
            let finding = findings.add(&DEPENDENCY, span, message);
            if finding.is_told()
                && let Some(meant) = similar.find(on)
            {
                finding.help(format!("did you mean `{meant}`?"));
            }
        }
        Reason::Circle(builds) => {
            let name = builds.join(", ");
            let message = format!("`{name}` depends on itself, directly or through other builds");
            findings
                .add(&CYCLE, span, message)
                .help("remove one of the `depend-on` of the circle");
        }
        Reason::FleetAndComputeType => {
            findings
                .add(
                    &FLEET,
                    span,
                    "a build has a `fleet` or a `compute-type`, not both",
                )
                .help("remove one of the two");
        }
        Reason::Parallelism { written } => {
            let message = match written {
                Some(written) => format!("`{written}` is not a whole number above 0"),
                None => "`build-fanout` has no `parallelism`".to_owned(),
            };
            findings
                .add(&PARALLELISM, span, message)
                .help("add `parallelism: N`, the number of builds that run at once");
        }
        // Keys that are no texts refuse the buildspec, and have been told of there.
        _ => {}
    }
}

/// Tells of an identifier that is none.
fn identifier(written: Option<&str>, span: Span, findings: &mut Findings<'_>) {
    let Some(name) = written else {
        findings
            .add(&IDENTIFIER, span, "the build has no `identifier`")
            .help("add `identifier: NAME`; a name has letters, digits and `_`");
        return;
    };
    let refusal = Refusal::of_batch(&Reason::Identifiers(vec![Some(name.to_owned())]));
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !name.is_empty() && name.chars().all(allowed) {
        let message = format!("the identifier must have fewer than {MOST_CHARACTERS} characters");
        findings.add(&IDENTIFIER, span, message).note(&refusal);
        return;
    }
    let message = format!("identifier `{name}`: only letters, digits and `_` are allowed");
    let finding = findings.add(&IDENTIFIER, span, message).note(&refusal);
    if !name.is_empty() {
        let mended = name.replace(|c| !allowed(c), "_");
        finding.help(format!("write `{mended}`"));
    }
}

/// The builds of a graph, of which one was probably meant.
struct Similar<'name> {
    known: Vec<&'name str>,
    /// How many letters they have.
    letters: usize,
    /// How often two letters may still be compared.
    comparisons: usize,
}

impl<'name> Similar<'name> {
    fn to(known: Vec<&'name str>) -> Self {
        Self {
            letters: known.iter().map(|name| name.len()).sum(),
            known,
            comparisons: MOST_COMPARISONS,
        }
    }

    fn find(&mut self, name: &str) -> Option<&'name str> {
        let work = name.len() * self.letters;
        self.comparisons = self.comparisons.checked_sub(work)?;
        similar(name, &self.known)
    }
}

/// How often two letters are compared: a hostile batch has thousands of long names.
const MOST_COMPARISONS: usize = 5_000_000;

fn similar<'name>(name: &str, known: &[&'name str]) -> Option<&'name str> {
    if name.len() > MOST_CHARACTERS {
        return None;
    }
    known
        .iter()
        .filter(|known| known.len() <= MOST_CHARACTERS)
        .map(|known| (strsim::damerau_levenshtein(name, known), *known))
        .filter(|(distance, known)| *distance <= (known.len() / 3).max(1))
        .min()
        .map(|(_, known)| known)
}

/// Finds a build that runs this buildspec with its docker commands, in a container that is not
/// privileged.
fn unprivileged(build: &Node, findings: &mut Findings<'_>) {
    let filled = |node, name| last(node, name).filter(|entry| !entry.value.is_null());
    if filled(build, "buildspec").is_none()
        && let Some(environment) = filled(build, "env")
        && let Some(privileged) = filled(&environment.value, "privileged-mode")
        && text(&privileged.value).is_some_and(is_no)
    {
        findings
            .add(
                &UNPRIVILEGED,
                privileged.value.span,
                "this buildspec runs docker commands, which need a privileged container",
            )
            .help("write `privileged-mode: true`");
    }
}

fn is_no(text: &str) -> bool {
    ["false", "no", "off", "n"]
        .iter()
        .any(|no| no.eq_ignore_ascii_case(text))
}
