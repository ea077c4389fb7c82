//! Networks, names and addresses.

use crate::engine;
use crate::env::TestEnv;

const INTERFACES: &str = "ls /sys/class/net | tr '\\n' ' '";

#[test]
fn a_build_may_have_no_network() {
    let run = TestEnv::new()
        .build_command(INTERFACES)
        .args(&["--network", "none"])
        .run();
    run.assert_succeeded();
    assert!(!run.stdout.contains("eth0"), "{run}");
    let run = TestEnv::new().build_command(INTERFACES).run();
    assert!(run.stdout.contains("eth0"), "{run}");
}

#[test]
fn a_build_may_use_the_network_of_the_host() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let connect = format!("bash -c ': < /dev/tcp/127.0.0.1/{port}'");
    for (mode, code) in [("host", 0), ("bridge", 1)] {
        let run = TestEnv::new()
            .build_command(&connect)
            .args(&["--network", mode])
            .run();
        run.assert_code(code);
    }
}

/// A network of the engine that goes with this value.
struct Network(String);

impl Drop for Network {
    fn drop(&mut self) {
        let _ = std::process::Command::new("docker")
            .args(["network", "rm", &self.0])
            .output();
    }
}

#[test]
fn a_build_may_use_a_network_by_its_name() {
    let network = Network(format!("cobuild-test-{}", std::process::id()));
    let pid = std::process::id();
    let subnet = format!("10.253.{}.{}/28", pid % 256, pid / 256 % 16 * 16);
    engine::docker(&["network", "create", "--subnet", &subnet, &network.0]);
    let show = format!(
        "grep -m 1 -o '10.253.{}.[0-9]*' /proc/net/fib_trie",
        pid % 256
    );
    let run = TestEnv::new()
        .build_command(&show)
        .args(&["--network", &network.0])
        .run();
    run.assert_succeeded();
}

#[test]
fn names_are_given_addresses() {
    let run = TestEnv::new()
        .build_commands(&[
            "getent hosts db.example",
            "getent hosts gateway.example",
            "cat /etc/resolv.conf",
        ])
        .args(&["--add-host", "db.example:10.1.2.3"])
        .args(&["--add-host", "gateway.example:host-gateway"])
        .args(&["--dns", "10.9.8.7"])
        .run();
    run.assert_succeeded();
    assert!(
        run.output_of("getent hosts db.example")
            .starts_with("10.1.2.3 "),
        "{run}"
    );
    let gateway = engine::gateway();
    let told = run.output_of("getent hosts gateway.example");
    assert!(told.starts_with(&format!("{gateway} ")), "{gateway}: {run}");
    let resolver = run.output_of("cat /etc/resolv.conf");
    assert!(resolver.contains("nameserver 10.9.8.7"), "{run}");
}
