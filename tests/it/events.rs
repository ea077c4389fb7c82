//! The events of a build: as a stream that is valid, whole, and shows the same log again.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, LazyLock, Mutex};

use cobuild::sinks::{Log, Sink, replay};
use cobuild::terminal::Out;
use jsonschema::Validator;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::env::{Run, TestEnv};

/// The name of the file beside the source that the events go into.
const FILE: &str = "events.jsonl";

/// What `cobuild schema events` prints, ready to be held against events.
static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let output = Command::new(env!("CARGO_BIN_EXE_cobuild"))
        .args(["schema", "events"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let schema = serde_json::from_slice(&output.stdout).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
});

/// Where a log goes that is looked at afterwards.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The log that a stream of events shows.
fn replayed(events: &[u8]) -> Vec<u8> {
    let written = Written::default();
    let mut sinks: [Box<dyn Sink>; 1] = [Box::new(Log::new(Out::file(written.clone())))];
    replay(events, &mut sinks).unwrap();
    written.0.lock().unwrap().clone()
}

/// The events of a stream, each of which is valid.
#[track_caller]
fn events(stream: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(stream).unwrap();
    let lines = text.lines().map(|line| {
        let event: Value = serde_json::from_str(line).unwrap();
        SCHEMA
            .validate(&event)
            .unwrap_or_else(|error| panic!("{error}: {event}"));
        event
    });
    lines.collect()
}

/// Runs a build that writes its events, and holds them against its log: every event is valid, and
/// together they show the log to the byte.
#[track_caller]
pub(crate) fn run_with_events(env: &TestEnv) -> (Run, Vec<Value>) {
    let output = env.again(&["--events", FILE]).command().output().unwrap();
    check(&env.path(FILE), output)
}

#[track_caller]
fn check(file: &Path, output: Output) -> (Run, Vec<Value>) {
    let stream = fs::read(file).unwrap();
    let shown = replayed(&stream);
    let (shown, log) = (shown.escape_ascii(), output.stdout.escape_ascii());
    let (shown, log) = (shown.to_string(), log.to_string());
    assert!(shown == log, "the log:\n{log}\nreplayed:\n{shown}");
    let events = events(&stream);
    assert_eq!(events.first().unwrap()["event"], "build-started");
    assert_eq!(events.last().unwrap()["event"], "build-finished");
    (Run::new(output), events)
}

/// The ends of commands by their texts, with what tells one place from another.
fn ends(events: &[Value]) -> Vec<Value> {
    let ends = events.iter().filter(|event| {
        let name = event["event"].as_str().unwrap();
        ["command-finished", "command-interrupted", "command-lost"].contains(&name)
    });
    ends.map(|event| {
        assert!(
            event["durationInSeconds"].as_f64().unwrap() >= 0.0,
            "{event}"
        );
        json!([
            event["event"],
            event["phase"],
            event["finally"],
            event["number"],
            event["command"],
            event["exitStatus"],
        ])
    })
    .collect()
}

#[test]
fn every_command_has_a_start_and_an_end() {
    let env = TestEnv::new()
        .buildspec(
            "version: 0.2
phases:
  install:
    commands: [echo one, deploy all]
    finally: [echo last]
  build:
    commands: [sleep 0.2, exit 3, echo never]
",
        )
        .args(&["--mock", "^deploy"]);
    let (run, events) = run_with_events(&env);
    run.assert_failed();
    let end = |phase, is_finally: bool, number: u32, command, status: i32| {
        json!([
            "command-finished",
            phase,
            is_finally,
            number,
            command,
            status
        ])
    };
    assert_eq!(
        ends(&events),
        [
            end("INSTALL", false, 1, "echo one", 0),
            end("INSTALL", false, 2, "deploy all", 0),
            end("INSTALL", true, 1, "echo last", 0),
            end("BUILD", false, 1, "sleep 0.2", 0),
            end("BUILD", false, 2, "exit 3", 3),
        ]
    );
    let of = |command: &'static str| {
        let events = events.iter();
        events.filter(move |event| event["command"] == command)
    };
    let slept = of("sleep 0.2").next_back().unwrap();
    assert!(
        slept["durationInSeconds"].as_f64().unwrap() >= 0.2,
        "{slept}"
    );
    assert_eq!(of("exit 3").count(), 2, "a start and an end");
    let mocked = events
        .iter()
        .filter(|event| event["event"] == "command-mocked");
    assert_eq!(mocked.count(), 1);
}

