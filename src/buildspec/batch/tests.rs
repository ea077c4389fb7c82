use super::super::parse::{parse, parse_batch};
use super::super::refusal::Refusal;
use super::*;

/// Reads a batch, the buildspec around which is good whatever comes of that.
fn read(batch: &str) -> Result<Batch, Refusal> {
    let indented = batch.replace('\n', "\n  ");
    let text = format!("version: 0.2\nbatch:\n  {indented}\n");
    parse(text.as_bytes()).unwrap();
    parse_batch(text.as_bytes()).map(Option::unwrap)
}

fn builds(batch: &str) -> Vec<BatchBuild> {
    match read(batch).unwrap().builds {
        BatchBuilds::List(builds) | BatchBuilds::Graph(builds) => builds,
        BatchBuilds::Matrix(_) | BatchBuilds::Fanout(_) => panic!("{batch}"),
    }
}

#[track_caller]
fn assert_refusal(batch: &str, message: &str) {
    assert_eq!(read(batch).unwrap_err().message, message, "{batch}");
}

fn owned(list: &[&str]) -> Vec<String> {
    list.iter().map(|&text| text.to_owned()).collect()
}

#[test]
fn a_list_with_every_key() {
    let batch = read(
        "fast-fail: yes
build-list:
  - identifier: one
    buildspec: ci/one.yml
    debug-session: true
    ignore-failure: on
    env:
      compute-type: BUILD_GENERAL1_SMALL
      image: $IMAGE
      privileged-mode: no
      type: ARM_CONTAINER
      variables: {VERSION: 3.10, FLAG: True}
  -
  - identifier: two
    env: {fleet: mine}",
    )
    .unwrap();
    let one = BatchBuild {
        identifier: "one".to_owned(),
        buildspec: Some("ci/one.yml".to_owned()),
        debug_session: true,
        env: BatchEnv {
            compute_type: Some("BUILD_GENERAL1_SMALL".to_owned()),
            fleet: None,
            image: Some("$IMAGE".to_owned()),
            privileged_mode: Some(false),
            environment_type: Some("ARM_CONTAINER".to_owned()),
            variables: vec![
                ("VERSION".to_owned(), "3.10".to_owned()),
                ("FLAG".to_owned(), "True".to_owned()),
            ],
        },
        ignore_failure: true,
        depend_on: Vec::new(),
    };
    let two = BatchBuild {
        identifier: "two".to_owned(),
        env: BatchEnv {
            fleet: Some("mine".to_owned()),
            ..BatchEnv::default()
        },
        ..BatchBuild::default()
    };
    assert_eq!(
        batch,
        Batch {
            fast_fail: true,
            builds: BatchBuilds::List(vec![one, two]),
        }
    );
}

#[test]
fn a_graph_with_every_form_of_dependency() {
    let builds = builds(
        "build-graph:
  - identifier: a
    depend-on:
  - identifier: b
    depend-on: a
  - identifier: >
      c
    depend-on: [a, ~, {identifier: b, ignore-failure: true}]",
    );
    let dependency = |identifier: &str, ignore_failure| Dependency {
        identifier: identifier.to_owned(),
        ignore_failure,
    };
    assert_eq!(builds[0].depend_on, []);
    assert_eq!(builds[1].depend_on, [dependency("a", false)]);
    assert_eq!(builds[2].identifier, "c");
    assert_eq!(
        builds[2].depend_on,
        [dependency("a", false), dependency("b", true)]
    );
}

#[test]
fn a_list_has_no_dependencies() {
    let builds = builds("build-list:\n  - {identifier: a, depend-on: [nobody]}");
    assert_eq!(builds[0].depend_on, []);
}

#[test]
fn a_matrix_with_every_key() {
    let batch = read(
        "build-matrix:
  static:
    ignore-failure: true
    env: {privileged-mode: true, type: LINUX_CONTAINER}
  dynamic:
    buildspec: [a.yml, b.yml]
    env:
      compute-type: BUILD_GENERAL1_SMALL
      image: [i, j]
      variables: {A: [1, 010], B: x}",
    )
    .unwrap();
    assert_eq!(
        batch.builds,
        BatchBuilds::Matrix(BatchMatrix {
            ignore_failure: true,
            privileged_mode: Some(true),
            environment_type: Some("LINUX_CONTAINER".to_owned()),
            buildspecs: owned(&["a.yml", "b.yml"]),
            compute_types: owned(&["BUILD_GENERAL1_SMALL"]),
            images: owned(&["i", "j"]),
            variables: vec![
                ("A".to_owned(), owned(&["1", "010"])),
                ("B".to_owned(), owned(&["x"])),
            ],
        })
    );
    let empty = read("build-matrix: {static: , dynamic: {env: }}").unwrap();
    assert_eq!(empty.builds, BatchBuilds::Matrix(BatchMatrix::default()));
}

