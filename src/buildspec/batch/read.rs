//! Tree to batch, and what a batch is refused for.

use std::collections::{HashMap, HashSet};

use super::super::field::{self, Fields};
use super::super::keys::Section;
use super::super::limits::{BATCH_KINDS, MOST_CHARACTERS};
use super::super::node::{Entry, Node, Span, Style, Value};
use super::super::problems::Problems;
use super::super::refusal::{Reason, ValueKind};
use super::graph::in_circles;
use super::model::{
    Batch, BatchBuild, BatchBuilds, BatchEnv, BatchFanout, BatchMatrix, Dependency,
};

/// Reads the `batch` of a buildspec, and gathers its problems in the order in which the service meets
/// them.
///
/// That a batch build takes no `version` in quotes, where a single build does, is seen in a public
/// report; that a batch is refused for all the rest is assumed, but for identifiers.
pub(in super::super) fn read(root: &Node, problems: &mut Problems) -> Option<Batch> {
    // What is wrong with the keys of the buildspec is no matter of the batch.
    let root = Fields::of(Section::Root, "", root, &mut Problems::default());
    let batch = root.entry("batch")?;
    if let Some(version) = root.get("version")
        && let Value::Scalar(scalar) = &version.value
        && scalar.style == Style::Quoted
    {
        let written = scalar.text.clone();
        problems.add(version.span, Reason::QuotedVersion { written });
    }
    section(batch, problems)
}

/// Returns why a batch is refused, if it is: for its first problem, but with all identifiers that are
/// none, or all builds of circles.
pub(in super::super) fn refusing(problems: &Problems) -> Option<Reason> {
    let reasons = || problems.list().iter().map(|problem| &problem.reason);
    let mut first = reasons().next()?.clone();
    for reason in reasons().skip(1) {
        match (&mut first, reason) {
            (Reason::Identifiers(all), Reason::Identifiers(more)) => all.extend_from_slice(more),
            (Reason::Circle(all), Reason::Circle(more)) => all.extend_from_slice(more),
            _ => {}
        }
    }
    Some(first)
}

fn section(batch: &Entry, problems: &mut Problems) -> Option<Batch> {
    let node = &batch.value;
    let known = problems.list().len();
    let fields = Fields::of(Section::Batch, "batch", node, problems);
    let given: Vec<&Entry> = BATCH_KINDS
        .into_iter()
        .filter_map(|kind| fields.entry(kind))
        .collect();
    let count = given.len();
    match given.as_slice() {
        [_] => {}
        // What is no map has been told of already.
        [] if problems.list().len() > known => {}
        [] => problems.add(batch.key.span, Reason::BatchKinds { count }),
        [_, others @ ..] => {
            for other in others {
                problems.add(other.key.span, Reason::BatchKinds { count });
            }
        }
    }
    let fast_fail = fields.boolean("fast-fail", problems);
    let list = fields.get("build-list");
    let list = list.map(|node| BatchBuilds::List(builds(Section::BuildList, node, problems)));
    let graph = fields.get("build-graph");
    let graph = graph.map(|node| BatchBuilds::Graph(builds(Section::BuildGraph, node, problems)));
    let matrix = fields.get("build-matrix");
    let matrix = matrix.map(|node| BatchBuilds::Matrix(self::matrix(node, problems)));
    let fanout = fields.entry("build-fanout");
    let fanout = fanout.map(|entry| BatchBuilds::Fanout(self::fanout(entry, problems)));
    let builds = list.or(graph).or(matrix).or(fanout)?;
    Some(Batch { fast_fail, builds })
}

/// A build, and the places of what may be wrong with it in company.
struct ReadBuild {
    build: BatchBuild,
    /// Where its identifier is; the build itself when it has none.
    place: Span,
    has_identifier: bool,
    /// Where its `depend-on` is.
    depend_on: Option<Span>,
    /// Where its dependencies are.
    dependencies: Vec<Span>,
}

