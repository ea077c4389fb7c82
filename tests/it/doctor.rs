//! What `cobuild doctor` finds where all is well, and where it is not.

mod engines;
mod machine;
mod registries;

use std::fs;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::engine::daemon::Daemon;
use crate::engine::{self, docker};
use crate::env::{Run, Running};

/// A home of its own, and an engine.
struct Patient {
    home: TempDir,
    host: Option<String>,
}

impl Patient {
    /// With the engine that all tests share.
    fn new() -> Self {
        engine::require();
        Self {
            home: tempfile::tempdir().unwrap(),
            host: std::env::var("DOCKER_HOST").ok(),
        }
    }

    /// With the engine at this address.
    fn at(host: &str) -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            host: Some(host.to_owned()),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cobuild"));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.home.path());
        if let Some(host) = &self.host {
            command.env("DOCKER_HOST", host);
        }
        command
    }

    /// `cobuild doctor` with a registry that refuses at once, unless another is named.
    fn examine(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(&["doctor"]);
        command.args(arguments);
        if !arguments.contains(&"--pull") {
            command.args(["--pull", NO_REGISTRY]);
        }
        command
    }

    fn examined(&self, arguments: &[&str]) -> Run {
        Run::new(self.examine(arguments).output().unwrap())
    }

    fn report(&self) -> Report {
        Report::of(&self.examined(&["--format", "json"]))
    }
}

/// An image of a registry that is not there.
const NO_REGISTRY: &str = "127.0.0.1:1/nothing:1";

/// The document of an examination.
struct Report(Value);

impl Report {
    #[track_caller]
    fn of(run: &Run) -> Self {
        Self(serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}")))
    }

    #[track_caller]
    fn check(&self, name: &str) -> &Value {
        let checks = self.0["checks"].as_array().unwrap();
        let found = checks.iter().find(|check| check["name"] == name);
        found.unwrap_or_else(|| panic!("no `{name}` in {:#}", self.0))
    }

    #[track_caller]
    fn assert(&self, name: &str, verdict: &str, found: &str) {
        let check = self.check(name);
        assert_eq!(check["verdict"], verdict, "{check:#}");
        let text = check["found"].as_str().unwrap();
        assert!(text.contains(found), "{check:#}");
        let is_well = matches!(verdict, "ok" | "not-tried");
        assert_eq!(check["remedy"].is_null(), is_well, "{check:#}");
    }
}

/// What the trials leave in an engine.
fn leavings(host: &[&str]) -> Vec<String> {
    let ask = |arguments: &[&str]| docker(&[host, arguments].concat());
    let label = ["--filter", "label=cobuild.trial"];
    let containers = ask(&[&["ps", "-aq"], label.as_slice()].concat());
    let images = ask(&[&["images", "-q"], label.as_slice()].concat());
    let lines = [containers, images];
    let lines = lines.iter().flat_map(|text| text.lines());
    lines.map(str::to_owned).collect()
}

#[test]
fn an_engine_that_is_well_is_found_well() {
    let patient = Patient::new();
    let report = patient.report();
    assert_eq!(report.0["engine"]["product"], "Docker");
    let version = docker(&["version", "--format", "{{.Server.Version}}"]);
    let api = docker(&["version", "--format", "{{.Server.APIVersion}}"]);
    assert_eq!(report.0["engine"]["version"], version);
    report.assert("version", "ok", &format!("Docker {version}, API {api}"));
    let driver = docker(&["info", "--format", "{{.Driver}}"]);
    report.assert("storage-driver", "ok", &driver);
    for name in [
        "engine",
        "machine",
        "clock",
        "container",
        "network",
        "copy-on-write",
        "bind-mount",
        "privileged",
        "init",
        "limits",
        "cache-disk",
        "git",
        "credentials",
    ] {
        report.assert(name, "ok", "");
    }
    // What this machine emulates is its own affair.
    let platform = report.check("platform");
    let emulates = fs::read_dir("/proc/sys/fs/binfmt_misc").is_ok_and(|all| {
        all.flatten()
            .any(|it| it.file_name().to_string_lossy().contains("aarch64"))
    });
    let verdict = if emulates { "ok" } else { "warning" };
    assert_eq!(platform["verdict"], verdict, "{platform:#}");
    let runs = patient.home.path().join(".cache/cobuild/runs");
    assert_eq!(fs::read_dir(runs).unwrap().count(), 0);
}

#[test]
fn people_read_words_or_signs() {
    let patient = Patient::at("unix:///nowhere/docker.sock");
    let plain = patient.examined(&[]);
    plain.assert_failed();
    let first = "failed    engine          no engine answers at `unix:///nowhere/docker.sock` (from the variable DOCKER_HOST): ";
    assert!(plain.stdout.starts_with(first), "{plain}");
    assert!(
        plain
            .stdout
            .contains("\n                          → start that engine")
    );
    assert!(
        plain
            .stdout
            .contains("\nnot tried container       no engine answers\n")
    );
    assert!(plain.stdout.ends_with("\n1 failed.\n"), "{plain}");
    assert_eq!(plain.stderr, "");
    let colored = patient.examined(&["--color", "always"]);
    assert!(
        colored.stdout.contains("\x1b[1m\x1b[31m✗\x1b[0m engine"),
        "{colored}"
    );
    assert!(colored.stdout.contains("✓\x1b[0m git"), "{colored}");
}

#[test]
fn whoever_stops_it_finds_nothing_left() {
    // Nothing answers there, so the pull lasts.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let image = format!("{}/x:1", silent.local_addr().unwrap());
    let daemon = Daemon::start(&[]);
    let patient = Patient::at(&daemon.host());
    let host = ["--host", &daemon.host()];
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let running = Running::start(patient.examine(&["--pull", &image]));
        let begun = || !leavings(&host).is_empty();
        assert!(engine::eventually(Duration::from_secs(20), begun));
        running.signal(signal);
        let run = running.finish();
        run.assert_code(code);
        assert_eq!(run.stdout, "");
        assert_eq!(leavings(&host), [""; 0]);
    }
    // One that is killed leaves it to `cobuild clean`.
    let running = Running::start(patient.examine(&["--pull", &image]));
    let begun = || leavings(&host).len() >= 2;
    assert!(engine::eventually(Duration::from_secs(20), begun));
    running.signal(Signal::KILL);
    running.finish();
    let clean = || Run::new(patient.command(&["clean"]).output().unwrap());
    let cleaned = || {
        let run = clean();
        run.assert_succeeded();
        run.stdout.contains("removed image cobuild-trial:")
    };
    assert!(cleaned());
    let gone = || {
        clean();
        leavings(&host).is_empty()
    };
    assert!(engine::eventually(Duration::from_secs(10), gone));
    let runs = patient.home.path().join(".cache/cobuild/runs");
    assert_eq!(fs::read_dir(runs).unwrap().count(), 0);
}
