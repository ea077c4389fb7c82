//! The file of settings as a JSON Schema, made from the flags.

use serde_json::{Map, Value, json};

use super::flags::{Flag, Flags, Form};

/// Returns the JSON Schema of `cobuild.toml`.
pub fn schema(flags: &Flags) -> String {
    let settings: Map<String, Value> = flags
        .iter()
        .map(|flag| (flag.name.clone(), property(flag)))
        .collect();
    let mut properties = settings.clone();
    properties.insert(
        "profile".to_owned(),
        json!({
            "description": "Settings that beat those of the top level where the profile is chosen.",
            "type": "object",
            "additionalProperties": { "$ref": "#/$defs/settings" },
        }),
    );
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:cobuild:schema:config",
        "title": "cobuild.toml",
        "description": "Settings of cobuild: the flags of `cobuild run` that describe a build, by their long names.",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "$defs": {
            "settings": {
                "type": "object",
                "additionalProperties": false,
                "properties": settings,
            },
        },
    });
    format!("{schema:#}\n")
}

fn property(flag: &Flag) -> Value {
    let mut property = match flag.form {
        Form::Switch => json!({ "type": "boolean" }),
        Form::Text => text(flag),
        Form::Number => json!({ "type": ["string", "number"] }),
        Form::List => json!({ "type": "array", "items": text(flag) }),
        Form::Pairs => json!({
            "anyOf": [
                { "type": "object", "additionalProperties": { "type": "string" } },
                { "type": "array", "items": { "type": "string" } },
            ],
        }),
    };
    property["description"] = flag.help.clone().into();
    property
}

fn text(flag: &Flag) -> Value {
    if flag.words.is_empty() {
        json!({ "type": "string" })
    } else {
        json!({ "type": "string", "enum": flag.words })
    }
}
