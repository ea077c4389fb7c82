//! `parameter-store` and `secrets-manager` with values that this machine gives (contract §1.4).

mod masking;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::engine;
use crate::env::{TestEnv, files};

/// Writes a secrets file that nobody else can read, and hands it to the run.
pub(crate) fn with_secrets(env: TestEnv, text: &str) -> TestEnv {
    let path = env.path("secrets");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    env.args(&["--secrets", "secrets"])
}

const ARN: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:partner/api-AbCdEf";

/// A buildspec whose BUILD keeps the value of each variable in a file of its own.
fn keeping(stores: &serde_json::Value, variables: &[&str]) -> TestEnv {
    let commands: Vec<String> = variables
        .iter()
        .map(|name| format!("printf %s \"${name}\" > out/{name}"))
        .collect();
    let mut spec = serde_json::json!({
        "version": 0.2,
        "phases": { "pre_build": { "commands": "mkdir out" }, "build": { "commands": commands } },
        "artifacts": { "base-directory": "out", "files": "*" }
    });
    spec["env"] = stores.clone();
    TestEnv::new()
        .buildspec(&spec.to_string())
        .args(&["--artifacts", "kept"])
}

#[track_caller]
fn assert_kept(env: &TestEnv, values: &[(&str, &str)]) {
    env.run().assert_succeeded();
    let kept = files(&env.path("kept"));
    for (name, value) in values {
        assert_eq!(kept[*name], *value, "{name}");
    }
}

#[test]
fn every_form_of_a_reference_has_its_value() {
    let stores = serde_json::json!({
        "variables": { "STAGE": "live", "BOTH": "plain" },
        "parameter-store": {
            "PARAMETER": "/${STAGE}/token",
            "BOTH": "/both",
        },
        "secrets-manager": {
            "WHOLE": "app/db",
            "KEY": "app/db:password",
            "NUMBER": "app/db:port",
            "OBJECT": "app/db:more",
            "OLD": "app/db:password:AWSPREVIOUS",
            "BY_ID": "app/db:password::11111111-2222",
            "BY_ARN": format!("{ARN}:token"),
            "TEXT": "app/text",
            "SECRET_ID": "$STAGE/id",
        }
    });
    let pair = r#"{"password": "it's $HOME\n\"x\" ","port": 5432,"more": {"a":  1}}"#;
    let file = format!(
        r#"{{"/live/token": "to ken", "/both": "stored", "app/db": {pair},
        "app/db:password:AWSPREVIOUS": "before", "partner/api": {{"token": "theirs"}},
        "app/text": "-----BEGIN\nkey\n-----END\n", "live/id": "by-id"}}"#
    );
    let values = [
        ("PARAMETER", "to ken"),
        ("BOTH", "stored"),
        ("WHOLE", pair),
        ("KEY", "it's $HOME\n\"x\" "),
        ("NUMBER", "5432"),
        ("OBJECT", r#"{"a":  1}"#),
        ("OLD", "before"),
        ("BY_ID", "it's $HOME\n\"x\" "),
        ("BY_ARN", "theirs"),
        ("TEXT", "-----BEGIN\nkey\n-----END\n"),
        ("SECRET_ID", "by-id"),
    ];
    let env = keeping(&stores, &values.map(|(name, _)| name));
    assert_kept(&with_secrets(env, &file), &values);
}

#[test]
fn the_caller_beats_the_file_which_beats_variables_of_this_machine() {
    let stores = serde_json::json!({
        "parameter-store": { "A": "/a", "B": "/b" },
        "secrets-manager": { "C": "app:key", "D": "app:key" },
    });
    let file = "# for tests\n/a='from\nthe file'\n/b=\"b\\tfile\" # comment\nD=plain value\n";
    let env = keeping(&stores, &["A", "B", "C", "D"])
        .variable("COBUILD_SECRET_B", "b of this machine")
        .variable("COBUILD_SECRET_C", "c of this machine")
        .args(&["--env", "A=a of the caller"]);
    assert_kept(
        &with_secrets(env, file),
        &[
            ("A", "a of the caller"),
            ("B", "b\tfile"),
            ("C", "c of this machine"),
            ("D", "plain value"),
        ],
    );
}

