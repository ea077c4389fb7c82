//! The language as a JSON Schema (draft 2020-12), made from the table of keys.
//!
//! What CodeBuild accepts is valid, and what it refuses is not, as far as a schema can tell: null
//! where a key may as well be absent, numbers and booleans wherever a text may stand, one text for a
//! list of one, names of phases in any case. Keys that are not in the table are valid, for CodeBuild
//! ignores them; under `phases` it does not, and neither does the schema. Closed sets of words are
//! taken at their word, although what CodeBuild does with any other word is not known.
//!
//! A schema sees values, not texts: to it `version: 0.20` is 0.2.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::keys::{Key, Section, Shape, Since};

/// What the schema says of keys that are not in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownKeySchema {
    /// They are valid, as CodeBuild takes them.
    Valid,
    /// They are not valid: most are misspelt.
    Invalid,
}

/// Returns the JSON Schema of buildspecs, as text.
pub fn schema(unknown: UnknownKeySchema) -> String {
    let mut definitions = Map::new();
    for (name, definition) in shapes() {
        definitions.insert(name.to_owned(), definition);
    }
    for (section, name) in sections() {
        definitions.insert(name, section_schema(section, unknown));
    }
    let mut root = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:cobuild:schema:buildspec",
        "title": "AWS CodeBuild buildspec",
        "description": "Build specification of AWS CodeBuild, versions 0.1 and 0.2.",
    });
    extend(&mut root, section_schema(Section::Root, unknown));
    extend(&mut root, required_version());
    extend(&mut root, json!({ "$defs": definitions }));
    format!("{root:#}\n")
}

/// The kinds of value that are no sections.
fn shapes() -> [(&'static str, Value); 6] {
    [
        (
            "text",
            json!({ "type": ["string", "number", "boolean", "null"] }),
        ),
        (
            "texts",
            json!({
                "type": ["array", "string", "number", "boolean", "null"],
                "items": reference("text"),
            }),
        ),
        (
            "flag",
            json!({
                "anyOf": [
                    { "enum": ["yes", "no", true, false, null] },
                    { "type": "string", "pattern": any_case(&["y", "yes", "on", "true", "n", "no", "off", "false"]) },
                ],
            }),
        ),
        (
            "number",
            json!({ "type": ["integer", "string", "null"], "pattern": "^[0-9]+$" }),
        ),
        (
            "named-texts",
            json!({ "type": ["object", "null"], "additionalProperties": reference("text") }),
        ),
        (
            "named-lists",
            json!({ "type": ["object", "null"], "additionalProperties": reference("texts") }),
        ),
    ]
}

/// A buildspec says its version, unless it does nothing but list the builds of a batch.
fn required_version() -> Value {
    json!({
        "if": {
            "required": ["batch"],
            "properties": { "batch": { "type": "object" }, "phases": { "type": "null" } },
        },
        "else": {
            "required": ["version"],
            "properties": { "version": { "type": ["number", "string"] } },
        },
    })
}

/// Every section below the root with the name of its definition: the keys on the first way to it.
pub(super) fn sections() -> Vec<(Section, String)> {
    let mut found: Vec<(Section, String)> = vec![(Section::Root, String::new())];
    let mut next = 0;
    while let Some((section, path)) = found.get(next).cloned() {
        next += 1;
        for key in section.keys() {
            if let Some(inner) = key.shape.section()
                && !found.iter().any(|(known, _)| *known == inner)
            {
                let path = if path.is_empty() {
                    key.name.to_owned()
                } else {
                    format!("{path}.{}", key.name)
                };
                found.push((inner, path));
            }
        }
    }
    found.remove(0);
    found
}

fn section_schema(section: Section, unknown: UnknownKeySchema) -> Value {
    let properties: Map<String, Value> = section
        .keys()
        .map(|key| (key.name.to_owned(), key_schema(key)))
        .collect();
    // A buildspec is never nothing; each of its sections may be.
    let kind = match section {
        Section::Root => json!("object"),
        _ => json!(["object", "null"]),
    };
    if section != Section::Phases {
        let others = unknown == UnknownKeySchema::Valid;
        return json!({ "type": kind, "properties": properties, "additionalProperties": others });
    }
    // Strict validators take no property that a pattern matches too.
    let other_case = |name: &str| {
        let pattern = any_case(&[name]);
        format!("^(?!{name}$){}", pattern.trim_start_matches('^'))
    };
    let other_cases: Map<String, Value> = section
        .keys()
        .map(|key| (other_case(key.name), value_schema(key)))
        .collect();
    json!({
        "type": kind,
        "properties": properties,
        "patternProperties": other_cases,
        "additionalProperties": false,
    })
}

fn key_schema(key: &Key) -> Value {
    let description = match key.since {
        Since::Always => key.doc.to_owned(),
        Since::OnlyV0_1 => format!("{} Version 0.1 only.", key.doc),
    };
    let mut schema = json!({ "description": description });
    extend(&mut schema, value_schema(key));
    if !key.examples.is_empty() {
        extend(&mut schema, json!({ "examples": key.examples }));
    }
    if let Some(pattern) = key.pattern {
        extend(&mut schema, json!({ "pattern": pattern }));
    }
    if key.since == Since::OnlyV0_1 {
        // No `deprecationMessage`: editors would report each use as a problem, also in version 0.1.
        extend(&mut schema, json!({ "deprecated": true }));
    }
    schema
}

fn value_schema(key: &Key) -> Value {
    match key.shape {
        Shape::Text => reference("text"),
        Shape::Boolean => reference("flag"),
        Shape::Number => reference("number"),
        Shape::Choice(words) => choice(words),
        Shape::List => reference("texts"),
        Shape::Map => reference("named-texts"),
        Shape::MapOfLists => reference("named-lists"),
        Shape::Part(section) => section_reference(section),
        Shape::ListOf(section) => {
            json!({ "type": ["array", "null"], "items": section_reference(section) })
        }
        Shape::MapOf(section) => {
            json!({ "type": ["object", "null"], "additionalProperties": section_reference(section) })
        }
        Shape::Foreign => json!({}),
    }
}

/// One of these words in any case; as a number where a word is one.
fn choice(words: &[&str]) -> Value {
    let mut values: Vec<Value> = words.iter().map(|word| json!(word)).collect();
    let numbers = words.iter().filter_map(|word| word.parse::<f64>().ok());
    values.extend(numbers.map(|number| json!(number)));
    values.push(Value::Null);
    json!({
        "anyOf": [
            { "enum": values },
            { "type": "string", "pattern": any_case(words) },
        ],
    })
}

/// The regular expression, of those that ECMA-262 knows, that matches these words in any case.
fn any_case(words: &[&str]) -> String {
    let mut pattern = "^(".to_owned();
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            pattern.push('|');
        }
        for letter in word.chars() {
            let (upper, lower) = (letter.to_ascii_uppercase(), letter.to_ascii_lowercase());
            let written = if upper != lower {
                write!(pattern, "[{upper}{lower}]")
            } else if letter == '.' {
                write!(pattern, "\\.")
            } else {
                write!(pattern, "{letter}")
            };
            written.expect("a String takes whatever is written to it");
        }
    }
    pattern.push_str(")$");
    pattern
}

