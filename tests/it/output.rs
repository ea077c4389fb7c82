//! What goes where: the log and its other forms, colours, help, and outputs that nobody reads.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::engine;
use crate::env::{Run, TestEnv};

/// One JSON object a line.
#[track_caller]
fn events(run: &Run) -> Vec<Value> {
    run.stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

#[test]
fn every_event_is_one_line_of_json_and_the_texts_are_the_output() {
    // A long line of letters of two bytes each, so that no even cut goes between two letters.
    let long =
        "s=é; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do s=$s$s; done; printf x$s";
    let run = TestEnv::new()
        .buildspec(&format!(
            "version: 0.2
phases:
  install:
    commands: ['printf \"one\\ntwo\" && echo three >&2']
  build:
    commands: ['{long}', exit 3]
artifacts:
  files: [buildspec.yml]
"
        ))
        .args(&["--format", "json"])
        .run();
    run.assert_failed();
    let events = events(&run);
    for event in &events {
        assert!(event["event"].is_string(), "{event}");
        let time = event["time"].as_str().unwrap();
        assert!(time.parse::<jiff::Timestamp>().is_ok(), "{time}");
    }
    let names: Vec<&str> = events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    assert_eq!(names.first(), Some(&"build-started"));
    assert_eq!(names.last(), Some(&"build-finished"));
    assert_eq!(events.last().unwrap()["status"], "FAILED");

    let texts: String = events
        .iter()
        .filter(|event| event["event"] == "output")
        .map(|event| event["text"].as_str().unwrap())
        .collect();
    let expected = format!("one\ntwothree\nx{}", "é".repeat(1 << 17));
    assert!(
        texts == expected,
        "{} characters, {} of them replacements",
        texts.chars().count(),
        texts.matches('\u{FFFD}').count()
    );

    let finished: Vec<(&str, &Value)> = events
        .iter()
        .filter(|event| event["event"] == "command-finished")
        .map(|event| (event["command"].as_str().unwrap(), &event["exitStatus"]))
        .collect();
    assert_eq!(finished.last(), Some(&("exit 3", &Value::from(3))));
    let failed = events
        .iter()
        .find(|event| event["event"] == "phase-finished" && event["status"] == "FAILED")
        .unwrap();
    assert_eq!(failed["phase"], "BUILD");
    assert_eq!(failed["context"]["statusCode"], "COMMAND_EXECUTION_ERROR");
    assert!(run.stderr.contains("FAILED in "), "{run}");
}

#[test]
fn the_finished_build_has_the_shape_of_the_api() {
    let (run, build) = TestEnv::new()
        .build_command("sleep 1.1")
        .args(&["--timeout", "90s"])
        .run_with_json();
    run.assert_succeeded();
    let id = build["id"].as_str().unwrap();
    assert!(id.starts_with("source:"), "{id}");
    for (field, value) in [
        (
            "arn",
            Value::from(format!(
                "arn:aws:codebuild:us-east-1:000000000000:build/{id}"
            )),
        ),
        ("buildNumber", 1.into()),
        ("buildStatus", "SUCCEEDED".into()),
        ("buildComplete", true.into()),
        ("currentPhase", "COMPLETED".into()),
        ("initiator", "tester".into()),
        ("projectName", "source".into()),
        ("timeoutInMinutes", 2.into()),
        ("queuedTimeoutInMinutes", 480.into()),
    ] {
        assert_eq!(build[field], value, "{field}");
    }
    assert_eq!(build["environment"]["image"], engine::IMAGE);
    assert_eq!(build["environment"]["type"], "LINUX_CONTAINER");
    assert_eq!(build["environment"]["privilegedMode"], false);
    assert_eq!(build["source"]["type"], "S3");

    let phases = build["phases"].as_array().unwrap();
    assert_eq!(phases[0]["startTime"], build["startTime"]);
    assert_eq!(phases.last().unwrap()["startTime"], build["endTime"]);
    let agent_phases = [
        "DOWNLOAD_SOURCE",
        "INSTALL",
        "PRE_BUILD",
        "BUILD",
        "POST_BUILD",
        "UPLOAD_ARTIFACTS",
    ];
    for pair in phases.windows(2) {
        let (phase, next) = (&pair[0], &pair[1]);
        assert_eq!(next["startTime"], phase["endTime"], "{next}");
        assert_eq!(phase["phaseStatus"], "SUCCEEDED", "{phase}");
        let took = phase["endTime"].as_f64().unwrap() - phase["startTime"].as_f64().unwrap();
        let seconds = phase["durationInSeconds"].as_u64().unwrap();
        // Both times are rounded to the millisecond.
        let whole = Duration::from_millis(1) + Duration::from_secs_f64(took);
        assert!([seconds, seconds + 1].contains(&whole.as_secs()), "{phase}");
        let name = phase["phaseType"].as_str().unwrap();
        if agent_phases.contains(&name) {
            let empty = serde_json::json!([{ "statusCode": "", "message": "" }]);
            assert_eq!(phase["contexts"], empty, "{name}");
        }
        if name == "BUILD" {
            assert_eq!(seconds, 1, "{phase}");
        }
    }
    let completed = phases.last().unwrap().as_object().unwrap();
    let keys: Vec<&String> = completed.keys().collect();
    assert_eq!(keys, ["phaseType", "startTime"]);
    assert_eq!(completed["phaseType"], "COMPLETED");
}

#[test]
fn the_finished_build_of_a_failure_says_why() {
    let block = "if true; then\n  exit 3\nfi\n";
    let (run, build) = TestEnv::new().build_command(block).run_with_json();
    run.assert_failed();
    assert_eq!(build["buildStatus"], "FAILED");
    let phase = build["phases"]
        .as_array()
        .unwrap()
        .iter()
        .find(|phase| phase["phaseType"] == "BUILD")
        .unwrap();
    assert_eq!(phase["phaseStatus"], "FAILED");
    assert_eq!(
        phase["contexts"],
        serde_json::json!([{
            "statusCode": "COMMAND_EXECUTION_ERROR",
            "message": format!("Error while executing command: {block}. Reason: exit status 3"),
        }])
    );
}

#[test]
fn the_finished_build_is_written_for_a_stopped_build_as_well() {
    let env = TestEnv::new()
        .build_command("sleep 600")
        .args(&["--build-json", "build.json"]);
    let running = env.start();
    running.wait_for_line("> Running command sleep 600");
    running.signal(rustix::process::Signal::TERM);
    running.finish().assert_code(143);
    let build = env.json("build.json");
    assert_eq!(build["buildStatus"], "STOPPED");
    let phases = build["phases"].as_array().unwrap();
    let [build_phase, completed] = phases.last_chunk().unwrap();
    assert_eq!(build_phase["phaseType"], "BUILD");
    assert_eq!(build_phase["phaseStatus"], "STOPPED");
    assert!(build_phase.get("contexts").is_none(), "{build_phase}");
    assert_eq!(completed["phaseType"], "COMPLETED");
}

#[test]
fn the_finished_build_replaces_an_older_one() {
    let env = TestEnv::new()
        .file("../build.json", "old ".repeat(100_000))
        .build_command("true");
    let (run, build) = env.run_with_json();
    run.assert_succeeded();
    assert_eq!(build["buildStatus"], "SUCCEEDED");
}

#[test]
fn stdout_has_the_log_and_stderr_the_rest() {
    let run = TestEnv::new().build_command("echo to stderr >&2").run();
    run.assert_succeeded();
    assert!(run.stdout.contains("\nto stderr\n"), "{run}");
    assert!(!run.stderr.contains("to stderr"), "{run}");
    for line in run.stdout.lines() {
        assert!(
            line.starts_with("[Container] ") || ["to stderr", ""].contains(&line),
            "{line}"
        );
    }
    assert!(run.stderr.contains("SUCCEEDED in "), "{run}");
    assert!(!run.stderr.contains("[Container]"), "{run}");
}

/// A text without its colours.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut parts = text.split("\x1b[");
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        plain.push_str(part.split_once('m').unwrap().1);
    }
    plain
}

