//! `cobuild schema` and the buildspecs that cobuild comes with: each is valid, and together they show
//! every key of the language.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cobuild::buildspec::{parse, parse_batch};
use jsonschema::Validator;
use serde_json::{Value, json as value};

/// The samples that are there to be refused.
const INVALID: &str = "invalid";

/// The one sample that only CodeBuild can run.
const STEPS: &str = "language/steps.yml";

fn cobuild() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cobuild"));
    command.arg("schema").stdin(Stdio::null());
    command
}

fn printed() -> Value {
    printed_with(&[])
}

fn printed_with(arguments: &[&str]) -> Value {
    let output = cobuild().args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn validator() -> Validator {
    jsonschema::draft202012::new(&printed()).unwrap()
}

fn json(yaml: &str) -> Value {
    serde_saphyr::from_str(yaml).unwrap_or_else(|error| panic!("{error}:\n{yaml}"))
}

/// What the schema has against a buildspec.
fn errors(validator: &Validator, buildspec: &Value) -> Vec<String> {
    validator
        .iter_errors(buildspec)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Every sample by its path below `buildspecs`, but those that are there to be refused.
fn samples() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("buildspecs");
    let mut paths: Vec<PathBuf> = walkdir::WalkDir::new(&root)
        .into_iter()
        .filter_entry(|entry| entry.file_name() != INVALID)
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "yml"))
        .collect();
    paths.sort();
    assert!(paths.len() > 50, "{paths:?}");
    paths
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
            (name.to_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// Whether a buildspec has a key at this place, and something in it.
fn has(value: &Value, path: &str) -> bool {
    let (step, rest) = match path.split_once('.') {
        Some((step, rest)) => (step, Some(rest)),
        None => (path, None),
    };
    let next = |value: &Value| rest.map_or(!value.is_null(), |rest| has(value, rest));
    if step == "*" {
        return value.as_object().is_some_and(|map| map.values().any(next));
    }
    if let Some(list) = step.strip_suffix("[]") {
        return value[list]
            .as_array()
            .is_some_and(|items| items.iter().any(next));
    }
    value.get(step).is_some_and(next)
}

/// Lists every key of a schema at every place where it may stand, such as `phases.build.commands`. `*`
/// is a name of the author's choice (`reports.*.files`), `[]` an item of a list.
fn keys(schema: &Value, part: &Value, path: &str, paths: &mut Vec<String>) {
    if let Some(name) = part["$ref"].as_str() {
        let name = name.strip_prefix("#/$defs/").unwrap();
        keys(schema, &schema["$defs"][name], path, paths);
        return;
    }
    for (name, key) in part["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}{name}");
        paths.push(path.clone());
        keys(schema, key, &format!("{path}."), paths);
    }
    for (mark, inner) in [
        ("[].", &part["items"]),
        ("*.", &part["additionalProperties"]),
    ] {
        let path = match mark {
            "[]." => path.trim_end_matches('.'),
            _ => path,
        };
        if inner.is_object() {
            keys(schema, inner, &format!("{path}{mark}"), paths);
        }
    }
}

#[test]
fn the_schema_is_a_schema() {
    let schema = printed();
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    for keyword in ["$id", "title", "description"] {
        assert!(schema[keyword].is_string(), "{keyword}");
    }
    if let Err(error) = jsonschema::meta::validate(&schema) {
        panic!("{}: {error}", error.instance_path());
    }
}

#[test]
fn who_stops_reading_is_not_bothered() {
    let mut child = cobuild()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{stderr}");
    assert_eq!(stderr, "");
}

