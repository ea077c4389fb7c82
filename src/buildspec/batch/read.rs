//! Tree to batch, and what a batch is refused for.

use std::collections::HashMap;

use super::super::Refusal;
use super::super::field::{self, Fields};
use super::super::keys::Section;
use super::super::node::{Node, Value};
use super::graph::in_circles;
use super::{Batch, BatchBuild, BatchBuilds, BatchEnv, BatchFanout, BatchMatrix, Dependency};

/// The kinds of batch.
pub(in super::super) const KINDS: [&str; 4] =
    ["build-list", "build-graph", "build-matrix", "build-fanout"];

/// An identifier has fewer characters than this.
pub(in super::super) const MOST_CHARACTERS: usize = 128;

/// Reads `batch`.
///
/// # Errors
///
/// The message with which the batch ends in `BATCH_SPEC_VALIDATION_ERROR`. That of identifiers is
/// CodeBuild's; the others, and that the batch is refused for them, are assumed.
pub(in super::super) fn read(node: &Node) -> Result<Batch, Refusal> {
    section(node).map_err(Refusal::of_batch)
}

fn section(node: &Node) -> Result<Batch, Refusal> {
    let fields = Fields::of(Section::Batch, node)?;
    let mut kinds = KINDS
        .into_iter()
        .filter_map(|kind| fields.get(kind).map(|value| (kind, value)));
    let (Some((kind, value)), None) = (kinds.next(), kinds.next()) else {
        return Err(Refusal::batch(format!(
            "Exactly one of {} must be given.",
            KINDS.join(", ")
        )));
    };
    Ok(Batch {
        fast_fail: fields.boolean("fast-fail")?,
        builds: match kind {
            "build-list" => BatchBuilds::List(builds(Section::BuildList, value)?),
            "build-graph" => BatchBuilds::Graph(builds(Section::BuildGraph, value)?),
            "build-matrix" => BatchBuilds::Matrix(matrix(value)?),
            _ => BatchBuilds::Fanout(fanout(value)?),
        },
    })
}

