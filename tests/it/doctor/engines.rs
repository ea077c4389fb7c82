//! Engines that are not as they should be.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use super::{Patient, leavings};
use crate::engine::daemon::Daemon;

#[test]
fn an_engine_that_is_set_up_badly_is_told() {
    let daemon = Daemon::start(&["--storage-driver=vfs", "--init-path=/nowhere/init"]);
    let report = Patient::at(&daemon.host()).report();
    report.assert("storage-driver", "warning", "vfs");
    report.assert("init", "warning", "/nowhere/init");
    for name in [
        "container",
        "network",
        "copy-on-write",
        "privileged",
        "limits",
    ] {
        report.assert(name, "ok", "");
    }
    let root = daemon.docker(&["info", "--format", "{{.DockerRootDir}}"]);
    assert!(
        report.check("engine-disk")["found"]
            .as_str()
            .unwrap()
            .ends_with(&root)
    );
    assert_eq!(leavings(&["--host", &daemon.host()]), [""; 0]);
}

#[test]
fn an_engine_that_runs_nothing_is_told_once() {
    // The machine's own configuration may name another runtime.
    let config = tempfile::NamedTempFile::new().unwrap();
    let broken = r#"{"runtimes": {"broken": {"path": "/bin/false"}}, "default-runtime": "broken"}"#;
    std::fs::write(&config, broken).unwrap();
    let argument = format!("--config-file={}", config.path().display());
    let daemon = Daemon::start(&[&argument]);
    let patient = Patient::at(&daemon.host());
    patient.examined(&[]).assert_failed();
    let report = patient.report();
    report.assert("container", "failed", "does not run: ");
    for name in [
        "network",
        "copy-on-write",
        "bind-mount",
        "privileged",
        "platform",
    ] {
        report.assert(name, "not-tried", "no container runs");
    }
    assert_eq!(leavings(&["--host", &daemon.host()]), [""; 0]);
}

#[test]
fn an_engine_elsewhere_gets_sources_as_a_tar() {
    let daemon = Daemon::start(&[]);
    let host = forward(&daemon);
    let report = Patient::at(&host).report();
    report.assert("engine", "ok", &host);
    report.assert("copy-on-write", "warning", "streamed as a tar");
    report.assert("engine-disk", "not-tried", "another system");
    report.assert("container", "ok", "");
}

/// Makes a daemon's socket a port, and returns its address.
fn forward(daemon: &Daemon) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let socket = daemon.socket();
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut engine = std::os::unix::net::UnixStream::connect(&socket).unwrap();
            let (mut to_engine, mut from_engine) =
                (client.try_clone().unwrap(), engine.try_clone().unwrap());
            thread::spawn(move || {
                let _ = std::io::copy(&mut to_engine, &mut engine);
                let _ = engine.shutdown(std::net::Shutdown::Write);
            });
            thread::spawn(move || {
                let _ = std::io::copy(&mut from_engine, &mut client);
                let _ = client.shutdown(std::net::Shutdown::Write);
            });
        }
    });
    format!("tcp://{address}")
}

#[test]
fn an_engine_that_is_too_old_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("tcp://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            thread::spawn(move || {
                let request = head(&mut client);
                let body = if request.contains("/version ") {
                    r#"{"Version":"19.03.15","ApiVersion":"1.40","Platform":{"Name":"Docker Engine - Community"}}"#
                } else if request.contains("/info ") {
                    r#"{"ServerVersion":"19.03.15","Driver":"overlay2","Architecture":"x86_64"}"#
                } else {
                    "{}"
                };
                let status = if body == "{}" {
                    "404 Not Found"
                } else {
                    "200 OK"
                };
                let _ = write!(
                    client,
                    "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                );
            });
        }
    });
    let patient = Patient::at(&host);
    patient.examined(&[]).assert_failed();
    let report = patient.report();
    report.assert("engine", "ok", &host);
    report.assert(
        "version",
        "failed",
        "Docker Engine - Community 19.03.15, API 1.40: too old",
    );
    report.assert("clock", "not-tried", "does not report");
}

/// Reads a request up to its body.
fn head(client: &mut impl Read) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte).unwrap_or(0) == 1 {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

#[test]
fn without_an_engine_the_rest_is_examined() {
    for (host, found) in [
        ("unix:///nowhere/docker.sock", "no engine answers at"),
        ("tcp://127.0.0.1:1", "no engine answers at"),
    ] {
        let patient = Patient::at(host);
        patient.examined(&[]).assert_failed();
        let report = patient.report();
        report.assert("engine", "failed", found);
        assert_eq!(report.0["engine"]["url"], host);
        for name in ["version", "container", "privileged", "pull", "engine-disk"] {
            report.assert(name, "not-tried", "no engine answers");
        }
        report.assert("git", "ok", "");
    }
}