#[test]
fn colours_come_when_they_are_asked_for_and_change_no_text() {
    let env = || TestEnv::new().build_command("echo output; exit 1");
    let coloured = env().args(&["--color", "always"]).run();
    assert!(coloured.stdout.contains("\x1b["), "{coloured}");
    assert!(coloured.stderr.contains("\x1b["), "{coloured}");
    let without = env().run();
    let stripped = Run {
        stdout: plain(&coloured.stdout),
        stderr: plain(&coloured.stderr),
        code: coloured.code,
    };
    assert_eq!(stripped.log(), without.log());
    // The flag says more than the variable.
    let always = env()
        .variable("NO_COLOR", "1")
        .args(&["--color", "always"])
        .run();
    assert!(always.stdout.contains("\x1b["), "{always}");
}

#[test]
fn there_is_no_colour_without_a_terminal_or_when_it_is_not_wanted() {
    let env = || TestEnv::new().build_command("echo output; exit 1");
    for quiet in [
        env(),
        env().args(&["--color", "never"]),
        env()
            .variable("CLICOLOR_FORCE", "1")
            .args(&["--color", "never"]),
        env()
            .variable("CLICOLOR_FORCE", "1")
            .variable("NO_COLOR", "1"),
    ] {
        let run = quiet.run();
        assert!(!run.stdout.contains('\x1b'), "{run}");
        assert!(!run.stderr.contains('\x1b'), "{run}");
    }
    let forced = env().variable("CLICOLOR_FORCE", "1").run();
    assert!(forced.stdout.contains('\x1b'), "{forced}");
}