#[test]
fn a_command_that_is_cut_short_has_an_end_without_a_status() {
    let env = TestEnv::new()
        .build_command("echo begun; sleep 600")
        .args(&["--events", FILE]);
    let running = env.start();
    running.wait_for_output("\nbegun\n");
    running.signal(Signal::INT);
    let run = running.finish();
    run.assert_code(130);
    let stream = fs::read(env.path(FILE)).unwrap();
    assert_eq!(String::from_utf8(replayed(&stream)).unwrap(), run.stdout);
    assert_eq!(
        ends(&events(&stream)),
        [json!([
            "command-interrupted",
            "BUILD",
            false,
            1,
            "echo begun; sleep 600",
            null
        ])]
    );
}

#[test]
fn a_command_whose_container_goes_away_is_lost() {
    let env = TestEnv::new()
        .build_command("echo begun; sleep 600")
        .args(&["--events", FILE]);
    let running = env.start();
    running.wait_for_output("\nbegun\n");
    crate::engine::docker(&["kill", &running.container()]);
    let run = running.finish();
    run.assert_failed();
    let stream = fs::read(env.path(FILE)).unwrap();
    assert_eq!(String::from_utf8(replayed(&stream)).unwrap(), run.stdout);
    assert_eq!(
        ends(&events(&stream)),
        [json!([
            "command-lost",
            "BUILD",
            false,
            1,
            "echo begun; sleep 600",
            null
        ])]
    );
}

#[test]
fn output_that_is_no_text_comes_back_to_the_byte() {
    let env = TestEnv::new().build_commands(&[
        r"printf 'caf\351\n'",
        r"printf '\303'; sleep 0.3; printf '\251 whole\n'",
        "head -c 200000 /dev/urandom",
    ]);
    let (run, events) = run_with_events(&env);
    run.assert_succeeded();
    let texts: Vec<&str> = events
        .iter()
        .filter_map(|event| event["text"].as_str())
        .collect();
    assert!(texts.contains(&"caf\u{fffd}\n"), "{texts:?}");
    let whole = events.iter().find(|event| event["text"] == "é whole\n");
    assert_eq!(whole.unwrap().get("base64"), None);
}

#[test]
fn events_have_no_secrets() {
    let env = TestEnv::new()
        .buildspec(
            "version: 0.2
env:
  parameter-store: {TOKEN: /token}
phases:
  build:
    commands: ['echo $TOKEN', 'printf hunt; sleep 0.3; printf er22', 'echo hunter22']
",
        )
        .args(&["--env", "TOKEN=hunter22"]);
    let (run, events) = run_with_events(&env);
    run.assert_succeeded();
    let text = Value::from(events).to_string();
    assert!(!text.contains("hunter22"), "{text}");
    assert!(text.contains("\"echo ***\""), "{text}");
}

#[test]
fn a_stream_can_be_followed_and_takes_the_place_of_an_older_one() {
    let target = "elsewhere";
    let env = TestEnv::new()
        .build_command("echo begun; sleep 600")
        .args(&["--events", FILE]);
    fs::write(env.path(target), "old").unwrap();
    std::os::unix::fs::symlink(target, env.path(FILE)).unwrap();
    let running = env.start();
    running.wait_for_output("\nbegun\n");
    let stream = || fs::read_to_string(env.path(FILE)).unwrap();
    let told = crate::engine::eventually(std::time::Duration::from_secs(10), || {
        stream().contains("\"text\":\"begun\\n\"")
    });
    assert!(told, "{}", stream());
    running.signal(Signal::KILL);
    running.finish();
    assert_eq!(fs::read_to_string(env.path(target)).unwrap(), "old");
}

#[test]
fn json_on_stdout_is_the_same_stream() {
    let env = TestEnv::new()
        .build_command("echo hello")
        .args(&["--events", FILE, "--format", "json"]);
    let run = env.run();
    run.assert_succeeded();
    let stream = fs::read_to_string(env.path(FILE)).unwrap();
    assert_eq!(run.stdout, stream);
    assert!(!events(stream.as_bytes()).is_empty());
}

#[test]
fn a_file_that_cannot_be_written_is_refused_before_the_build() {
    let env = TestEnv::new()
        .build_command("true")
        .args(&["--events", "no/such/place"]);
    let run = env.run();
    run.assert_code(2);
    assert!(run.stderr.contains("cannot write `no/such/place`"), "{run}");
    assert_eq!(run.stdout, "");
}
