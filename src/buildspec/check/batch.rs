//! Batches: identifiers, dependencies, kinds.

use std::collections::{HashMap, HashSet};

use super::super::Refusal;
use super::super::batch::{self, KINDS, MOST_CHARACTERS, in_circles};
use super::super::code::Code;
use super::super::code::batch::{
    BATCH_KIND, CYCLE, DEPENDENCY, DUPLICATE_IDENTIFIER, FLEET, IDENTIFIER, PARALLELISM,
    QUOTED_VERSION, UNPRIVILEGED,
};
use super::super::code::structure::IGNORED_KIND;
use super::super::diagnostic::Findings;
use super::super::keys::Section;
use super::super::node::{Node, Span, Style, Value};
use super::docker;
use super::items::Items;
use super::places::{Places, last, sequence, text, texts};

/// The codes for which a batch build refuses a batch; that of a `version` in quotes aside.
pub(super) const REFUSED: &[&Code] = &[
    &IGNORED_KIND,
    &IDENTIFIER,
    &DUPLICATE_IDENTIFIER,
    &DEPENDENCY,
    &CYCLE,
    &BATCH_KIND,
    &FLEET,
    &PARALLELISM,
];

/// Finds what is wrong with the batch of a buildspec.
pub(super) fn find(places: &Places<'_>, items: &Items<'_>, findings: &mut Findings<'_>) {
    let Some(batch) = places.last(Section::Root, "batch") else {
        return;
    };
    kinds(&batch.entry.value, batch.entry.key.span, findings);
    if let Some(version) = places.last(Section::Root, "version")
        && let Value::Scalar(scalar) = &version.entry.value.value
        && scalar.style == Style::Quoted
    {
        findings
            .add(
                &QUOTED_VERSION,
                version.entry.value.span,
                "a batch build does not take a `version` in quotes",
            )
            .help(format!("write `version: {}`", scalar.text));
    }
    let docker = docker::is_used(items);
    for name in ["build-list", "build-graph"] {
        if let Some(place) = places.last(Section::Batch, name) {
            let builds = sequence(&place.entry.value);
            identifiers(builds, findings);
            for build in builds {
                environment(build, docker, findings);
            }
        }
    }
    if let Some(place) = places.last(Section::Batch, "build-graph") {
        graph(sequence(&place.entry.value), findings);
    }
    if let Some(place) = places.last(Section::Batch, "build-fanout") {
        parallelism(&place.entry.value, place.entry.key.span, findings);
    }
    if let Err(refusal) = batch::read(&batch.entry.value)
        && !findings.has_any(REFUSED)
    {
        // Whatever the lints should not know of is still told, if without its place.
        findings
            .add(
                &IGNORED_KIND,
                batch.entry.key.span,
                "a batch build refuses this batch",
            )
            .note(&refusal);
    }
}

fn kinds(batch: &Node, place: Span, findings: &mut Findings<'_>) {
    if !matches!(batch.value, Value::Mapping(_)) {
        return;
    }
    let kinds: Vec<_> = KINDS
        .iter()
        .filter_map(|kind| last(batch, kind).filter(|entry| !entry.value.is_null()))
        .collect();
    match kinds.as_slice() {
        [_] => {}
        [] => {
            findings
                .add(&BATCH_KIND, place, "the batch has no builds")
                .help(format!("give it one of {}", KINDS.join(", ")));
        }
        [_, others @ ..] => {
            for other in others {
                findings
                    .add(
                        &BATCH_KIND,
                        other.key.span,
                        "the batch has another kind already",
                    )
                    .help("a batch has one kind; move this one into a buildspec of its own");
            }
        }
    }
}

fn parallelism(fanout: &Node, place: Span, findings: &mut Findings<'_>) {
    if !matches!(fanout.value, Value::Mapping(_)) {
        return;
    }
    let written = last(fanout, "parallelism").map(|entry| &entry.value);
    let (span, message) = match written.filter(|value| !value.is_null()) {
        None => (place, "`build-fanout` has no `parallelism`".to_owned()),
        Some(value) => match text(value) {
            Some(text) if !text.parse().is_ok_and(|number: u32| number > 0) => {
                (value.span, format!("`{text}` is no whole number above 0"))
            }
            Some(_) | None => return,
        },
    };
    findings
        .add(&PARALLELISM, span, message)
        .help("write `parallelism:` and the number of builds that run at once");
}

fn identifier(build: &Node) -> Option<(&Node, &str)> {
    let value = &last(build, "identifier")?.value;
    text(value).map(|text| (value, text))
}

