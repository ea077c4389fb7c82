//! No secret in anything that leaves.

use std::fs;

use super::with_secrets;
use crate::env::TestEnv;

/// Shows a secret of two lines and another in every way there is, and fails.
const BUILDSPEC: &str = r#"version: 0.2
env:
  parameter-store: {LINES: /lines, WORD: /word}
  exported-variables: [WORD, LINES, MIXED]
phases:
  install:
    commands:
      - echo "$WORD"
      - echo "$LINES" | tac
      - printf hun; sleep 0.3; printf 'ter/2 done\n'
      - printf %s "user:$WORD" | base64
      - echo "$WORD" | sed s./.%2F.
      - printf %s hunter/; printf nothing
      - export -p | grep -e WORD -e LINES; set -x; true "$WORD"
  build:
    commands:
      - MIXED="a $WORD"
      - echo hunter/2; exit 3
  post_build:
    commands:
      - 'true'
"#;

const SECRETS: &str = "/lines='first-line\nother-line'\n/word=hunter/2\n";

/// The secrets and their forms: lines, base64 and URL encoding.
const FORMS: [&str; 6] = [
    "first-line",
    "other-line",
    "hunter/2",
    "aHVudGVyLzI",
    "h1bnRlci8y",
    "hunter%2F2",
];

#[track_caller]
fn assert_masked(text: &str) {
    for form in FORMS {
        assert!(!text.contains(form), "{form} in:\n{text}");
    }
    assert!(text.contains("***"), "{text}");
}

#[test]
fn no_secret_is_in_the_log_the_files_and_the_summary() {
    let env = TestEnv::new().buildspec(BUILDSPEC).args(&[
        "--build-json",
        "build.json",
        "--export-file",
        "exported.env",
    ]);
    let env = with_secrets(env, SECRETS);
    let run = env.run();
    run.assert_failed();
    assert_masked(&run.stdout);
    assert_masked(&run.stderr);
    let build = fs::read_to_string(env.path("build.json")).unwrap();
    assert_masked(&build);
    let exported = fs::read_to_string(env.path("exported.env")).unwrap();
    assert_eq!(exported, "WORD=***\nMIXED=a ***\n");

    assert_eq!(run.output_of("echo \"$WORD\""), "***\n");
    assert_eq!(run.output_of("echo \"$LINES\" | tac"), "***\n***\n");
    assert_eq!(run.output_of("echo \"$WORD\" | sed s./.%2F."), "***\n");
    let log = run.log();
    for part in [
        "> Running command printf hun; sleep 0.3; printf 'ter/2 done\\n'\n*** done\n",
        "> Running command printf %s hunter/; printf nothing\nhunter/nothing\n",
        "echo ***; exit 3. Reason: exit status 3\n",
    ] {
        assert!(log.contains(part), "{part}\n{run}");
    }
}

#[test]
fn no_secret_is_in_the_log_of_json() {
    let env = TestEnv::new()
        .buildspec(BUILDSPEC)
        .args(&["--format", "json"]);
    let run = with_secrets(env, SECRETS).run();
    run.assert_failed();
    assert_masked(&run.stdout);
    let lines: Vec<serde_json::Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let has = |text: &str| lines.iter().any(|line| line["text"] == text);
    assert!(has("***\n") && has("*** done\n"), "{run}");
}

#[test]
fn what_the_caller_gives_for_a_stored_variable_is_masked_and_credentials_are() {
    let spec = "version: 0.2
env:
  parameter-store: {TOKEN: /token}
phases:
  build:
    commands:
      - echo $TOKEN $AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY $PLAIN
";
    let run = TestEnv::new()
        .buildspec(spec)
        .args(&["--env", "TOKEN=hunter/2", "--env", "PLAIN=plain"])
        .args(&["--env", "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE"])
        .args(&[
            "--env",
            "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCY",
        ])
        .run();
    run.assert_succeeded();
    assert!(run.stdout.contains("\n*** *** *** plain\n"), "{run}");
}

#[test]
fn a_secret_that_begins_at_the_end_of_a_command_holds_nothing_back() {
    let spec = "version: 0.2
env:
  parameter-store: {TOKEN: /token}
phases:
  build:
    commands:
      - printf hunt
      - printf er/2
";
    let env = TestEnv::new().buildspec(spec);
    let run = with_secrets(env, "/token=hunter/2\n").run();
    run.assert_succeeded();
    let log = run.log();
    assert!(
        log.contains("printf hunt\nhunt\n> Running command printf er/2\ner/2\n"),
        "{run}"
    );
}
