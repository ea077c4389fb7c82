//! Proxies of this machine, in the build.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use crate::engine;
use crate::env::TestEnv;

const SHOW: &str = "env | grep -i _proxy= | sort";

#[test]
fn proxies_are_handed_on_when_asked_for() {
    let env = TestEnv::new()
        .build_command(SHOW)
        .variable("HTTP_PROXY", "http://proxy.example:3128")
        .variable("no_proxy", "localhost,.example");
    let run = env.again(&["--proxy", "--env", "NO_PROXY=mine"]).run();
    run.assert_succeeded();
    assert_eq!(
        run.output_of(SHOW),
        "HTTP_PROXY=http://proxy.example:3128\nNO_PROXY=mine\nhttp_proxy=http://proxy.example:3128\nno_proxy=localhost,.example\n"
    );
    assert!(!run.stderr.contains("warning"), "{run}");
    let run = env.run();
    assert_eq!(run.output_of(SHOW), "", "nobody asked");
}

#[test]
fn a_proxy_carries_requests_of_the_build() {
    let gateway = engine::gateway();
    let listener = TcpListener::bind((gateway.as_str(), 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let proxy = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut request = [0; 1024];
        let read = client.read(&mut request).unwrap();
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nproxied\n";
        client.write_all(answer).unwrap();
        String::from_utf8_lossy(&request[..read]).into_owned()
    });
    let run = TestEnv::new()
        .build_command("curl -sS http://nowhere.example/path")
        .variable("http_proxy", &format!("http://{address}"))
        .arg("--proxy")
        .run();
    run.assert_succeeded();
    assert_eq!(
        run.output_of("curl -sS http://nowhere.example/path"),
        "proxied\n"
    );
    let request = proxy.join().unwrap();
    assert!(
        request.starts_with("GET http://nowhere.example/path "),
        "{request}"
    );
}

#[test]
fn a_proxy_that_the_build_cannot_reach_is_told() {
    let env = TestEnv::new()
        .build_command("true")
        .variable("HTTPS_PROXY", "http://me:hunter2@127.0.0.1:3128");
    let run = env.again(&["--proxy"]).run();
    run.assert_succeeded();
    assert!(
        run.stderr
            .contains("warning: HTTPS_PROXY, https_proxy is a proxy of this very machine"),
        "{run}"
    );
    assert!(!run.stderr.contains("hunter2"), "{run}");
    let run = env.again(&["--proxy", "--network", "host"]).run();
    assert!(!run.stderr.contains("warning"), "{run}");
    let run = TestEnv::new().build_command("true").arg("--proxy").run();
    assert!(run.stderr.contains("`--proxy` has no effect"), "{run}");
}