fn builds(section: Section, node: &Node, problems: &mut Problems) -> Vec<BatchBuild> {
    let key = match section {
        Section::BuildGraph => "build-graph",
        _ => "build-list",
    };
    let Value::Sequence(items) = &node.value else {
        problems.add_value_kind(key, node, ValueKind::List);
        return Vec::new();
    };
    let builds: Vec<ReadBuild> = items
        .iter()
        .filter(|item| !item.is_null())
        .filter_map(|item| build(section, key, item, problems))
        .collect();
    identifiers(&builds, problems);
    graph(&builds, problems);
    builds.into_iter().map(|read| read.build).collect()
}

fn build(section: Section, key: &str, node: &Node, problems: &mut Problems) -> Option<ReadBuild> {
    let fields = Fields::of(section, key, node, problems);
    if !matches!(node.value, Value::Mapping(_)) {
        return None;
    }
    let (identifier, place) = identifier(&fields, node, problems);
    let depend_on = match section {
        Section::BuildGraph => fields.entry("depend-on"),
        _ => None,
    };
    let mut read = ReadBuild {
        has_identifier: identifier.is_some(),
        build: BatchBuild {
            identifier: identifier.unwrap_or_default(),
            buildspec: fields.filled_text("buildspec", problems),
            debug_session: fields.boolean("debug-session", problems),
            env: fields
                .get("env")
                .map(|node| environment(node, problems))
                .unwrap_or_default(),
            ignore_failure: fields.boolean("ignore-failure", problems),
            depend_on: Vec::new(),
        },
        place,
        depend_on: depend_on.map(|entry| entry.key.span),
        dependencies: Vec::new(),
    };
    if let Some(entry) = depend_on {
        (read.build.depend_on, read.dependencies) = dependencies(&entry.value, problems);
    }
    Some(read)
}

/// Reads the identifier of a build or dependency, without the line end of a block of text.
fn identifier(fields: &Fields<'_>, node: &Node, problems: &mut Problems) -> (Option<String>, Span) {
    let Some(value) = fields.get("identifier") else {
        return (None, node.span);
    };
    let text = field::text("identifier", value, problems);
    match &value.value {
        Value::Scalar(_) => (Some(text.trim_end().to_owned()), value.span),
        Value::Sequence(_) | Value::Mapping(_) => (None, node.span),
    }
}

fn environment(node: &Node, problems: &mut Problems) -> BatchEnv {
    let fields = Fields::of(Section::BatchEnv, "env", node, problems);
    let environment = BatchEnv {
        compute_type: fields.filled_text("compute-type", problems),
        fleet: fields.filled_text("fleet", problems),
        image: fields.filled_text("image", problems),
        privileged_mode: fields.optional_boolean("privileged-mode", problems),
        environment_type: fields.filled_text("type", problems),
        variables: fields.named_texts("variables", problems),
    };
    if let Some(fleet) = fields.entry("fleet")
        && environment.fleet.is_some()
        && environment.compute_type.is_some()
    {
        problems.add(fleet.key.span, Reason::FleetAndComputeType);
    }
    environment
}

/// Reads `depend-on`: one identifier or a list of them, each a text or a map.
fn dependencies(node: &Node, problems: &mut Problems) -> (Vec<Dependency>, Vec<Span>) {
    let items = match &node.value {
        Value::Sequence(items) => items.as_slice(),
        Value::Scalar(_) => std::slice::from_ref(node),
        Value::Mapping(_) => {
            problems.add_value_kind("depend-on", node, ValueKind::Texts);
            &[]
        }
    };
    let filled = items.iter().filter(|item| !item.is_null());
    filled.map(|item| dependency(item, problems)).unzip()
}

fn dependency(node: &Node, problems: &mut Problems) -> (Dependency, Span) {
    let Value::Mapping(_) = &node.value else {
        let text = field::text("depend-on", node, problems);
        let dependency = Dependency {
            identifier: text.trim_end().to_owned(),
            ignore_failure: false,
        };
        return (dependency, node.span);
    };
    // A dependency has two of the keys of a build.
    let fields = Fields::of(Section::BuildGraph, "depend-on", node, problems);
    let (identifier, place) = identifier(&fields, node, problems);
    let dependency = Dependency {
        identifier: identifier.unwrap_or_default(),
        ignore_failure: fields.boolean("ignore-failure", problems),
    };
    (dependency, place)
}

