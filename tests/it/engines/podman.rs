//! Podman, by a socket of its service and as cobuild's own child.

use std::time::Duration;

use super::contract;
use super::source_facts;
use super::way::{Alone, Eye, Way};
use crate::engine::eventually;
use crate::engine::podman::Podman;

/// The engine's own line by which there is an init process; Debian's Podman brings none.
const INIT: &str = "init_path = \"/usr/bin/tini-static\"";

#[test]
fn the_contract_holds_by_the_socket() {
    let podman = Podman::prepare("").serve();
    let way = Way {
        eye: Eye::Podman(&podman),
        image: podman.load_busybox(),
        arguments: vec!["--host".to_owned(), podman.host()],
        variables: Vec::new(),
        transfer: "a tar stream",
        has_init: false,
        alone: None,
        user: None,
    };
    contract::check("Podman", &way);
    source_facts::check("Podman", &way);
}

#[test]
fn the_contract_holds_for_one_that_is_started_for_the_build() {
    let (podman, alone) = (Podman::prepare(INIT), Alone::make());
    let way = Way {
        image: podman.load_busybox(),
        variables: variables(&podman),
        ..own(&podman, &alone)
    };
    contract::check("own Podman", &way);
    let gone = eventually(Duration::from_secs(10), || services(&podman).is_empty());
    assert!(gone, "{:?}", services(&podman));
}

#[test]
fn one_that_does_not_come_up_says_why() {
    let (podman, alone) = (Podman::prepare(""), Alone::make());
    let way = Way {
        variables: vec![
            ("DOCKER_HOST", String::new()),
            ("CONTAINERS_CONF", "/nowhere/containers.conf".to_owned()),
        ],
        ..own(&podman, &alone)
    };
    let run = way.run(&way.env().build_command("true"));
    run.assert_code(3);
    assert!(run.stderr.contains("Podman cannot be started"), "{run}");
    assert!(run.stderr.contains("/nowhere/containers.conf"), "{run}");
    assert!(
        run.stderr.contains("hint: `podman system service`"),
        "{run}"
    );
}

#[test]
fn without_podman_the_sockets_that_were_tried_are_named() {
    let (podman, alone) = (Podman::prepare(""), Alone::make());
    let nowhere = tempfile::tempdir().unwrap();
    // What cobuild itself calls, and no podman.
    std::os::unix::fs::symlink("/bin/sh", nowhere.path().join("sh")).unwrap();
    std::os::unix::fs::symlink("/bin/rm", nowhere.path().join("rm")).unwrap();
    let way = Way {
        variables: vec![
            ("DOCKER_HOST", String::new()),
            ("PATH", nowhere.path().display().to_string()),
        ],
        ..own(&podman, &alone)
    };
    let env = way.env().build_command("true");
    let dead = env.path("home/.colima/default/docker.sock");
    std::fs::create_dir_all(dead.parent().unwrap()).unwrap();
    drop(std::os::unix::net::UnixListener::bind(&dead).unwrap());
    let run = way.run(&env);
    run.assert_code(3);
    assert!(run.stderr.contains("no other socket was found"), "{run}");
    assert!(
        run.stderr
            .contains(&format!("`{}`: Connection refused", dead.display())),
        "{run}"
    );
    assert!(run.stderr.contains("start Docker or Podman"), "{run}");
}

/// The way to a Podman that nobody has started.
fn own<'a>(podman: &'a Podman, alone: &'a Alone) -> Way<'a> {
    Way {
        eye: Eye::Podman(podman),
        image: "none",
        arguments: Vec::new(),
        variables: Vec::new(),
        transfer: "a tar stream",
        has_init: true,
        alone: Some(alone),
        user: None,
    }
}

/// The variables of a shell in which this Podman is the only engine.
fn variables(podman: &Podman) -> Vec<(&'static str, String)> {
    let none = ("DOCKER_HOST", String::new());
    podman.variables().into_iter().chain([none]).collect()
}

/// The services that builds have started, and their shells.
fn services(podman: &Podman) -> Vec<String> {
    let [(name, value), _] = podman.variables();
    let variable = format!("{name}={value}").into_bytes();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter(|process| {
            let file = |name| std::fs::read(process.path().join(name)).unwrap_or_default();
            let is_service = String::from_utf8_lossy(&file("cmdline")).contains("cobuild-podman-");
            is_service
                && file("environ")
                    .split(|byte| *byte == 0)
                    .any(|it| it == variable)
        })
        .map(|process| process.file_name().to_string_lossy().into_owned())
        .collect()
}