fn identifiers(builds: &[Node], findings: &mut Findings<'_>) {
    let mut seen = HashSet::new();
    for build in builds {
        if !matches!(build.value, Value::Mapping(_)) {
            continue;
        }
        let Some((node, name)) = identifier(build) else {
            findings
                .add(&IDENTIFIER, build.span, "this build has no `identifier`")
                .help("give it one of letters, digits and `_`");
            continue;
        };
        let name = name.trim_end();
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(allowed) {
            let mended: String = name
                .chars()
                .map(|c| if allowed(c) { c } else { '_' })
                .collect();
            let message = format!("identifier `{name}` may hold letters, digits and `_` only");
            let finding = findings
                .add(&IDENTIFIER, node.span, message)
                .note(&Refusal::identifiers(&[name]));
            if !mended.is_empty() {
                finding.help(format!("write `{mended}`"));
            }
        } else if name.len() >= MOST_CHARACTERS {
            let message = format!("identifiers have fewer than {MOST_CHARACTERS} characters");
            findings
                .add(&IDENTIFIER, node.span, message)
                .note(&Refusal::identifiers(&[name]));
        }
        if !seen.insert(name) {
            findings.add(
                &DUPLICATE_IDENTIFIER,
                node.span,
                format!("another build is `{name}` already"),
            );
        }
    }
}

/// Returns what a build depends on. A dependency may also be a map with an `identifier`.
fn dependencies(build: &Node) -> Vec<(&Node, &str)> {
    let Some(entry) = last(build, "depend-on") else {
        return Vec::new();
    };
    let maps = sequence(&entry.value)
        .iter()
        .filter(|item| matches!(item.value, Value::Mapping(_)))
        .map(|item| identifier(item).unwrap_or((item, "")));
    texts(&entry.value)
        .chain(maps)
        .map(|(node, text)| (node, text.trim_end()))
        .collect()
}

fn graph(builds: &[Node], findings: &mut Findings<'_>) {
    let named: Vec<(&str, &Node)> = builds
        .iter()
        .filter_map(|build| identifier(build).map(|(_, name)| (name.trim_end(), build)))
        .collect();
    let known: HashMap<&str, usize> = named
        .iter()
        .enumerate()
        .map(|(index, (name, _))| (*name, index))
        .collect();
    let letters: usize = known.keys().map(|name| name.len()).sum();
    let mut comparisons = MOST_COMPARISONS;
    let mut needs = vec![Vec::new(); named.len()];
    for (index, (_, build)) in named.iter().enumerate() {
        for (node, dependency) in dependencies(build) {
            if let Some(&other) = known.get(dependency) {
                needs[index].push(other);
            } else {
                let finding = findings.add(
                    &DEPENDENCY,
                    node.span,
                    format!("no build of this graph is `{dependency}`"),
                );
                let work = dependency.len() * letters;
                if !finding.is_told() || work > comparisons {
                    continue;
                }
                comparisons -= work;
                if let Some(meant) = similar(dependency, &known) {
                    finding.help(format!("did you mean `{meant}`?"));
                }
            }
        }
    }
    for index in in_circles(&needs) {
        let (name, build) = named[index];
        if let Some(entry) = last(build, "depend-on") {
            findings
                .add(
                    &CYCLE,
                    entry.key.span,
                    format!("`{name}` depends on itself, if only through others"),
                )
                .help("remove one of the dependencies of the circle");
        }
    }
}

/// How often two letters are compared: a hostile batch has thousands of long names.
const MOST_COMPARISONS: usize = 5_000_000;

fn similar<'name>(name: &str, known: &HashMap<&'name str, usize>) -> Option<&'name str> {
    if name.len() > MOST_CHARACTERS {
        return None;
    }
    known
        .keys()
        .filter(|known| known.len() <= MOST_CHARACTERS)
        .map(|known| (strsim::damerau_levenshtein(name, known), *known))
        .filter(|(distance, known)| *distance <= (known.len() / 3).max(1))
        .min()
        .map(|(_, known)| known)
}

fn environment(build: &Node, docker: bool, findings: &mut Findings<'_>) {
    let Some(environment) = last(build, "env").map(|entry| &entry.value) else {
        return;
    };
    let filled = |name| {
        last(environment, name)
            .filter(|entry| !entry.value.is_null() && text(&entry.value) != Some(""))
    };
    if let (Some(fleet), Some(_)) = (filled("fleet"), filled("compute-type")) {
        findings
            .add(
                &FLEET,
                fleet.key.span,
                "`fleet` and `compute-type` exclude each other",
            )
            .help("remove one of the two");
    }
    let own = last(build, "buildspec").is_some_and(|entry| !entry.value.is_null());
    if docker
        && !own
        && let Some(privileged) = filled("privileged-mode")
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
