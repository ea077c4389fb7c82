//! Merge keys: `<<` brings the entries of other maps into one.

use std::collections::HashSet;

use super::node::{Entry, Node, Style, Value};
use super::refusal::Reason;

/// Returns whether a key is the merge key.
pub(super) fn is_merge(key: &Node) -> bool {
    match &key.value {
        Value::Scalar(scalar) => scalar.style == Style::Plain && scalar.text == "<<",
        Value::Sequence(_) | Value::Mapping(_) => false,
    }
}

/// Adds what the values of `<<` keys bring in: never over a key that the map, or an earlier `<<`,
/// has.
pub(super) fn merge(entries: &mut Vec<Entry>, values: Vec<Node>) -> Result<(), Reason> {
    if values.is_empty() {
        return Ok(());
    }
    let mut known: HashSet<_> = entries.iter().map(|entry| entry.key.text.clone()).collect();
    for value in values {
        for mut source in sources(value)? {
            source.retain(|entry| !known.contains(&entry.key.text));
            known.extend(source.iter().map(|entry| entry.key.text.clone()));
            entries.append(&mut source);
        }
    }
    Ok(())
}

/// Returns the maps that a `<<` names.
fn sources(value: Node) -> Result<Vec<Vec<Entry>>, Reason> {
    let map = |node: Node| match node.value {
        Value::Mapping(source) => Ok(source),
        Value::Sequence(_) | Value::Scalar(_) => Err(Reason::MergeOfNoMap),
    };
    match value.value {
        Value::Sequence(items) => items.into_iter().map(map).collect(),
        _ => Ok(vec![map(value)?]),
    }
}
