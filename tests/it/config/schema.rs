//! `cobuild schema config`: what editors know of cobuild.toml.

use cobuild::settings::layers::{RULES, Reach};
use serde_json::{Value, json};

use super::Place;

fn schema() -> Value {
    let run = Place::new().call(&["schema", "config"]);
    run.assert_succeeded();
    serde_json::from_str(&run.stdout).unwrap()
}

fn validator() -> jsonschema::Validator {
    jsonschema::draft202012::new(&schema()).unwrap()
}

#[test]
fn each_flag_that_describes_a_build_is_in_the_schema() {
    let schema = schema();
    if let Err(error) = jsonschema::meta::validate(&schema) {
        panic!("{}: {error}", error.instance_path());
    }
    for rule in RULES {
        let property = &schema["properties"][rule.name];
        let is_there = !matches!(rule.reach, Reach::CommandLine);
        assert_eq!(property.is_object(), is_there, "{}", rule.name);
        if is_there {
            assert!(property["description"].is_string(), "{}", rule.name);
        }
    }
    assert!(schema["properties"]["profile"].is_object());
}

#[test]
fn schema_alone_is_that_of_buildspecs() {
    let place = Place::new();
    let of = |arguments: &[&str]| place.call(arguments).stdout;
    assert_eq!(of(&["schema"]), of(&["schema", "buildspec"]));
    assert_ne!(of(&["schema"]), of(&["schema", "config"]));
}

/// Files of settings, in TOML and as an editor reads them, that the schema and cobuild agree about.
const TAKEN: &[(&str, &str)] = &[
    ("", "{}"),
    ("cpus = 2", r#"{"cpus": 2}"#),
    ("cpus = 0.5", r#"{"cpus": 0.5}"#),
    ("cpus = '2'", r#"{"cpus": "2"}"#),
    ("privileged = false", r#"{"privileged": false}"#),
    ("exclude = ['a']", r#"{"exclude": ["a"]}"#),
    ("env = { A = 'b' }", r#"{"env": {"A": "b"}}"#),
    ("env = ['A=b']", r#"{"env": ["A=b"]}"#),
    ("pull = 'never'", r#"{"pull": "never"}"#),
    ("cache = 'LOCAL'", r#"{"cache": "LOCAL"}"#),
    (
        "compute-type = 'build_general1_small'",
        r#"{"compute-type": "build_general1_small"}"#,
    ),
    (
        "cache-mode = ['custom', 'source']",
        r#"{"cache-mode": ["custom", "source"]}"#,
    ),
    (
        "[profile.ci]\ncpus = 1",
        r#"{"profile": {"ci": {"cpus": 1}}}"#,
    ),
];

const REFUSED: &[(&str, &str)] = &[
    ("x = 1", r#"{"x": 1}"#),
    ("image = 1", r#"{"image": 1}"#),
    ("privileged = 'true'", r#"{"privileged": "true"}"#),
    ("exclude = 'a'", r#"{"exclude": "a"}"#),
    ("exclude = [1]", r#"{"exclude": [1]}"#),
    ("env = { A = 1 }", r#"{"env": {"A": 1}}"#),
    ("pull = 'sometimes'", r#"{"pull": "sometimes"}"#),
    ("cache-mode = ['all']", r#"{"cache-mode": ["all"]}"#),
    ("profile = 'ci'", r#"{"profile": "ci"}"#),
    ("[profile.ci]\nx = 1", r#"{"profile": {"ci": {"x": 1}}}"#),
    (
        "[profile.ci.profile.x]",
        r#"{"profile": {"ci": {"profile": {"x": {}}}}}"#,
    ),
    ("debug = 'ask'", r#"{"debug": "ask"}"#),
];

#[test]
fn the_schema_takes_what_cobuild_takes() {
    let validator = validator();
    for (files, is_taken) in [(TAKEN, true), (REFUSED, false)] {
        for (toml, as_json) in files {
            let run = Place::new().project(toml).call(&["plan"]);
            assert_eq!(
                run.code,
                Some(if is_taken { 0 } else { 2 }),
                "{toml}\n{run}"
            );
            let value: Value = serde_json::from_str(as_json).unwrap();
            assert_eq!(validator.is_valid(&value), is_taken, "{as_json}");
        }
    }
    assert!(!validator.is_valid(&json!([])));
}