#[test]
fn every_sample_is_valid() {
    let validator = validator();
    let problems: Vec<String> = samples()
        .iter()
        .flat_map(|(name, text)| {
            errors(&validator, &json(text))
                .into_iter()
                .map(move |error| format!("{name}: {error}"))
        })
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_sample_is_read_and_holds_no_unknown_key() {
    for (name, text) in samples() {
        let read = parse(text.as_bytes()).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(read.unknown_keys, [], "{name}");
        assert_eq!(parse_batch(text.as_bytes()).err(), None, "{name}");
        assert_eq!(read.phases.refusal().is_some(), name == STEPS, "{name}");
    }
}

#[test]
fn every_sample_says_first_what_it_shows() {
    let silent: Vec<String> = samples()
        .into_iter()
        .filter(|(_, text)| {
            let mut comments = text
                .lines()
                .take_while(|line| line.starts_with('#'))
                .filter(|line| !line.starts_with("# outcome: "));
            comments.next().is_none()
        })
        .map(|(name, _)| name)
        .collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn every_key_has_a_sample() {
    let samples: Vec<Value> = samples().iter().map(|(_, text)| json(text)).collect();
    let schema = printed();
    let mut paths = Vec::new();
    keys(&schema, &schema, "", &mut paths);
    assert!(paths.len() > 80, "{paths:?}");
    let missing: Vec<&String> = paths
        .iter()
        .filter(|path| !samples.iter().any(|sample| has(sample, path)))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn what_codebuild_accepts_is_valid() {
    let validator = validator();
    for text in [
        "{version: 0.2}",
        "{version: '0.2', phases: }",
        "{version: 0.1, environment_variables: {plaintext: {A: 1}}, artifacts: {type: zip}}",
        "{batch: {build-list: [{identifier: a}]}}",
        "{batch: {build-list: []}, phases: }",
        "{version: 0.2, run-as: , env: , proxy: , batch: , phases: , reports: , artifacts: , cache: }",
        "{version: 0.2, comment: {any: thing}, env: {compute-type: x}}",
        "{version: 0.2, phases: {build: {commands: make}}}",
        "{version: 0.2, phases: {build: {commands: [1, true, 3.10, null, make]}}}",
        "{version: 0.2, phases: {build: {commands: }, install: {finally: [a]}, pre_build: }}",
        "{version: 0.2, phases: {Build: {Commands: [make]}, INSTALL: }}",
        "{version: 0.2, phases: {install: {runtime-versions: {python: 3.10, java: $JAVA}}}}",
        "{version: 0.2, phases: {build: {on-failure: RETRY}}}",
        "{version: 0.2, phases: {build: {on-failure: abort}}}",
        "{version: 0.2, phases: {build: {on-failure: 'Retry-3-.*timed out.*'}}}",
        "{version: 0.2, env: {variables: {A: true, B: 1, C: , D: 1e3}, exported-variables: A}}",
        "{version: 0.2, env: {git-credential-helper: 'yes'}}",
        "{version: 0.2, artifacts: {files: '**/*', discard-paths: Yes, enable-symlinks: on}}",
        "{version: 0.2, artifacts: {files: , secondary-artifacts: {a: , b: {files: [x]}}}}",
        "{version: 0.2, reports: {arn: {files: '*.xml', file-format: JunitXml}, b: }}",
        "{version: 0.2, cache: {paths: , action: Save}}",
        "{version: 0.2, batch: {build-fanout: {parallelism: '4'}}}",
    ] {
        let found = errors(&validator, &json(text));
        assert!(found.is_empty(), "{text}\n{}", found.join("\n"));
        if let Err(refusal) = parse(text.as_bytes()) {
            panic!("{text}\n{refusal}");
        }
    }
}

#[test]
fn what_codebuild_refuses_is_not_valid() {
    let validator = validator();
    for text in [
        "text",
        "[version, phases]",
        "{phases: {build: {commands: [a]}}}",
        "{version: , phases: }",
        "{batch: , phases: }",
        "{batch: {}, phases: {build: {commands: [a]}}}",
        "{version: 0.3}",
        "{version: latest}",
        "{version: {a: b}}",
        "{version: 0.2, phases: [build]}",
        "{version: 0.2, phases: {buidl: {commands: [a]}}}",
        "{version: 0.2, phases: {pre-build: {commands: [a]}}}",
        "{version: 0.2, phases: {build: [make]}}",
        "{version: 0.2, phases: {build: make}}",
        "{version: 0.2, phases: {build: {commands: {echo: a}}}}",
        "{version: 0.2, phases: {build: {commands: [echo a: b]}}}",
        "{version: 0.2, phases: {build: {finally: [[a]]}}}",
        "{version: 0.2, phases: {build: {run-as: [a]}}}",
        "{version: 0.2, phases: {install: {runtime-versions: [java]}}}",
        "{version: 0.2, env: [A]}",
        "{version: 0.2, env: {variables: {A: {B: 1}}}}",
        "{version: 0.2, env: {variables: [A]}}",
        "{version: 0.2, env: {exported-variables: {A: B}}}",
        "{version: 0.2, env: {git-credential-helper: [yes]}}",
        "{version: 0.2, artifacts: '**/*'}",
        "{version: 0.2, artifacts: {files: {a: b}}}",
        "{version: 0.2, artifacts: {secondary-artifacts: [a]}}",
        "{version: 0.2, cache: {paths: [a: b]}}",
    ] {
        assert!(!errors(&validator, &json(text)).is_empty(), "{text}");
        assert!(parse(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn batches_and_words_are_held_to_what_is_documented() {
    let validator = validator();
    for text in [
        "{batch: {build-list: {identifier: a}}}",
        "{batch: {build-list: [a]}}",
        "{batch: {build-list: [{identifier: a-b}]}}",
        "{batch: {build-graph: [{identifier: a, depend-on: {b: c}}]}}",
        "{batch: {build-matrix: {dynamic: {env: {variables: [A]}}}}}",
        "{batch: {build-fanout: {parallelism: many}}}",
        "{version: 0.2, reports: {a: {file-format: JUNIT}}}",
        "{version: 0.2, cache: {action: both}}",
        "{version: 0.2, phases: {build: {on-failure: IGNORE}}}",
        "{version: 0.2, artifacts: {discard-paths: maybe}}",
    ] {
        assert!(!errors(&validator, &json(text)).is_empty(), "{text}");
    }
}

/// Visits every schema of a schema with its keywords, but not what lies in `examples` and the like.
fn subschemas<'a>(schema: &'a Value, visit: &mut impl FnMut(&'a serde_json::Map<String, Value>)) {
    let Some(keywords) = schema.as_object() else {
        return;
    };
    visit(keywords);
    for (keyword, value) in keywords {
        match keyword.as_str() {
            "properties" | "patternProperties" | "$defs" => {
                let inner = value.as_object().unwrap().values();
                inner.for_each(|inner| subschemas(inner, visit));
            }
            "anyOf" => {
                let inner = value.as_array().unwrap().iter();
                inner.for_each(|inner| subschemas(inner, visit));
            }
            "items" | "additionalProperties" | "if" | "else" => subschemas(value, visit),
            _ => {}
        }
    }
}

/// Strict validators such as ajv refuse a schema that has a keyword of nobody's vocabulary.
#[test]
fn every_keyword_is_one_of_the_draft() {
    const VOCABULARY: &[&str] = &[
        "$defs",
        "$id",
        "$ref",
        "$schema",
        "additionalProperties",
        "anyOf",
        "deprecated",
        "description",
        "else",
        "enum",
        "examples",
        "if",
        "items",
        "pattern",
        "patternProperties",
        "properties",
        "required",
        "title",
        "type",
    ];
    for arguments in [&[][..], &["--strict"]] {
        let schema = printed_with(arguments);
        subschemas(&schema, &mut |keywords| {
            for keyword in keywords.keys() {
                assert!(VOCABULARY.contains(&keyword.as_str()), "{keyword}");
            }
            let named = |keyword: &str| {
                let names = keywords.get(keyword).and_then(Value::as_object);
                names.into_iter().flat_map(serde_json::Map::keys)
            };
            // They refuse a property that a pattern matches too.
            for pattern in named("patternProperties") {
                let pattern = value!({ "pattern": pattern });
                let pattern = jsonschema::draft202012::new(&pattern).unwrap();
                for name in named("properties") {
                    assert!(!pattern.is_valid(&value!(name)), "{name}");
                }
            }
        });
    }
}

#[test]
fn the_strict_schema_refuses_unknown_keys_and_nothing_else() {
    let schema = printed_with(&["--strict"]);
    assert!(jsonschema::meta::validate(&schema).is_ok());
    let strict = jsonschema::draft202012::new(&schema).unwrap();
    let lenient = validator();
    for (name, text) in samples() {
        let found = errors(&strict, &json(&text));
        assert!(found.is_empty(), "{name}: {found:?}");
    }
    for text in [
        "{version: 0.2, artefacts: {files: x}}",
        "{version: 0.2, env: {variable: {A: x}}}",
        "{version: 0.2, phases: {build: {command: [make]}}}",
        "{version: 0.2, artifacts: {files: x, secondary-artifacts: {a: {file: x}}}}",
        "{version: 0.2, reports: {a: {files: x, format: y}}}",
        "{batch: {build-graph: [{identifier: a, depends-on: [b]}]}}",
    ] {
        assert!(errors(&lenient, &json(text)).is_empty(), "{text}");
        assert!(!errors(&strict, &json(text)).is_empty(), "{text}");
    }
    let other = cobuild().args(["events", "--strict"]).output().unwrap();
    assert_eq!(other.status.code(), Some(2));
}
