//! Engines that speak TLS with those alone whom they know.

use std::fs;
use std::path::PathBuf;

use crate::engine::certificates::Certificates;
use crate::engine::daemon::Daemon;
use crate::engine::sshd::free_port;
use crate::env::{TestEnv, files};

/// The files of a client.
const ALL: [&str; 3] = ["ca.pem", "cert.pem", "key.pem"];

/// A daemon behind TLS, and a build that is to run there.
struct Behind {
    daemon: Daemon,
    certificates: Certificates,
    port: u16,
    image: &'static str,
}

impl Behind {
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
            certificates,
            port,
            image,
        }
    }

    /// A build whose client has these files.
    fn env(&self, names: &[&str]) -> TestEnv {
        let env = TestEnv::new()
            .image(self.image)
            .file("given.txt", "given\n")
            .buildspec(
                "version: 0.2\nphases: {build: {commands: [cat given.txt, echo made > made.txt]}}\nartifacts: {files: [made.txt]}\n",
            );
        let directory = env.path("certificates");
        self.certificates.write_client(&directory, names);
        let directory = directory.to_str().unwrap().to_owned();
        env.variable("DOCKER_CERT_PATH", &directory)
    }

    fn url(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port)
    }
}

#[test]
fn a_build_runs_behind_mutual_tls() {
    let behind = Behind::start();
    let env = behind.env(&ALL).variable("DOCKER_TLS_VERIFY", "1");
    let kept = env.path("kept");
    let env = env.args(&["--host", &behind.url(), "-a", kept.to_str().unwrap()]);
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(run.output_of("cat given.txt"), "given\n");
    assert_eq!(files(&kept)["made.txt"], "made\n");
    assert_eq!(behind.daemon.docker(&["ps", "-aq"]), "");

    // The engine of a context brings its own files along.
    let env = behind.env(&[]);
    let meta = env.path("home/.docker/contexts/meta/any");
    fs::create_dir_all(&meta).unwrap();
    let context = serde_json::json!({
        "Name": "behind", "Endpoints": { "docker": { "Host": behind.url() } }
    });
    fs::write(meta.join("meta.json"), context.to_string()).unwrap();
    let directory: PathBuf = env.path("home/.docker/contexts/tls/any/docker");
    behind.certificates.write_client(&directory, &ALL);
    env.args(&["--context", "behind"]).run().assert_succeeded();

    // Whoever answers is believed, but still wants to know who asks.
    let env = behind.env(&["cert.pem", "key.pem"]);
    let env = env
        .variable("DOCKER_TLS", "1")
        .variable("DOCKER_HOST", &behind.url());
    env.run().assert_succeeded();
}

#[test]
fn what_stands_against_tls_is_said() {
    let behind = Behind::start();
    let strangers = Certificates::make();
    let run = |names: &[&str], verify: bool| {
        let env = behind.env(names).args(&["--host", &behind.url()]);
        let value = if verify { "1" } else { "" };
        env.variable("DOCKER_TLS_VERIFY", value).run()
    };
    for (run, text) in [
        (run(&ALL, false), "it speaks TLS: set DOCKER_TLS_VERIFY=1"),
        (run(&[], true), "hint: ca.pem in DOCKER_CERT_PATH"),
        (
            run(&["ca.pem"], true),
            "hint: the engine wants a certificate",
        ),
    ] {
        run.assert_code(3);
        assert!(run.stderr.contains(text), "{text}: {run}");
    }
    let env = behind.env(&ALL).args(&["--host", &behind.url()]);
    let env = env.variable("DOCKER_TLS_VERIFY", "1");
    fs::write(env.path("certificates/ca.pem"), "nothing\n").unwrap();
    let run = env.run();
    run.assert_code(3);
    assert!(
        run.stderr
            .contains("ca.pem` does not contain a certificate in PEM format"),
        "{run}"
    );
    let env = behind.env(&ALL).args(&["--host", &behind.url()]);
    strangers.write_client(&env.path("certificates"), &ALL);
    let run = env.variable("DOCKER_TLS_VERIFY", "1").run();
    run.assert_code(3);
    assert!(
        run.stderr.contains("UnknownIssuer") || run.stderr.contains("BadSignature"),
        "{run}"
    );
    assert!(
        run.stderr.contains("hint: ca.pem in DOCKER_CERT_PATH"),
        "{run}"
    );
}

#[test]
fn tls_is_not_spoken_with_who_does_not() {
    let port = free_port();
    let daemon = Daemon::start(&[&format!("--host=tcp://127.0.0.1:{port}"), "--tls=false"]);
    let image = daemon.load_busybox();
    let env = TestEnv::new().image(image).build_command("true");
    let env = env.args(&["--host", &format!("tcp://127.0.0.1:{port}")]);
    env.run().assert_succeeded();
    let run = env.variable("DOCKER_TLS", "1").run();
    run.assert_code(3);
    assert!(run.stderr.contains("it speaks no TLS"), "{run}");
}