/// Returns whether a text is the identifier of a build.
pub(in super::super) fn is_identifier(text: &str) -> bool {
    (1..MOST_CHARACTERS).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn builds(section: Section, node: &Node) -> Result<Vec<BatchBuild>, Refusal> {
    let items = match &node.value {
        Value::Sequence(items) => items,
        Value::Scalar(_) => return Err(Refusal::kind("string", "list")),
        Value::Mapping(_) => return Err(Refusal::kind("map", "list")),
    };
    let builds = items
        .iter()
        .filter(|item| !item.is_null())
        .map(|item| build(section, item))
        .collect::<Result<Vec<_>, _>>()?;
    identifiers(&builds)?;
    graph(&builds)?;
    Ok(builds)
}

fn build(section: Section, node: &Node) -> Result<BatchBuild, Refusal> {
    let fields = Fields::of(section, node)?;
    Ok(BatchBuild {
        identifier: identifier(&fields)?,
        buildspec: fields.filled_text("buildspec")?,
        debug_session: fields.boolean("debug-session")?,
        env: fields
            .get("env")
            .map_or(Ok(BatchEnv::default()), environment)?,
        ignore_failure: fields.boolean("ignore-failure")?,
        depend_on: match section {
            Section::BuildGraph => dependencies(fields.get("depend-on"))?,
            _ => Vec::new(),
        },
    })
}

/// Reads an identifier, without the line end of a block of text.
fn identifier(fields: &Fields<'_>) -> Result<String, Refusal> {
    let text = fields.text("identifier")?.unwrap_or_default();
    Ok(text.trim_end().to_owned())
}

fn environment(node: &Node) -> Result<BatchEnv, Refusal> {
    let fields = Fields::of(Section::BatchEnv, node)?;
    let environment = BatchEnv {
        compute_type: fields.filled_text("compute-type")?,
        fleet: fields.filled_text("fleet")?,
        image: fields.filled_text("image")?,
        privileged_mode: fields.optional_boolean("privileged-mode")?,
        environment_type: fields.filled_text("type")?,
        variables: fields.named_texts("variables")?,
    };
    if environment.fleet.is_some() && environment.compute_type.is_some() {
        return Err(Refusal::batch(
            "Only one of fleet and compute-type can be given.",
        ));
    }
    Ok(environment)
}

/// Reads `depend-on`: one identifier or a list of them, each a text or a map.
fn dependencies(node: Option<&Node>) -> Result<Vec<Dependency>, Refusal> {
    let one = |node: &Node| match &node.value {
        // A dependency has two of the keys of a build.
        Value::Mapping(_) => {
            let fields = Fields::of(Section::BuildGraph, node)?;
            Ok(Dependency {
                identifier: identifier(&fields)?,
                ignore_failure: fields.boolean("ignore-failure")?,
            })
        }
        Value::Scalar(_) | Value::Sequence(_) => Ok(Dependency {
            identifier: field::text(node)?.trim_end().to_owned(),
            ignore_failure: false,
        }),
    };
    match node.map(|node| (node, &node.value)) {
        None => Ok(Vec::new()),
        Some((_, Value::Sequence(items))) => items
            .iter()
            .filter(|item| !item.is_null())
            .map(one)
            .collect(),
        Some((node, Value::Scalar(_))) => Ok(vec![one(node)?]),
        Some((_, Value::Mapping(_))) => Err(Refusal::kind("map", "list")),
    }
}

fn matrix(node: &Node) -> Result<BatchMatrix, Refusal> {
    let mut matrix = BatchMatrix::default();
    let fields = Fields::of(Section::BuildMatrix, node)?;
    if let Some(node) = fields.get("static") {
        let fields = Fields::of(Section::MatrixStatic, node)?;
        matrix.ignore_failure = fields.boolean("ignore-failure")?;
        if let Some(node) = fields.get("env") {
            let fields = Fields::of(Section::MatrixStaticEnv, node)?;
            matrix.privileged_mode = fields.optional_boolean("privileged-mode")?;
            matrix.environment_type = fields.filled_text("type")?;
        }
    }
    if let Some(node) = fields.get("dynamic") {
        let fields = Fields::of(Section::MatrixDynamic, node)?;
        matrix.buildspecs = fields.texts("buildspec")?;
        if let Some(node) = fields.get("env") {
            let fields = Fields::of(Section::MatrixDynamicEnv, node)?;
            matrix.compute_types = fields.texts("compute-type")?;
            matrix.images = fields.texts("image")?;
            if let Some(node) = fields.get("variables") {
                matrix.variables = field::named(node, field::texts)?;
            }
        }
    }
    Ok(matrix)
}

fn fanout(node: &Node) -> Result<BatchFanout, Refusal> {
    let fields = Fields::of(Section::BuildFanout, node)?;
    let written = fields.text("parallelism")?.unwrap_or_default();
    match written.parse() {
        Ok(parallelism) if parallelism > 0 => Ok(BatchFanout {
            parallelism,
            ignore_failure: fields.boolean("ignore-failure")?,
        }),
        Ok(_) | Err(_) => Err(Refusal::batch(format!(
            "Parallelism {written} must be a whole number above 0."
        ))),
    }
}

/// Refuses identifiers that are none, and those that stand twice.
fn identifiers(builds: &[BatchBuild]) -> Result<(), Refusal> {
    let bad: Vec<&str> = builds
        .iter()
        .map(|build| build.identifier.as_str())
        .filter(|identifier| !is_identifier(identifier))
        .collect();
    if !bad.is_empty() {
        return Err(Refusal::identifiers(&bad));
    }
    let mut seen = std::collections::HashSet::new();
    match builds
        .iter()
        .find(|build| !seen.insert(build.identifier.as_str()))
    {
        None => Ok(()),
        Some(twice) => Err(Refusal::batch(format!(
            "Build Identifier {} is not unique.",
            twice.identifier
        ))),
    }
}

/// Refuses dependencies on builds that do not exist, and circles.
fn graph(builds: &[BatchBuild]) -> Result<(), Refusal> {
    let places: HashMap<&str, usize> = builds
        .iter()
        .enumerate()
        .map(|(place, build)| (build.identifier.as_str(), place))
        .collect();
    let mut needs = vec![Vec::new(); builds.len()];
    for (build, needs) in builds.iter().zip(&mut needs) {
        for dependency in &build.depend_on {
            let place = places.get(dependency.identifier.as_str()).ok_or_else(|| {
                Refusal::batch(format!(
                    "Build {} depends on {}, which does not exist.",
                    build.identifier, dependency.identifier
                ))
            })?;
            needs.push(*place);
        }
    }
    let circle: Vec<&str> = in_circles(&needs)
        .into_iter()
        .map(|place| builds[place].identifier.as_str())
        .collect();
    if circle.is_empty() {
        Ok(())
    } else {
        Err(Refusal::batch(format!(
            "Builds {} depend on each other.",
            circle.join(", ")
        )))
    }
}
