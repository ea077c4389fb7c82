//! What is masked is masked wherever it comes out, and is written nowhere in clear.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::engine;
use crate::env::{Run, TestEnv};
use crate::secrets::with_secrets;

const TOKEN: &str = "hunter2-and-more";

/// A value of which base64 has two alphabets, and that is longer than any line.
const LONG: &str =
    "pa??>>ss~abcdefghijklmnopqrstuvwxyz~ABCDEFGHIJKLMNOPQRSTUVWXYZ~0123456789~and~so~on~and~on";

/// Runs a command of `cobuild cache` beside the build.
fn cache(env: &TestEnv, arguments: &[&str]) -> Run {
    let run = env.command();
    let mut command = Command::new(run.get_program());
    command
        .arg("cache")
        .args(arguments)
        .current_dir(env.source());
    for (name, value) in run.get_envs() {
        command.env(name, value.unwrap());
    }
    let run = Run::new(command.output().unwrap());
    run.assert_succeeded();
    run
}

/// Asserts that neither names nor contents below a directory have any of these texts.
#[track_caller]
fn assert_nowhere(directory: &Path, texts: &[&str]) {
    for entry in walkdir::WalkDir::new(directory) {
        let entry = entry.unwrap();
        let mut bytes = entry.path().to_string_lossy().into_owned().into_bytes();
        if entry.file_type().is_file() {
            bytes.extend(fs::read(entry.path()).unwrap());
        }
        for text in texts {
            let found = bytes
                .windows(text.len())
                .any(|part| part == text.as_bytes());
            assert!(!found, "{text} in {}", entry.path().display());
        }
    }
}

fn cached(cache: &str, token: &str) -> TestEnv {
    let spec = format!(
        "version: 0.2
env: {{parameter-store: {{TOKEN: /token}}}}
phases: {{build: {{commands: ['ls kept', 'mkdir -p kept; touch kept/file']}}}}
cache: {cache}
"
    );
    let env = TestEnv::new().buildspec(&spec);
    with_secrets(env, &format!("/token={token}\n")).args(&["--cache", "local", "-vv"])
}

fn set_token(env: &TestEnv, token: &str) {
    fs::write(env.path("secrets"), format!("/token={token}\n")).unwrap();
}

