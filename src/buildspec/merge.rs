//! Merge keys: `<<` brings the entries of other maps into one.

use std::collections::HashSet;

use super::Refusal;
use super::node::{Entry, Node, Style, Value};

/// Returns whether a key is the merge key.
pub(super) fn is_merge(key: &Node) -> bool {
    match &key.value {
        Value::Scalar(scalar) => scalar.style == Style::Plain && scalar.text == "<<",
        Value::Sequence(_) | Value::Mapping(_) => false,
    }
}

/// Adds what the value of a `<<` brings in: never over a key that the map, or an earlier `<<`, has.
pub(super) fn merge(entries: &mut Vec<Entry>, value: Node) -> Result<(), Refusal> {
    let sources = match value.value {
        Value::Mapping(source) => vec![source],
        Value::Sequence(items) => items
            .into_iter()
            .map(|item| match item.value {
                Value::Mapping(source) => Ok(source),
                Value::Sequence(_) | Value::Scalar(_) => Err(not_a_map()),
            })
            .collect::<Result<_, _>>()?,
        Value::Scalar(_) => return Err(not_a_map()),
    };
    for source in sources {
        let known: HashSet<_> = entries.iter().map(|entry| entry.key.text.clone()).collect();
        let new = source
            .into_iter()
            .filter(|entry| !known.contains(&entry.key.text));
        entries.extend(new);
    }
    Ok(())
}

fn not_a_map() -> Refusal {
    Refusal::unlocated("map merge requires map or sequence of maps as the value")
}
