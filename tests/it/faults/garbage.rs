//! What answers is no engine, or one of another age.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::proxy::Proxy;
use super::{assert_whole, leftovers};
use crate::engine;
use crate::env::TestEnv;

/// A server on a port of this machine that says the same to everybody, and its address. It ends with
/// the tests.
fn server(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || say(stream.unwrap(), answer));
        }
    });
    format!("tcp://{address}")
}

fn say(mut stream: TcpStream, answer: &str) {
    if answer.is_empty() {
        return;
    }
    let _ = stream.read(&mut [0; 4096]);
    let _ = stream.write_all(answer.as_bytes());
}

#[test]
fn what_is_no_engine_is_told() {
    let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 26\r\nConnection: close\r\n\r\n<html>It works!</html>    ";
    let broken = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\nConnection: close\r\n\r\nwoes\n";
    let old = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 88\r\nConnection: close\r\n\r\n{\"message\":\"client version 1.24 is too old. Minimum supported API version is 1.44\"}     ";
    let truncated = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\nConnection: close\r\n\r\n{\"ID\":\"AAAA\",\"Contai";
    for (answer, words) in [
        ("SSH-2.0-OpenSSH_9.2\r\n", "no engine answers at"),
        ("", "no engine answers at"),
        (page, "no engine answers at"),
        (truncated, "no engine answers at"),
        (broken, "woes"),
        (old, "client version 1.24 is too old"),
    ] {
        let env = TestEnv::new()
            .build_command("true")
            .variable("DOCKER_HOST", &server(answer))
            // Whoever waited for more would do so for longer than a test waits.
            .args(&["--engine-timeout", "1h"]);
        let run = env.start().finish();
        run.assert_code(3);
        assert_whole(&run);
        assert!(run.stderr.contains(words), "{answer}: {run}");
        assert_eq!(leftovers(&env), 0);
    }
}

#[test]
fn a_socket_that_never_answers_is_given_ten_seconds() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("tcp://{}", listener.local_addr().unwrap());
    let env = TestEnv::new()
        .build_command("true")
        .variable("DOCKER_HOST", &host);
    let start = Instant::now();
    let run = env.run();
    let took = start.elapsed();
    run.assert_code(3);
    assert!(
        run.stderr.contains("the engine did not answer within 10 s"),
        "{run}"
    );
    assert!(took > Duration::from_secs(9), "{took:?}");
    // Later requests have a minute.
    assert!(took < Duration::from_secs(50), "{took:?}");
}

#[test]
fn no_request_asks_for_a_version_of_the_api() {
    // Engines refuse a version that is too new or too old for them; one that nobody asks for is theirs.
    let proxy = Proxy::start(&engine::socket());
    let env = TestEnv::new()
        .buildspec(
            "version: 0.2\nphases: {build: {commands: [touch out]}}\nartifacts: {files: [out]}\n",
        )
        .args(&["--source-transfer", "tar", "-a", "artifacts"])
        .variable("DOCKER_HOST", &proxy.host());
    env.run().assert_succeeded();
    let requests = proxy.requests();
    assert!(requests.len() > 8, "{requests:#?}");
    for request in requests {
        let path = request.split(' ').nth(1).unwrap();
        assert!(!path.starts_with("/v1."), "{request}");
    }
}
