//! What is wrong with the machine itself.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{Patient, Report};
use crate::env::Run;

const NOWHERE: &str = "unix:///nowhere/docker.sock";

/// Writes a program.
fn program(directory: &std::path::Path, name: &str, script: &str) {
    fs::create_dir_all(directory).unwrap();
    let path = directory.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn credential_helpers_are_asked() {
    let patient = Patient::at(NOWHERE);
    let bin = patient.home.path().join("bin");
    program(
        &bin,
        "docker-credential-good",
        "[ \"$1\" = list ] && echo '{}'",
    );
    program(&bin, "docker-credential-shy", "[ \"$1\" = version ]");
    program(&bin, "docker-credential-bad", "exit 7");
    program(&bin, "docker-credential-stuck", "exec sleep 600");
    fs::create_dir(patient.home.path().join(".docker")).unwrap();
    let report = |config: &str| {
        fs::write(patient.home.path().join(".docker/config.json"), config).unwrap();
        let mut command = patient.examine(&["--format", "json"]);
        command.env("PATH", format!("{}:/bin:/usr/bin", bin.display()));
        Report::of(&Run::new(command.output().unwrap()))
    };
    let well = report(r#"{"credsStore": "good", "credHelpers": {"registry.example": "shy"}}"#);
    well.assert("credentials", "ok", "good, shy");
    for (helper, found) in [
        (
            "missing",
            "`docker-credential-missing` was not found in PATH",
        ),
        (
            "bad",
            "`docker-credential-bad version` ended with exit status: 7",
        ),
        ("stuck", "did not answer within 1 s"),
        ("../bad", "is not a valid helper name"),
    ] {
        let config = format!(r#"{{"credsStore": "{helper}", "credHelpers": {{"r": "good"}}}}"#);
        report(&config).assert("credentials", "warning", found);
    }
    report("{").assert("credentials", "warning", "cannot read");
    report("{}").assert("credentials", "ok", "no helper is configured");
}

#[test]
fn what_is_missing_here_is_told() {
    let patient = Patient::at(NOWHERE);
    let mut command = patient.examine(&["--format", "json"]);
    command
        .env("PATH", patient.home.path())
        .env("XDG_CACHE_HOME", "/proc/nowhere");
    let run = Run::new(command.output().unwrap());
    run.assert_failed();
    let report = Report::of(&run);
    report.assert("git", "warning", "git was not found in PATH");
    report.assert(
        "cache-disk",
        "failed",
        "cannot write to `/proc/nowhere/cobuild`",
    );
}