#[test]
fn what_cannot_be_had_fails_the_source_phase_and_says_how_to_give_it() {
    let parameter = "{parameter-store: {A: /my/a, B: /my/b}}";
    let secret = |reference: &str| format!("{{secrets-manager: {{A: '{reference}'}}}}");
    for (stores, code, message, hint) in [
        (
            parameter.to_owned(),
            "Decrypted Variables Error",
            "parameter does not exist: /my/a",
            "give the value of `B` as a line `/my/b=VALUE` in a file for `--secrets FILE`, as the variable COBUILD_SECRET_B of this machine, or with `--env B`",
        ),
        (
            secret("none:key"),
            "Secrets Manager Error",
            "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
            "give the value of `A` as a line",
        ),
        (
            secret("text:key"),
            "Secrets Manager Error",
            "text:key: the secret is not a JSON object, so it has no key `key`",
            "a JSON object",
        ),
        (
            secret("json:nokey"),
            "Secrets Manager Error",
            "json:nokey: the secret has no key `nokey`",
            "a JSON object",
        ),
        (
            secret("json:key:AWSCURRENT:1-2"),
            "Secrets Manager Error",
            "json:key:AWSCURRENT:1-2: the reference cannot be used: it has both a version stage and a version id; remove one of them",
            "write the reference of `A`",
        ),
    ] {
        let spec = format!("version: 0.2\nenv: {stores}\nphases: {{build: {{commands: [ran]}}}}\n");
        let env = TestEnv::new().buildspec(&spec);
        let run = with_secrets(env, "text=hunter2\njson={\"key\": \"hunter2\"}\n").run();
        run.assert_failed();
        let context = format!("> Phase context status code: {code} Message: {message}\n");
        assert!(run.log().contains(&context), "{context}{run}");
        assert!(!run.stdout.contains("Running command"), "{run}");
        assert!(run.stderr.contains(hint), "{run}");
        assert!(!format!("{run}").contains("hunter2"), "{run}");
    }
}

#[test]
fn a_file_that_cannot_be_used_is_told_without_its_content() {
    for (text, mode, problem) in [
        (
            "A=hunter2\n",
            0o644,
            "its mode is 644\nhint: chmod 600 secrets\n",
        ),
        ("A=hunter2\n", 0o660, "hint: chmod 600 secrets\n"),
        ("A=1\nhunter2\n", 0o600, "line 2: `=` is missing"),
        ("{\"A\":\n hunter2}\n", 0o600, "line 2: not valid JSON"),
    ] {
        let env = with_secrets(TestEnv::new().build_command("true"), text);
        fs::set_permissions(env.path("secrets"), PermissionsExt::from_mode(mode)).unwrap();
        let run = env.run();
        run.assert_code(2);
        assert!(
            run.stderr
                .starts_with("error: cannot use the secrets file `secrets`\n"),
            "{run}"
        );
        assert!(run.stderr.contains(problem), "{run}");
        assert!(!run.stderr.contains("hunter2"), "{run}");
    }
}

#[test]
fn the_samples_have_references_that_can_be_looked_up() {
    for (sample, secrets) in [
        (
            "env-parameter-store.yml",
            "/shop/staging/database/host=db\n/shop/staging/database/password=hunter2\n",
        ),
        (
            "env-secrets-manager.yml",
            r#"{"ci/docker-hub": {"username": "me", "token": "hunter2"}, "ci/signing-key": "key",
                "partner/api": {"token": "hunter3"}}"#,
        ),
    ] {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("buildspecs/language");
        let sample = directory.join(sample);
        let env = TestEnv::new().args(&["--mock", "", "-b", sample.to_str().unwrap()]);
        with_secrets(env, secrets).run().assert_succeeded();
    }
}

/// Everything readable below a directory that holds a text.
fn holders(directory: &Path, text: &str) -> Vec<String> {
    files(directory)
        .into_iter()
        .filter(|(_, content)| content.contains(text))
        .map(|(path, _)| path)
        .collect()
}

/// The command lines of all processes of this machine.
fn command_lines() -> String {
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| fs::read(entry.unwrap().path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).into_owned() + "\n")
        .collect()
}

#[test]
fn no_value_leaves_the_container_s_memory() {
    let spec = "version: 0.2
env:
  parameter-store: {TOKEN: /token}
phases:
  build:
    commands:
      - test \"$TOKEN\" = \"$(cat expected)\"; rm expected
      - echo ready
      - until [ -f /go ]; do sleep 0.05; done
";
    // In two parts, so that this very program does not hold it.
    let value = ["s3cr3t", "b3f0r3"].join("-");
    let env = TestEnv::new()
        .buildspec(spec)
        .file("expected", &value)
        .args(&["-vv"]);
    let env = with_secrets(env, &format!("/token={value}\n"));
    let running = env.start();
    running.wait_for_line("ready");
    fs::remove_file(env.source().join("expected")).unwrap();
    let container = running.container();
    let inspected = engine::docker(&["inspect", &container]);
    let processes = engine::docker(&["top", &container, "-eo", "pid,args"]);
    let changed = engine::docker(&["diff", &container]);
    let own_processes = command_lines();
    let on_disk = holders(&env.path("home"), &value);
    engine::docker(&["exec", &container, "touch", "/go"]);
    let run = running.finish();
    run.assert_succeeded();
    assert!(own_processes.contains("--secrets"), "{own_processes}");
    for text in [inspected, processes, own_processes, format!("{run}")] {
        assert!(!text.contains(&value), "{text}");
    }
    assert_eq!(on_disk, Vec::<String>::new(), "{changed}");
}