#[test]
fn traces_are_coloured_as_asked() {
    let run = |arguments: &[&str]| {
        let env = TestEnv::new().build_command("true").args(&["-vv"]);
        let run = env.args(arguments).run();
        assert!(run.stderr.contains("engine at `"), "{run}");
        run.stderr.contains("\x1b[")
    };
    assert!(!run(&[]));
    assert!(!run(&["--color", "never"]));
    assert!(run(&["--color", "always"]));
}

#[test]
fn a_usage_error_is_coloured_as_asked() {
    let error = |arguments: &[&str]| {
        TestEnv::new()
            .args(arguments)
            .args(&["-s", "nowhere"])
            .run()
    };
    assert!(!error(&[]).stderr.contains('\x1b'));
    let never = error(&["--color", "never"]);
    assert!(!never.stderr.contains('\x1b'), "{never}");
    let always = error(&["--color", "always"]);
    assert!(always.stderr.contains('\x1b'), "{always}");
}

#[test]
fn a_terminal_gets_colours_and_no_control_characters_of_the_build() {
    let env = TestEnv::new()
        .build_command(r"printf '\033]0;title\007\033[31mred\033[0m\n'")
        .args(&["--timestamps", "full"])
        .variable("TERM", "xterm-256color");
    let cobuild = env.command();
    let line: Vec<String> = std::iter::once(cobuild.get_program())
        .chain(cobuild.get_args())
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    let mut terminal = Command::new("script");
    terminal
        .args(["-qec", &line.join(" "), "/dev/null"])
        .env_clear()
        .stdin(Stdio::null());
    for (name, value) in cobuild.get_envs() {
        terminal.env(name, value.unwrap());
    }
    let run = Run::new(terminal.output().unwrap());
    run.assert_succeeded();
    assert!(
        run.stdout.contains("^[]0;title^G\x1b[31mred\x1b[0m\r\n"),
        "{run}"
    );
    assert!(run.stdout.contains("\x1b[2m[Container] "), "{run}");
}

#[test]
fn a_reader_that_goes_away_ends_the_build() {
    let env = TestEnv::new().build_command("yes | head -c 100000000; sleep 600");
    for arguments in [&[][..], &["--format", "json"]] {
        let mut child = env
            .command()
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let label = format!("cobuild.pid={}", child.id());
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut first)
            .unwrap();
        let mut status = None;
        let ended = engine::eventually(Duration::from_mins(1), || {
            status = child.try_wait().unwrap();
            status.is_some()
        });
        if !ended {
            child.kill().unwrap();
            panic!("still running");
        }
        let mut stderr = String::new();
        child.stderr.unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!(status.unwrap().code(), Some(141), "{stderr}");
        let said = "error: stdout was closed: the build was stopped\n";
        assert!(stderr.ends_with(said), "{stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
        assert_eq!(engine::containers(&label), [""; 0]);
    }
}

#[test]
fn a_closed_stderr_disturbs_no_build() {
    let env = TestEnv::new().build_command("echo output");
    let mut child = env.spawn();
    drop(child.stderr.take());
    let output = child.wait_with_output().unwrap();
    let run = Run::new(output);
    run.assert_succeeded();
    assert!(run.log().ends_with("Message: \n"), "{run}");
}

/// Runs cobuild itself, without `run`.
fn cobuild(arguments: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_cobuild"))
        .args(arguments)
        .env_clear()
        .output()
        .unwrap();
    Run::new(output)
}

#[test]
fn the_version_is_told() {
    for flag in ["--version", "-V"] {
        let run = cobuild(&[flag]);
        run.assert_succeeded();
        assert_eq!(
            run.stdout,
            format!("cobuild {}\n", env!("CARGO_PKG_VERSION"))
        );
    }
}

#[test]
fn help_tells_the_subcommands_the_flags_and_the_exit_statuses() {
    let run = cobuild(&["--help"]);
    run.assert_succeeded();
    for text in ["Usage: cobuild", "\n  run ", "Exit status:", "  130  "] {
        assert!(run.stdout.contains(text), "no `{text}` in {run}");
    }
    let run = cobuild(&["run", "--help"]);
    run.assert_succeeded();
    assert_eq!(run.stderr, "");
    for flag in [
        "-i, --image",
        "-b, --buildspec",
        "-s, --source",
        "-a, --artifacts",
        "-e, --env-file",
        "--env ",
        "-m, --mount",
        "-d, --privileged",
        "--timeout",
        "--grace <DURATION>",
        "--build-json",
        "--format",
        "--host",
    ] {
        assert!(run.stdout.contains(flag), "no `{flag}` in {run}");
    }
}

#[test]
fn no_arguments_at_all_are_a_usage_error_with_help() {
    let run = cobuild(&[]);
    run.assert_code(2);
    assert_eq!(run.stdout, "");
    assert!(run.stderr.contains("Usage: cobuild"), "{run}");
}
