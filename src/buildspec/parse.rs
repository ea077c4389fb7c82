//! The entry: bytes to a buildspec, or to the batch in it.

use super::batch::{self, Batch};
use super::encoding::decode;
use super::model::Buildspec;
use super::node::{Entry, Node, Position, Span, Value};
use super::problems::{Problem, Problems};
use super::refusal::{NoBuildspec, Reason, Refusal};
use super::yaml;

/// Reads a buildspec (contract §1.2).
///
/// # Errors
///
/// The text with which CodeBuild refuses the same buildspec.
pub fn parse(text: &[u8]) -> Result<Buildspec, Refusal> {
    let root = decoded(text)?;
    let mut problems = Problems::default();
    let buildspec = Buildspec::read(&root, &mut problems);
    match problems.refusing() {
        Some(reason) => Err(Refusal::of_buildspec(reason)),
        None => Ok(buildspec),
    }
}

/// Reads the `batch` section of a buildspec, of which a single build takes no notice; `None` when there
/// is none. A batch that is refused leaves the buildspec around it as good as ever.
///
/// # Errors
///
/// The text with which CodeBuild refuses to begin the same batch.
pub fn parse_batch(text: &[u8]) -> Result<Option<Batch>, Refusal> {
    let root = decoded(text)?;
    let mut problems = Problems::default();
    let batch = batch::read(&root, &mut problems);
    match batch::refusing(&problems) {
        Some(reason) => Err(Refusal::of_batch(&reason)),
        None => Ok(batch),
    }
}

/// Returns where the `batch` section of a buildspec stands, from its key to its end.
pub fn batch_span(text: &[u8]) -> Option<Span> {
    let root = decoded(text).ok()?;
    let is_batch = |entry: &&Entry| {
        let key = entry.key.text.as_deref();
        key.is_some_and(|key| key.eq_ignore_ascii_case("batch"))
    };
    let entry = root.entries().iter().find(is_batch)?;
    Some(Span {
        start: entry.key.span.start,
        end: entry.value.span.end,
    })
}

/// Whether a text is a YAML mapping, as every buildspec is and no path (contract §1.1).
pub fn is_mapping(text: &str) -> bool {
    tree(text).is_ok()
}

fn decoded(text: &[u8]) -> Result<Node, Refusal> {
    decode(text)
        .and_then(|text| tree(&text))
        .map_err(|problem| Refusal::of_buildspec(&problem.reason))
}

/// Reads a text as the map that every buildspec is.
pub(super) fn tree(text: &str) -> Result<Node, Problem> {
    let none = |place, because| Err(Problem::at(place, Reason::NoBuildspec(because)));
    let Some(root) = yaml::read(text)? else {
        let start = Position { line: 1, column: 1 };
        return none(start, NoBuildspec::Empty);
    };
    let start = root.span.start;
    match &root.value {
        Value::Mapping(_) => Ok(root),
        Value::Sequence(_) => none(start, NoBuildspec::List),
        Value::Scalar(scalar) if scalar.is_null() => none(start, NoBuildspec::Empty),
        Value::Scalar(_) => none(start, NoBuildspec::Text),
    }
}
