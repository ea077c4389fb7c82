//! `exported-variables` (contract §1.4).

use crate::env::TestEnv;

const BUILDSPEC: &str = "version: 0.2
env:
  variables: {OWN: from-env}
  exported-variables: [TAG, OWN, LINES, UNSET, EMPTY, AWS_MINE, not-a-name]
phases:
  build:
    commands:
      - TAG=v1; UNSET=x; AWS_MINE=x; EMPTY=
      - export LINES=\"$(printf 'a\\nb\\n ')\"
  post_build:
    commands:
      - TAG='v2 \"x\" $y'; unset UNSET
";

#[test]
fn the_values_are_those_at_the_end_of_post_build() {
    let env = TestEnv::new().buildspec(BUILDSPEC);
    let file = env.path("exported.env");
    let env = env.args(&["--export-file", file.to_str().unwrap()]);
    let json = env.path("build.json");
    let env = env.args(&["--build-json", json.to_str().unwrap()]);
    let run = env.run();
    let build = env.json("build.json");
    run.assert_succeeded();
    assert_eq!(
        build["exportedEnvironmentVariables"],
        serde_json::json!([
            { "name": "TAG", "value": "v2 \"x\" $y" },
            { "name": "OWN", "value": "from-env" },
            { "name": "LINES", "value": "a\nb\n " },
            { "name": "EMPTY", "value": "" },
        ])
    );
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        "TAG=v2 \"x\" $y\nOWN=from-env\nEMPTY=\n"
    );
    assert!(
        run.stderr.contains("  exported         TAG=v2 \"x\" $y\n"),
        "{run}"
    );
    assert!(run.stderr.contains("LINES, 3 lines"), "{run}");
}

#[test]
fn the_file_feeds_the_next_build() {
    let first = TestEnv::new().buildspec(BUILDSPEC);
    let file = first.path("exported.env");
    let first = first.args(&["--export-file", file.to_str().unwrap()]);
    first.run().assert_succeeded();
    let second = TestEnv::new()
        .build_command("echo \"$TAG\"")
        .args(&["--env-file", file.to_str().unwrap()]);
    let run = second.run();
    run.assert_succeeded();
    assert_eq!(run.output_of("echo \"$TAG\""), "v2 \"x\" $y\n");
}

#[test]
fn a_build_that_never_reached_post_build_exports_nothing() {
    let spec = BUILDSPEC.replace(
        "phases:\n",
        "phases:\n  install:\n    commands: ['false']\n",
    );
    let env = TestEnv::new().buildspec(&spec);
    let file = env.path("exported.env");
    std::fs::write(&file, "OLD=1\n").unwrap();
    let env = env.args(&["--export-file", file.to_str().unwrap()]);
    env.run().assert_failed();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "");
}

#[test]
fn a_failed_post_build_still_exports() {
    let spec = BUILDSPEC.replace("unset UNSET", "false");
    let (run, build) = TestEnv::new().buildspec(&spec).run_with_json();
    run.assert_failed();
    let exported = build["exportedEnvironmentVariables"].as_array().unwrap();
    assert_eq!(exported[0]["value"], "v2 \"x\" $y");
}
