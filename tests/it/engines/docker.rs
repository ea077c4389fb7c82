//! One dockerd, reached by its socket, by TLS and by ssh.

use super::contract;
use super::source_facts;
use super::way::{Eye, Way};
use crate::engine::certificates::Certificates;
use crate::engine::daemon::Daemon;
use crate::engine::sshd::{HOST, Sshd, free_port};
use crate::engine::user::PlainUser;

/// The number of the group that may use an engine; it need not be on the machine's list of groups.
const GROUP: u32 = 23_750;

/// A daemon that listens on its socket, and behind mutual TLS.
struct Served {
    daemon: Daemon,
    image: &'static str,
    certificates: Certificates,
    port: u16,
}

impl Served {
    fn start() -> Self {
        let certificates = Certificates::make();
        let port = free_port();
        let mut arguments = certificates.of_daemon();
        arguments.push(format!("--host=tcp://127.0.0.1:{port}"));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let daemon = Daemon::start(&arguments);
        let image = daemon.load_busybox();
        Self {
            daemon,
            image,
            certificates,
            port,
        }
    }

    /// The way by this address.
    fn way(&self, url: &str, transfer: &'static str) -> Way<'_> {
        Way {
            eye: Eye::Docker(&self.daemon),
            image: self.image,
            arguments: vec!["--host".to_owned(), url.to_owned()],
            variables: Vec::new(),
            transfer,
            has_init: true,
            alone: None,
            user: None,
        }
    }
}

#[test]
fn the_contract_holds_by_the_socket() {
    let served = Served::start();
    let way = served.way(&served.daemon.host(), "copy-on-write");
    contract::check("socket", &way);
    source_facts::check("socket", &way);
}

#[test]
fn the_contract_holds_behind_mutual_tls() {
    let served = Served::start();
    let files = tempfile::tempdir().unwrap();
    let all = ["ca.pem", "cert.pem", "key.pem"];
    served.certificates.write_client(files.path(), &all);
    let mut way = served.way(&format!("tcp://127.0.0.1:{}", served.port), "a tar stream");
    way.variables = vec![
        ("DOCKER_TLS_VERIFY", "1".to_owned()),
        ("DOCKER_CERT_PATH", files.path().display().to_string()),
    ];
    contract::check("TLS", &way);
    source_facts::check("TLS", &way);
}

#[test]
fn the_contract_holds_behind_ssh() {
    let served = Served::start();
    let sshd = Sshd::start(&[("DOCKER_HOST", &served.daemon.host())]);
    let mut way = served.way(&format!("ssh://{HOST}"), "a tar stream");
    let path = std::env::var("PATH").unwrap_or_default();
    way.variables = vec![("PATH", format!("{}:{path}", sshd.client().display()))];
    contract::check("ssh", &way);
    assert!(sshd.clients().is_empty(), "{:?}", sshd.clients());
}

/// How developers live: the engine is root's, and cobuild runs as a user of the group that may use it.
#[test]
fn the_contract_holds_for_a_user_of_the_group() {
    let daemon = Daemon::start(&[&format!("--group={GROUP}")]);
    daemon.open_to_its_group();
    let user = PlainUser::of_group(GROUP);
    let way = Way {
        eye: Eye::Docker(&daemon),
        image: daemon.load_busybox(),
        arguments: vec!["--host".to_owned(), daemon.host()],
        variables: Vec::new(),
        transfer: "copy-on-write",
        has_init: true,
        alone: None,
        user: Some(&user),
    };
    contract::check("group", &way);
    source_facts::check("group", &way);
}