#[test]
fn a_secret_in_a_key_is_kept_nowhere_and_finds_its_entry() {
    let spec = "{key: 'k-$TOKEN-$(cat n)', fallback-keys: ['k-$TOKEN-', 'none-$TOKEN'], paths: [kept/**/*]}";
    let env = with_true(cached(spec, TOKEN).file("n", "1"));
    env.run().assert_succeeded();
    let run = |found: &str| {
        let run = env.run();
        let told = format!("{}{}", run.stdout, run.stderr);
        assert!(!told.contains(TOKEN) && !told.contains("***{"), "{run}");
        let line = run.stderr.lines().find(|line| line.starts_with("  cache "));
        assert!(line.unwrap().contains(found), "{found}: {run}");
        run
    };
    run("hit k-***-1");
    fs::write(env.source().join("n"), "2").unwrap();
    run("found k-***-1 for k-***-2");
    set_token(&env, "another-secret");
    run("miss for k-***-2");
    let digest = sha256(TOKEN);
    assert_nowhere(
        &env.path("home"),
        &[TOKEN, "another-secret", "hunter2", &digest[..16]],
    );
    let key = env.path("home/.cache/cobuild/caches/stand-ins.key");
    let mode = fs::metadata(key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for arguments in [
        &["list"][..],
        &["list", "--format", "json"],
        &["explain", "-s", "."],
    ] {
        let told = cache(&env, arguments);
        assert!(told.stdout.contains("k-***-"), "{told}");
        assert!(!told.stdout.contains("***{"), "{told}");
    }
    let told = cache(&env, &["explain", "-s", "."]);
    assert!(told.stdout.contains("The nearest entry"), "{told}");
    let told = cache(&env, &["clear", "-s", ".", "--key", "k-***-1"]);
    assert_eq!(told.stdout.matches(": k-***-1 (").count(), 1, "{told}");
}

#[test]
fn a_secret_in_a_path_of_the_cache_is_kept_nowhere() {
    for paths in [
        "{paths: ['$TOKEN/**/*']}",
        "{paths: ['$TOKEN/**/*'], key: k}",
    ] {
        let env = cached(paths, TOKEN).file("hunter2-and-more/file", "x");
        let env = with_true(env);
        env.run().assert_succeeded();
        // What is in an archive is the build's; what is said of it is ours.
        let caches = env.path("home/.cache/cobuild/caches");
        for entry in walkdir::WalkDir::new(caches) {
            let entry = entry.unwrap();
            let is_archive = entry.path().extension().is_some_and(|kind| kind == "zst");
            if entry.file_type().is_file() && !is_archive {
                let text = fs::read(entry.path()).unwrap();
                let text = String::from_utf8_lossy(&text);
                assert!(!text.contains(TOKEN), "{}: {text}", entry.path().display());
            }
        }
        let told = cache(&env, &["list"]);
        assert!(told.stdout.contains("***/**/*"), "{told}");
        let again = env.run();
        assert!(again.stderr.contains("cache            hit"), "{again}");
    }
}

/// The plain hash of a text, in hexadecimal digits.
fn sha256(text: &str) -> String {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(text);
    digest
        .iter()
        .fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"))
}

/// The same build whose commands do not look at what is kept.
fn with_true(env: TestEnv) -> TestEnv {
    let path = env.source().join("buildspec.yml");
    let text = fs::read_to_string(&path)
        .unwrap()
        .replace("'ls kept'", "'true'");
    fs::write(path, text).unwrap();
    env
}

#[test]
fn encoded_secrets_are_masked_in_lines_of_any_width() {
    let slowly = "while IFS= read -r line; do printf '%s\\n' \"$line\"; sleep 0.01; done";
    let mut commands = Vec::new();
    for before in ["", "x", "xy"] {
        for width in [1, 4, 20, 64, 76, 100] {
            commands.push(format!(
                "printf '{before}%s\\n' \"$LONG\" | base64 -w {width}"
            ));
        }
        commands.push(format!(
            "printf '{before}%s' \"$LONG\" | base64 -w 30 | sed 's/$/\\r/' | tr '+/' '-_'"
        ));
        commands.push(format!(
            "printf '{before}%s' \"$LONG\" | base64 -w 30 | sed 's/^/    /'"
        ));
        commands.push(format!(
            "printf '{before}%s' \"$LONG\" | base64 -w 13 | {slowly}"
        ));
    }
    for format in ["tr -d ' '", "tr -d ' ' | tr a-f A-F"] {
        commands.push(format!(
            "printf '%s' \"$LONG\" | od -An -v -tx1 -w30 | {format}"
        ));
    }
    let spec = serde_json::json!({
        "version": 0.2,
        "env": { "parameter-store": { "LONG": "/long" } },
        "phases": { "build": { "commands": commands } },
    });
    let env = TestEnv::new().buildspec(&spec.to_string());
    let run = with_secrets(env, &format!("/long='{LONG}'\n")).run();
    run.assert_succeeded();
    for command in commands {
        let output = run.output_of(&command);
        assert!(output.contains("***"), "{command}: {output}");
        let left: String = output.chars().filter(char::is_ascii_alphanumeric).collect();
        // Two characters before an early break, and those that are also of a neighbour.
        assert!(left.len() <= 7, "{command}: {output}");
    }
}

/// Every way in which the token may leave.
#[track_caller]
fn assert_masked(text: &str) {
    for form in [
        TOKEN,
        "hunter2",
        "aHVudGVyMi1hbmQ",
        "68756e746572322d616e64",
    ] {
        assert!(!text.contains(form), "{form} in:\n{text}");
    }
}

#[test]
fn no_way_out_shows_what_another_masks() {
    let spec = "version: 0.2
env:
  parameter-store: {TOKEN: /token, GONE: /gone-hunter2-and-more}
";
    // A value that cannot be had, after one that can: the hint and the context quote its name.
    let env = with_secrets(TestEnv::new().buildspec(spec), "/token=hunter2-and-more\n");
    let run = env.again(&["-vvv"]).run();
    run.assert_failed();
    assert_masked(&run.stdout);
    assert!(
        run.stderr.contains("parameter does not exist: /gone-***"),
        "{run}"
    );

    let spec = "version: 0.2
env:
  parameter-store: {TOKEN: /token}
  exported-variables: [TOKEN, MIXED]
  shell: bash
phases:
  install:
    commands: ['MIXED=\"a $TOKEN\"; echo \"$TOKEN\" >&2; mkdir \"$TOKEN\"; cd \"$TOKEN\"; touch \"$TOKEN\"']
  build:
    commands: ['echo hunter2-and-more; echo \"$TOKEN\"; exit 3']
    finally: ['echo -n \"$TOKEN\" | base64']
  post_build: {commands: ['exit 0']}
artifacts: {files: ['*/*', '$TOKEN', 'hunter2-and-more'], name: 'hunter2-and-more-$TOKEN'}
reports: {group: {files: ['*']}}
cache: {paths: ['hunter2-and-more/**/*'], key: 'hunter2-and-more-$TOKEN'}
";
    for format in ["text", "json"] {
        let env = with_secrets(TestEnv::new().buildspec(spec), "/token=hunter2-and-more\n");
        let env = env.args(&[
            "--cache",
            "s3",
            "--show-changes",
            "-a",
            "out",
            "--override-artifact-name",
            "--build-json",
            "build.json",
            "--export-file",
            "exported.env",
            "--format",
            format,
            "-vvv",
        ]);
        let run = env.run();
        run.assert_failed();
        for text in [
            &run.stdout,
            &run.stderr,
            &fs::read_to_string(env.path("build.json")).unwrap(),
            &fs::read_to_string(env.path("exported.env")).unwrap(),
        ] {
            assert_masked(text);
        }
        assert_eq!(
            fs::read_to_string(env.path("exported.env")).unwrap(),
            "TOKEN=***\nMIXED=a ***\n"
        );
        for arguments in [&["list"][..], &["explain", "-s", "."]] {
            assert_masked(&cache(&env, arguments).stdout);
        }
    }
}

#[test]
fn the_debugger_shows_no_secret() {
    let spec = "version: 0.2
env: {parameter-store: {TOKEN: /token}}
phases: {build: {commands: ['exit 3 # hunter2-and-more']}}
";
    let env = with_secrets(TestEnv::new().buildspec(spec), "/token=hunter2-and-more\n");
    let run = env.again(&["--debug=keep"]).run();
    let (_, line) = run.stderr.split_once(" exec -it -u ").unwrap();
    let container = line.split_whitespace().nth(1).unwrap();
    engine::docker(&["rm", "-f", "-v", container]);
    assert!(run.stderr.contains("exit 3 # ***"), "{run}");
    assert_masked(&run.stderr);

    let mut command = env.again(&["--debug"]).command();
    command.env("TERM", "xterm").env("NO_COLOR", "1");
    let mut session = rexpect::session::spawn_command(command, Some(30_000)).unwrap();
    let shown = session.exp_string("debug> ").unwrap();
    assert!(shown.contains("exit 3 # ***"), "{shown}");
    assert_masked(&shown);
    session.send_line("a").unwrap();
    let _ = session.exp_eof();
}