#[test]
fn a_fanout() {
    let batch = read("build-fanout: {parallelism: 5, ignore-failure: false}").unwrap();
    assert_eq!(
        batch.builds,
        BatchBuilds::Fanout(BatchFanout {
            parallelism: 5,
            ignore_failure: false,
        })
    );
    for written in ["0", "-1", "many", "1.5", "99999999999"] {
        assert_refusal(
            &format!("build-fanout: {{parallelism: {written}}}"),
            &format!(
                "BatchSpec has invalid values.. Parallelism {written} must be a whole number above 0."
            ),
        );
    }
}

#[test]
fn a_batch_has_exactly_one_kind() {
    for batch in [
        "fast-fail: true",
        "build-list:",
        "build-list: []\nbuild-graph: []",
        "build-fanout: {parallelism: 1}\nbuild-matrix: {}",
    ] {
        assert_refusal(
            batch,
            "BatchSpec has invalid values.. Exactly one of build-list, build-graph, build-matrix, \
             build-fanout must be given.",
        );
    }
}

#[test]
fn identifiers_are_words() {
    let longest = "a".repeat(127);
    assert!(read(&format!("build-list: [{{identifier: {longest}}}]")).is_ok());
    let too_long = "a".repeat(128);
    for bad in ["unit-tests", "a b", "ünit", "''", too_long.as_str()] {
        assert_refusal(
            &format!("build-list: [{{identifier: {bad}}}, {{identifier: good_1}}]"),
            &format!(
                "BatchSpec has invalid values.. Build Identifiers {} must contain only alphanumeric \
                 characters and underscores and be less than 128 characters in length.",
                bad.trim_matches('\'')
            ),
        );
    }
    assert_refusal(
        "build-graph: [{identifier: a-b}, {identifier: c}, {identifier: d.e}]",
        "BatchSpec has invalid values.. Build Identifiers a-b, d.e must contain only alphanumeric \
         characters and underscores and be less than 128 characters in length.",
    );
    assert_refusal(
        "build-list: [{identifier: a}, {identifier: a}]",
        "BatchSpec has invalid values.. Build Identifier a is not unique.",
    );
}

#[test]
fn a_graph_has_no_loose_ends_and_no_circles() {
    assert_refusal(
        "build-graph: [{identifier: a, depend-on: [b]}]",
        "BatchSpec has invalid values.. Build a depends on b, which does not exist.",
    );
    assert_refusal(
        "build-graph: [{identifier: a, depend-on: [b]}, {identifier: b, depend-on: [a]}]",
        "BatchSpec has invalid values.. Builds a, b depend on each other.",
    );
}

#[test]
fn a_fleet_has_machines_of_its_own() {
    assert_refusal(
        "build-list: [{identifier: a, env: {fleet: f, compute-type: c}}]",
        "BatchSpec has invalid values.. Only one of fleet and compute-type can be given.",
    );
}

#[test]
fn values_of_the_wrong_kind_are_refused() {
    for (batch, message) in [
        ("build-list: a", "Cannot unmarshal string to list"),
        ("build-graph: {a: b}", "Cannot unmarshal map to list"),
        ("build-list: [a]", "Cannot unmarshal string to map"),
        ("build-matrix: []", "Cannot unmarshal list to map"),
        (
            "build-matrix: {dynamic: {env: {variables: [A]}}}",
            "Cannot unmarshal list to map",
        ),
        (
            "build-graph: [{identifier: a, depend-on: {b: c}}]",
            "Cannot unmarshal map to list",
        ),
        (
            "fast-fail: [yes]\nbuild-list: []",
            "Cannot unmarshal list to bool",
        ),
    ] {
        assert_refusal(batch, message);
    }
}

#[test]
fn a_refused_batch_does_not_refuse_the_buildspec() {
    let text = b"version: 0.2\nbatch: text\nphases: {build: {commands: a}}\n";
    let refusal = parse_batch(text).unwrap_err();
    assert_eq!(refusal.status_code, "BATCH_SPEC_VALIDATION_ERROR");
    assert_eq!(refusal.message, "Cannot unmarshal string to map");
    let buildspec = parse(text).unwrap();
    assert_eq!(buildspec.phases.build.unwrap().commands, ["a"]);
}

#[test]
fn a_batch_wants_a_bare_version() {
    let text = "version: '0.2'\nbatch:\n  build-list: [{identifier: a}]\n";
    assert!(parse(text.as_bytes()).is_ok());
    assert_eq!(
        parse_batch(text.as_bytes()).unwrap_err().message,
        "BatchSpec has invalid values.. The version must be a number, not a string."
    );
}
