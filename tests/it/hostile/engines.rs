//! Engines that answer without end, in front of the real one: an image may have labels without number, a
//! registry may send one line for ever, and an engine hands on what it has.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;
use std::time::Duration;

use super::measured::run;
use crate::engine;
use crate::env::TestEnv;

/// How long a run may take.
const LIMIT: Duration = Duration::from_mins(1);

/// What is answered in the engine's place.
#[derive(Clone, Copy)]
struct Answer {
    /// What a request's first line has in it.
    to: &'static str,
    head: &'static str,
    /// What comes again and again after it.
    again: &'static [u8],
}

/// Hands everything on to the engine but one kind of request; ends with the tests.
fn in_front(env: &TestEnv, answer: Answer) -> String {
    let path = env.path("engine.sock");
    let listener = UnixListener::bind(&path).unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            thread::spawn(move || pass(client.unwrap(), answer));
        }
    });
    format!("unix://{}", path.display())
}

/// One connection, which has one request.
fn pass(client: UnixStream, answer: Answer) {
    let mut reader = BufReader::new(client.try_clone().unwrap());
    let mut line = String::new();
    if reader.read_line(&mut line).is_err() {
        return;
    }
    let mut client = client;
    if line.contains(answer.to) {
        let _ = client.write_all(answer.head.as_bytes());
        let block = answer.again.repeat(1 + 64 * 1024 / answer.again.len());
        while client.write_all(&block).is_ok() {}
        return;
    }
    let mut engine = UnixStream::connect(engine::socket()).unwrap();
    let mut answers = engine.try_clone().unwrap();
    thread::spawn(move || {
        let _ = std::io::copy(&mut answers, &mut client);
        let _ = client.shutdown(std::net::Shutdown::Write);
    });
    let _ = engine.write_all(line.as_bytes());
    let mut chunk = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = reader.read(&mut chunk) {
        if engine.write_all(&chunk[..count]).is_err() {
            break;
        }
    }
    let _ = engine.shutdown(std::net::Shutdown::Write);
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";

#[test]
fn an_answer_without_an_end_is_read_to_a_bound() {
    for (to, head) in [
        ("/info ", "{\"Name\":\""),
        (
            "/images/cobuild-debian:12/json",
            "{\"Config\":{\"Env\":[\"A=",
        ),
        (
            "/images/cobuild-debian:12/json",
            "{\"Config\":{\"Labels\":{\"a\":\"",
        ),
        ("/containers/create", "{\"Id\":\""),
        ("/exec HTTP", "{\"Id\":\""),
    ] {
        let head: &'static str = format!("{OK}{head}").leak();
        let env = TestEnv::new()
            .buildspec("version: 0.2\nphases: {build: {commands: [touch x]}}\nartifacts: {files: ['**/*']}\n")
            .args(&["-a", "out", "--engine-timeout", "20s"]);
        let host = in_front(
            &env,
            Answer {
                to,
                head,
                again: b"xxxx",
            },
        );
        let env = env.variable("DOCKER_HOST", &host);
        let measured = run(&env, LIMIT, &[]);
        measured.assert_ended(3, "the engine sent more than");
    }
}

#[test]
fn a_list_without_an_end_is_read_to_a_bound() {
    let head: &'static str = format!("{OK}{{\"Config\":{{\"Env\":[\"\"").leak();
    let env = TestEnv::new().build_command("true");
    let host = in_front(
        &env,
        Answer {
            to: "/images/cobuild-debian:12/json",
            head,
            again: b",\"\"",
        },
    );
    let measured = run(&env.variable("DOCKER_HOST", &host), LIMIT, &[]);
    measured.assert_ended(3, "sent more than 4194304 bytes");
}

#[test]
fn a_refusal_without_an_end_is_read_to_a_bound() {
    for to in ["/images/", "/containers/create", "/attach", "/start "] {
        let env = TestEnv::new().build_command("true");
        let head = "HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n\r\n{\"message\":\"";
        let host = in_front(
            &env,
            Answer {
                to,
                head,
                again: b"woe ",
            },
        );
        let measured = run(&env.variable("DOCKER_HOST", &host), LIMIT, &[]);
        measured.assert_ended(3, "the engine sent more than");
    }
}

#[test]
fn a_line_of_a_pull_that_never_ends_is_read_to_a_bound() {
    for again in [&b"x"[..], b"\\n"] {
        let head: &'static str = format!("{OK}{{\"status\":\"").leak();
        let env = TestEnv::new()
            .build_command("true")
            .arg("--pull")
            .arg("always");
        let host = in_front(
            &env,
            Answer {
                to: "/images/create",
                head,
                again,
            },
        );
        let measured = run(&env.variable("DOCKER_HOST", &host), LIMIT, &[]);
        measured.assert_ended(1, "sent more than 2097152 bytes");
    }
}

#[test]
fn a_frame_that_never_ends_is_read_to_a_bound() {
    let head = "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n\x01\0\0\0\x7f\x7f\x7f\x7f";
    let env = TestEnv::new().build_command("true");
    let host = in_front(
        &env,
        Answer {
            to: "/attach",
            head,
            again: b"xxxx",
        },
    );
    let measured = run(&env.variable("DOCKER_HOST", &host), LIMIT, &[]);
    measured.assert_ended(3, "sent more than 2097152 bytes");
}