fn reference(definition: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{definition}") })
}

fn section_reference(section: Section) -> Value {
    let (_, name) = sections()
        .into_iter()
        .find(|(known, _)| *known == section)
        .expect("every section is reached from the root");
    reference(&name)
}

/// Adds the keywords of one schema to another.
fn extend(schema: &mut Value, keywords: Value) {
    if let (Value::Object(schema), Value::Object(keywords)) = (schema, keywords) {
        schema.extend(keywords);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::keys::KEYS;
    use super::*;

    fn parsed() -> Value {
        serde_json::from_str(&schema(UnknownKeySchema::Valid)).unwrap()
    }

    /// Calls `visit` with every schema within a value.
    fn walk(value: &Value, visit: &mut impl FnMut(&Map<String, Value>)) {
        match value {
            Value::Object(map) => {
                visit(map);
                map.values().for_each(|value| walk(value, visit));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn every_reference_leads_to_a_definition_and_every_definition_is_used() {
        let schema = parsed();
        let mut used = BTreeSet::new();
        walk(&schema, &mut |map| {
            if let Some(Value::String(target)) = map.get("$ref") {
                let name = target.strip_prefix("#/$defs/").unwrap();
                assert!(schema["$defs"].get(name).is_some(), "{target}");
                used.insert(name.to_owned());
            }
        });
        let all: BTreeSet<_> = schema["$defs"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        assert_eq!(used, all);
    }

    #[test]
    fn no_two_definitions_share_a_name() {
        let names: Vec<String> = sections()
            .into_iter()
            .map(|(_, name)| name)
            .chain(shapes().map(|(name, _)| name.to_owned()))
            .collect();
        let distinct: BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len(), "{names:?}");
    }

    #[test]
    fn a_key_is_described_wherever_it_may_stand() {
        let schema = parsed();
        let commands = &schema["$defs"]["phases.build"]["properties"]["commands"];
        assert_eq!(commands["description"], "Commands, run one after another.");
        assert_eq!(commands["$ref"], "#/$defs/texts");
        let old = &schema["properties"]["environment_variables"];
        assert_eq!(old["deprecated"], true);
        let mut described = 0;
        walk(&schema, &mut |map| {
            described += usize::from(map.get("description").is_some_and(Value::is_string));
        });
        let expected: usize = KEYS.iter().map(|key| key.sections.len()).sum();
        // The schema itself has one too.
        assert_eq!(described, expected + 1);
    }

    #[test]
    fn words_match_in_any_case() {
        assert_eq!(any_case(&["ab", "c-1.0"]), r"^([Aa][Bb]|[Cc]-1\.0)$");
    }
}