fn matrix(node: &Node, problems: &mut Problems) -> BatchMatrix {
    let mut matrix = BatchMatrix::default();
    let fields = Fields::of(Section::BuildMatrix, "build-matrix", node, problems);
    if let Some(node) = fields.get("static") {
        let fields = Fields::of(Section::MatrixStatic, "static", node, problems);
        matrix.ignore_failure = fields.boolean("ignore-failure", problems);
        if let Some(node) = fields.get("env") {
            let fields = Fields::of(Section::MatrixStaticEnv, "env", node, problems);
            matrix.privileged_mode = fields.optional_boolean("privileged-mode", problems);
            matrix.environment_type = fields.filled_text("type", problems);
        }
    }
    if let Some(node) = fields.get("dynamic") {
        let fields = Fields::of(Section::MatrixDynamic, "dynamic", node, problems);
        matrix.buildspecs = fields.texts("buildspec", problems);
        if let Some(node) = fields.get("env") {
            let fields = Fields::of(Section::MatrixDynamicEnv, "env", node, problems);
            matrix.compute_types = fields.texts("compute-type", problems);
            matrix.images = fields.texts("image", problems);
            matrix.variables = fields.named("variables", problems, field::texts);
        }
    }
    matrix
}

fn fanout(entry: &Entry, problems: &mut Problems) -> BatchFanout {
    let known = problems.list().len();
    let fields = Fields::of(Section::BuildFanout, "build-fanout", &entry.value, problems);
    let written = fields.text("parallelism", problems);
    let parallelism = written.as_deref().and_then(|text| text.parse().ok());
    if parallelism.is_none_or(|number: u32| number == 0) && problems.list().len() == known {
        let value = fields.get("parallelism");
        let place = value.map_or(entry.key.span, |value| value.span);
        problems.add(place, Reason::Parallelism { written });
    }
    BatchFanout {
        parallelism: parallelism.unwrap_or_default(),
        ignore_failure: fields.boolean("ignore-failure", problems),
    }
}

/// Returns whether a text is the identifier of a build.
fn is_identifier(text: &str) -> bool {
    (1..MOST_CHARACTERS).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Refuses identifiers that are none, and those that stand twice.
fn identifiers(builds: &[ReadBuild], problems: &mut Problems) {
    for read in builds {
        let identifier = &read.build.identifier;
        if !is_identifier(identifier) {
            let identifier = read.has_identifier.then(|| identifier.clone());
            problems.add(read.place, Reason::Identifiers(vec![identifier]));
        }
    }
    let mut seen = HashSet::new();
    for read in builds.iter().filter(|read| read.has_identifier) {
        let identifier = read.build.identifier.clone();
        if !seen.insert(read.build.identifier.as_str()) {
            problems.add(read.place, Reason::IdentifierTwice { identifier });
        }
    }
}

/// Refuses dependencies on builds that do not exist, and circles.
fn graph(builds: &[ReadBuild], problems: &mut Problems) {
    let places: HashMap<&str, usize> = builds
        .iter()
        .enumerate()
        .filter(|(_, read)| read.has_identifier)
        .map(|(place, read)| (read.build.identifier.as_str(), place))
        .collect();
    let mut needs = vec![Vec::new(); builds.len()];
    for (read, needs) in builds.iter().zip(&mut needs) {
        for (dependency, span) in read.build.depend_on.iter().zip(&read.dependencies) {
            match places.get(dependency.identifier.as_str()) {
                Some(place) => needs.push(*place),
                None => problems.add(
                    *span,
                    Reason::Dependency {
                        build: read.build.identifier.clone(),
                        on: dependency.identifier.clone(),
                    },
                ),
            }
        }
    }
    for read in in_circles(&needs).into_iter().map(|place| &builds[place]) {
        let place = read.depend_on.unwrap_or(read.place);
        problems.add(place, Reason::Circle(vec![read.build.identifier.clone()]));
    }
}
