//! Engines behind ssh.

use std::time::Duration;

use rustix::process::Signal;

use crate::engine::daemon::Daemon;
use crate::engine::eventually;
use crate::engine::sshd::{HOST, Sshd};
use crate::env::{TestEnv, files};

/// A daemon that sessions of a server reach, and the two.
fn behind_ssh() -> (Daemon, Sshd, &'static str) {
    let daemon = Daemon::start(&[]);
    let image = daemon.load_busybox();
    let server = Sshd::start(&[("DOCKER_HOST", &daemon.host())]);
    (daemon, server, image)
}

/// A build whose PATH begins with the `ssh` that knows the server.
fn env(server: &Sshd, image: &str) -> TestEnv {
    let path = std::env::var("PATH").unwrap_or_default();
    TestEnv::new()
        .image(image)
        .variable("PATH", &format!("{}:{path}", server.client().display()))
        .args(&["--host", &format!("ssh://{HOST}")])
}

#[test]
fn a_build_runs_behind_ssh() {
    let (daemon, server, image) = behind_ssh();
    let env = env(&server, image).file("given.txt", "given\n").buildspec(
        "version: 0.2\nphases: {build: {commands: [cat given.txt, echo made > made.txt]}}\nartifacts: {files: [made.txt]}\n",
    );
    let kept = env.path("kept");
    let env = env.args(&["-a", kept.to_str().unwrap()]);
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(run.output_of("cat given.txt"), "given\n");
    assert_eq!(files(&kept)["made.txt"], "made\n");
    assert_eq!(daemon.docker(&["ps", "-aq"]), "");
    assert!(server.clients().is_empty(), "{:?}", server.clients());
}

#[test]
fn nothing_is_left_of_a_build_that_is_stopped_or_killed() {
    let (daemon, server, image) = behind_ssh();
    for (signal, code) in [(Signal::INT, Some(130)), (Signal::KILL, None)] {
        let env = env(&server, image).build_command("sleep 600");
        let running = env.start();
        running.wait_for_line("> Running command sleep 600");
        running.signal(signal);
        assert_eq!(running.finish().code, code);
        let gone = eventually(Duration::from_secs(20), || {
            daemon.docker(&["ps", "-aq"]).is_empty() && server.clients().is_empty()
        });
        assert!(gone, "{signal:?}: {:?}", server.clients());
    }
}

#[test]
fn what_stands_against_ssh_is_said() {
    let (_daemon, server, image) = behind_ssh();
    let build = || env(&server, image).build_command("true");
    build().run().assert_succeeded();
    server.forget_user();
    let run = build().run();
    run.assert_code(3);
    assert!(run.stderr.contains("Permission denied"), "{run}");
    assert!(run.stderr.contains("hint: `ssh -o BatchMode=yes"), "{run}");
    server.forget_host();
    let run = build().run();
    run.assert_code(3);
    assert!(run.stderr.contains("Host key verification failed"), "{run}");
    assert!(
        run.stderr.contains(&format!("hint: `ssh {HOST}` once")),
        "{run}"
    );
    let run = build().variable("PATH", "/nowhere").run();
    run.assert_code(3);
    assert!(
        run.stderr
            .contains("the command `ssh` was not found in PATH"),
        "{run}"
    );
}

#[test]
fn a_host_without_docker_is_told_from_one_without_an_engine() {
    let (_daemon, server, image) = behind_ssh();
    drop(server);
    let server = Sshd::start(&[("PATH", "/nowhere")]);
    let run = env(&server, image).build_command("true").run();
    run.assert_code(3);
    assert!(run.stderr.contains("must be on the path of `ssh"), "{run}");
    let server = Sshd::start(&[("DOCKER_HOST", "unix:///nowhere.sock")]);
    let run = env(&server, image).build_command("true").run();
    run.assert_code(3);
    assert!(run.stderr.contains("/nowhere.sock"), "{run}");
}
